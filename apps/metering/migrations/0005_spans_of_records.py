"""A usage record says what of its period it covers, so that a late reading finds it by its asset."""

from django.db import migrations, models

# Written by the owner of the table, past the trigger that freezes records for everybody else.
SPANS = """
alter table metering_usagerecord disable trigger metering_usagerecord_frozen;
update metering_usagerecord record set
    starts_at = greatest(period.start, coalesce(ordered.starts_at, period.start)),
    ends_at = least(period."end", coalesce(ordered.ends_at, period."end"))
from metering_billedperiod period, metering_usagerecord same
left join metering_meteringorder ordered on ordered.item_id = same.item_id
where period.id = record.billed_period_id and same.id = record.id;
alter table metering_usagerecord enable trigger metering_usagerecord_frozen;
"""


class Migration(migrations.Migration):
    dependencies = [("metering", "0004_evidenced")]
    operations = [
        migrations.AddField("usagerecord", "starts_at", models.DateTimeField(null=True)),
        migrations.AddField("usagerecord", "ends_at", models.DateTimeField(null=True)),
        migrations.RunSQL(SPANS, migrations.RunSQL.noop),
        migrations.AlterField("usagerecord", "starts_at", models.DateTimeField()),
        migrations.AlterField("usagerecord", "ends_at", models.DateTimeField()),
        migrations.AddIndex(
            "usagerecord",
            models.Index(fields=["asset_id", "ends_at"], name="metering_usage_asset"),
        ),
    ]

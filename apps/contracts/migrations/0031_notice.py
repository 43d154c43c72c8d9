"""Notice as a signed term, and ends by notice or proposed by one side and signed by the other."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import apps.common.fields
from apps.tenancy.fence import Fence

# What was given stands; a proposal is withdrawn at most, and only once.
KEPT = """
create function contracts_keep_end_notice() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.state = 'open' and new.state = 'withdrawn'
        and (to_jsonb(new) - 'state') = (to_jsonb(old) - 'state') then
        return new;
    end if;
    raise exception 'an end that was given or proposed keeps its content'
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger contracts_endnotice_kept before update or delete on contracts_endnotice
    for each row execute function contracts_keep_end_notice();
"""


class Migration(migrations.Migration):
    dependencies = [("contracts", "0030_agreed_end"), ("tenancy", "0002_fence")]
    operations = [
        migrations.AddField("contract", "notice", models.JSONField(null=True)),
        migrations.CreateModel(
            name="EndNotice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.common.fields.uuid7, editable=False, primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "parties",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), editable=False, size=None
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("notice", "notice"), ("proposal", "proposal")], max_length=8
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "given"), ("withdrawn", "withdrawn")], default="open",
                        max_length=9,
                    ),
                ),
                ("ends_on", models.DateField()),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("content_sha256", models.CharField(max_length=64)),
                ("made_by", models.CharField(max_length=200)),
                ("made_at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT,
                        related_name="+", to="tenancy.company",
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="end_notices",
                        to="contracts.contract",
                    ),
                ),
            ],
            options={
                "ordering": ["contract", "made_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "proposal"), ("state", "open")),
                        fields=("author", "contract"), name="contracts_one_open_end",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "notice")),
                        fields=("author", "contract", "ends_on"), name="contracts_notice_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "proposal"), ("state", "open"), _connector="OR"),
                        name="contracts_notice_stands",
                    ),
                ],
            },
        ),
        Fence("contracts_endnotice", index=False),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
    ]  # fmt: skip

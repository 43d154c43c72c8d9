"""Policies of the fence; usage records are frozen, a billed period keeps its span."""

from django.db import migrations

from apps.tenancy.fence import Fence

SPAN = """
create function metering_keep_span() returns trigger language plpgsql as $$
begin
    if new.start <> old.start or new."end" <> old."end" or new.contract_id <> old.contract_id then
        raise exception 'the span of a billed period never changes'
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger metering_billedperiod_span before update on metering_billedperiod
    for each row execute function metering_keep_span();
"""
FROZEN = """
create trigger metering_usagerecord_frozen before update or delete on metering_usagerecord
    for each row execute function peruse_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("metering", "0001_initial"), ("tenancy", "0002_fence")]
    operations = [
        Fence("metering_meteringorder"),
        Fence("metering_billedperiod"),
        Fence("metering_usagerecord", append_only=True),
        Fence("metering_provisionalusage"),
        migrations.RunSQL(SPAN, migrations.RunSQL.noop),
        migrations.RunSQL(FROZEN, migrations.RunSQL.noop),
    ]

"""Agreements are fenced and keep their content; answers never change."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql

KEPT = """
create function settlement_keep_agreement() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.withdrawn_at is null
        and (to_jsonb(new) - array['withdrawn_at', 'valid_until'])
            = (to_jsonb(old) - array['withdrawn_at', 'valid_until'])
        and coalesce(new.valid_until, 'infinity') <= coalesce(old.valid_until, 'infinity') then
        return new;
    end if;
    raise exception 'an offered agreement keeps its content'
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger settlement_selfbillingagreement_kept
    before update or delete on settlement_selfbillingagreement
    for each row execute function settlement_keep_agreement();
"""


class Migration(migrations.Migration):
    dependencies = [("settlement", "0005_self_billing_agreements")]
    operations = [
        Fence("settlement_selfbillingagreement"),
        Fence("settlement_agreementanswer", index=False, append_only=True),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
        migrations.RunSQL(freeze_sql("settlement_agreementanswer"), migrations.RunSQL.noop),
    ]

"""Splits are fenced; what was offered keeps its content, and what was agreed stays."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql

SPLITS = """
create function contracts_keep_split() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.state = 'offered' and new.state in ('agreed', 'withdrawn')
        and (to_jsonb(new) - array['state', 'agreed_at'])
            = (to_jsonb(old) - array['state', 'agreed_at']) then
        return new;
    end if;
    raise exception 'an offered split keeps its content'
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger contracts_splitversion_kept before update or delete on contracts_splitversion
    for each row when (old.state <> 'draft') execute function contracts_keep_split();
"""
TERMS = """
create function contracts_keep_partner_terms() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.withdrawn_at is null
        and (to_jsonb(new) - 'withdrawn_at') = (to_jsonb(old) - 'withdrawn_at') then
        return new;
    end if;
    raise exception 'offered terms keep their content'
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger contracts_partnerterms_kept before update or delete on contracts_partnerterms
    for each row execute function contracts_keep_partner_terms();
"""


class Migration(migrations.Migration):
    dependencies = [("contracts", "0012_splits")]
    operations = [
        Fence("contracts_splitversion", index=False),
        Fence("contracts_partnerterms", index=False),
        Fence("contracts_termssignature", index=False, append_only=True),
        migrations.RunSQL(SPLITS, migrations.RunSQL.noop),
        migrations.RunSQL(TERMS, migrations.RunSQL.noop),
        migrations.RunSQL(freeze_sql("contracts_termssignature"), migrations.RunSQL.noop),
    ]

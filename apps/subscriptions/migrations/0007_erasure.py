"""Rights on departures and certificates, and the door by which a company that has left is erased."""

from django.db import migrations

from apps.tenancy.fence import Fence

RIGHTS = [
    # A company asks, and takes it back; what follows is the platform's.
    "revoke update, delete, truncate on subscriptions_departure from peruse_app",
    "grant update (state, withdrawn_at) on subscriptions_departure to peruse_app",
    "drop policy subscriptions_departure_update on subscriptions_departure",
    "create policy subscriptions_departure_update on subscriptions_departure for update to peruse_app "
    "using (author_id = nullif(current_setting('peruse.company', true), '')::int and state = 'asked') "
    "with check (author_id = nullif(current_setting('peruse.company', true), '')::int "
    "and state in ('asked', 'withdrawn'))",
    "drop policy subscriptions_departure_insert on subscriptions_departure",
    "create policy subscriptions_departure_insert on subscriptions_departure for insert to peruse_app "
    "with check (author_id = nullif(current_setting('peruse.company', true), '')::int and state = 'asked')",
    "revoke insert, update, delete, truncate on subscriptions_certificate from peruse_app",
    "grant insert, update on subscriptions_certificate to peruse_platform",
]
# Which tables stay whole: as `domain/keeping.py` says, compared by a test.
KEPT = """
create function public.peruse_kept_tables() returns text[] language sql immutable as $$
    select array[
        'accounts_impersonation', 'billing_allocation', 'billing_correction', 'billing_creditmove',
        'billing_customercredit', 'billing_disputeanswer', 'billing_documentfile', 'billing_evidencefile',
        'billing_incominganswer', 'billing_incomingdocument', 'billing_invoice', 'billing_invoiceline',
        'billing_invoicetax', 'billing_linedispute', 'billing_notedpayment', 'billing_numberseries',
        'billing_receivable', 'billing_reminder', 'billing_signingkey', 'billing_writeoff',
        'events_auditcheck', 'events_auditrow', 'events_auditseal', 'metering_billedperiod',
        'metering_declaredreading', 'metering_usagerecord', 'payments_bankentry', 'payments_bankfile',
        'payments_bankstatement', 'payments_debit', 'payments_debitrun', 'payments_expectedpayment',
        'payments_mandate', 'payments_onlinedebit', 'payments_payment', 'payments_payout',
        'payments_payoutbatch', 'payments_payoutloss', 'payments_refund', 'payments_refundrequest',
        'payments_savedmandate', 'settlement_account', 'settlement_agreementanswer',
        'settlement_depositstep', 'settlement_objection', 'settlement_objectionanswer',
        'settlement_payoutrequest', 'settlement_selfbillingagreement', 'settlement_settledperiod',
        'settlement_share', 'settlement_statement', 'settlement_statementinvoice',
        'settlement_statementline', 'settlement_transfer', 'subscriptions_departure',
        'subscriptions_planinvoice', 'subscriptions_usereport'
    ]
$$;
create function public.peruse_seen_and_gone_tables() returns text[] language sql immutable as $$
    select array[
        'networks_companyprofile', 'payments_bankaccount', 'payments_stripeaccount'
    ]
$$;
"""
# As the owner, for the platform alone, and only for a company whose departure is being carried out. Children go
# before parents, pass by pass, until nothing more goes: a row that a row which stays names, stays.
DOOR = """
create function public.peruse_erase_company(company int) returns jsonb
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    place text;
    item record;
    removed bigint;
    passed bigint;
    seen bigint;
    unseen bigint;
    gone jsonb := '{}';
    own jsonb := '{}';
    kept jsonb := '{}';
begin
    if not exists (
        select from subscriptions_departure where author_id = company and state = 'erasing'
    ) then
        raise exception 'company % is not leaving', company using errcode = 'insufficient_privilege';
    end if;
    select schema_name into strict place from tenancy_company where id = company and state = 'erased';
    perform set_config('peruse.erasing', company::text, true);
    for item in select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = place and c.relkind in ('r', 'p') and not c.relispartition
            and c.relname <> 'django_migrations'
    loop
        execute format('select count(*) from %I.%I', place, item.relname) into removed;
        own := own || jsonb_build_object(item.relname, removed);
    end loop;
    execute format('drop schema if exists %I cascade', place);
    delete from events_job where company_id = company;
    get diagnostics removed = row_count;
    gone := gone || jsonb_build_object('events_job', removed);
    delete from accounts_entrycode where company_id = company;
    delete from subscriptions_signup where company_id = company;
    delete from tenancy_hostname where tenant_id = company;
    loop
        passed := 0;
        for item in
            select c.relname,
                case when c.relname = any(peruse_seen_and_gone_tables()) then 'true'
                    else 't.parties <@ array[$1]' end
                || coalesce((
                    select string_agg(format(
                        ' and not exists (select from %I.%I x where x.%I = t.%I)',
                        fn.nspname, f.relname, fa.attname, ta.attname), '')
                    from pg_constraint k
                    join pg_class f on f.oid = k.conrelid
                    join pg_namespace fn on fn.oid = f.relnamespace
                    join pg_attribute fa on fa.attrelid = k.conrelid and fa.attnum = k.conkey[1]
                    join pg_attribute ta on ta.attrelid = k.confrelid and ta.attnum = k.confkey[1]
                    where k.contype = 'f' and k.confrelid = c.oid
                ), '') as condition
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
                and c.relrowsecurity and c.relname <> all(peruse_kept_tables())
                and 2 = (select count(*) from pg_attribute a where a.attrelid = c.oid
                    and a.attname in ('author_id', 'parties') and not a.attisdropped)
        loop
            execute format('delete from %I t where t.author_id = $1 and %s', item.relname, item.condition)
                using company;
            get diagnostics removed = row_count;
            passed := passed + removed;
            gone := gone || jsonb_build_object(
                item.relname, coalesce((gone ->> item.relname)::bigint, 0) + removed);
        end loop;
        exit when passed = 0;
    end loop;
    for item in select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition and c.relrowsecurity
            and 2 = (select count(*) from pg_attribute a where a.attrelid = c.oid
                and a.attname in ('author_id', 'parties') and not a.attisdropped)
    loop
        execute format('select count(*) filter (where not parties <@ array[$1]), '
            'count(*) filter (where parties <@ array[$1]) from %I where author_id = $1', item.relname)
            into seen, unseen using company;
        if seen + unseen > 0 then
            kept := kept || jsonb_build_object(item.relname, jsonb_build_array(seen, unseen));
        end if;
    end loop;
    -- What others' documents name stays; whom to ask there does not.
    update tenancy_company set email = '', phone = '', contact_name = '', e_address = '' where id = company;
    return jsonb_build_object('gone', gone, 'own', own, 'kept', kept);
end $$;
revoke all on function public.peruse_erase_company(int) from public;
grant execute on function public.peruse_erase_company(int) to peruse_platform;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0006_departures"), ("accounts", "0009_impersonations"), ("events", "0007_audit_seals"),
    ]  # fmt: skip
    operations = [
        Fence("subscriptions_departure", index=False, platform_writes=True),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
        migrations.RunSQL(DOOR, migrations.RunSQL.noop),
    ]

"""What the portal's own login cannot do, however a program of ours might go wrong.

Each statement runs as a web process would run it, in the provider's company, whose invoice is issued.
It is refused with its reason, or finds no row; all tables are the same afterwards.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from apps.tenancy.models import Company
from portal.local.connection import parameters
from tests.conftest import make_person
from tests.world import build_world

NEVER = "never change"
DENIED = "permission denied|must be owner|must be able to SET ROLE"
FENCED = "row-level security"

COPY_OF_RECORD = """
insert into metering_usagerecord (id, author_id, parties, billed_period_id, generation, item_id,
    asset_id, asset_label, meter, channel_code, unit, starts_at, ends_at, quantity, figures,
    readings_sha256, warns, recorded_at)
select gen_random_uuid(), author_id, parties, billed_period_id, generation + 1, item_id, asset_id,
    asset_label, meter, channel_code, unit, starts_at, ends_at, {quantity}, figures,
    readings_sha256, warns, recorded_at
from metering_usagerecord limit 1
"""
COPY_OF_LINE = """
insert into billing_invoiceline (id, author_id, parties, invoice_id, position, billed_period_id,
    charge, tier, title, asset_label, meter, quantity, unit, unit_price, net_minor, tax_category,
    tax_percent, explanation, generation)
select gen_random_uuid(), author_id, parties, invoice_id, 900, billed_period_id, {charge}, tier, title,
    asset_label, meter, {quantity}, unit, unit_price, net_minor, tax_category, tax_percent,
    explanation, generation
from billing_invoiceline order by position limit 1
"""
COPY_OF_INVOICE = """
insert into billing_invoice (id, author_id, parties, contract_id, customer_id, state, series, number,
    currency, period_start, period_end, time_zone, net_minor, tax_minor, gross_minor, facts,
    drafted_at, approved_by, issued_at, due_on, kind)
select gen_random_uuid(), {author}, {parties}, contract_id, customer_id, {state}, series, {number},
    currency, period_start, period_end, time_zone, net_minor, tax_minor, {gross}, facts, drafted_at,
    approved_by, {issued_at}, due_on, {kind}
from billing_invoice where state = 'issued' limit 1
"""
COPY_OF_PERIOD = """
insert into metering_billedperiod (id, author_id, parties, contract_id, start, "end", state)
select gen_random_uuid(), author_id, parties, contract_id, {start}, {end}, 'open'
from metering_billedperiod limit 1
"""
COPY_OF_ITEM = """
insert into contracts_contractitem (id, author_id, parties, contract_id, asset_id, asset_label, meter,
    channel_code, unit)
select gen_random_uuid(), i.author_id, i.parties, i.contract_id, i.asset_id, i.asset_label, 'more',
    i.channel_code, i.unit
from contracts_contractitem i join contracts_contract c on c.id = i.contract_id
where c.state = 'active' limit 1
"""


def invoice(**other: str) -> str:
    given = {
        "author": "author_id", "parties": "parties", "state": "'draft'", "number": "null",
        "gross": "gross_minor", "issued_at": "null", "kind": "'invoice'",
    }  # fmt: skip
    return COPY_OF_INVOICE.format(**given | other)


FORBIDDEN = {
    # Issued documents.
    "an issued invoice's amount": (
        "update billing_invoice set net_minor = 1, gross_minor = 1 + tax_minor", NEVER),
    "an issued invoice back to a draft": ("update billing_invoice set state = 'draft'", NEVER),
    "an issued invoice's number": ("update billing_invoice set number = 'RE-2026-00099'", NEVER),
    "an issued invoice's due date": ("update billing_invoice set due_on = '2030-01-01'", NEVER),
    "an issued invoice deleted": ("delete from billing_invoice where state = 'issued'", NEVER),
    "an issued line changed": ("update billing_invoiceline set net_minor = 0", NEVER),
    "an issued line deleted": ("delete from billing_invoiceline", NEVER),
    "an issued line moved": (
        "update billing_invoiceline set invoice_id = gen_random_uuid()", NEVER),
    "a line more on an issued invoice": (
        COPY_OF_LINE.format(charge="'more'", quantity="quantity"), NEVER),
    "tax changed": ("update billing_invoicetax set tax_minor = 0", NEVER),
    "tax deleted": ("delete from billing_invoicetax", NEVER),
    "usage billed twice": (
        COPY_OF_LINE.format(charge="charge", quantity="quantity"), "billing_line_once"),
    "evidence changed": ("update billing_evidencefile set sha256 = repeat('0', 64)", NEVER),
    "evidence deleted": ("delete from billing_evidencefile", NEVER),
    "a signing key deleted": ("delete from billing_signingkey", NEVER),
    "a signing key exchanged": ("update billing_signingkey set public_key = 'x'", NEVER),
    "a number taken back": (
        "update billing_numberseries set next_number = next_number - 1", "never taken back"),
    "a series deleted": ("delete from billing_numberseries", "never taken back"),
    # Rows that do not add up.
    "an unbalanced invoice": (invoice(gross="gross_minor + 1"), "billing_invoice_sum"),
    "a credit note of nothing": (invoice(kind="'credit'"), "billing_correcting_kind"),
    "issued without a number": (
        invoice(state="'issued'", issued_at="now()"), "billing_issued_is_numbered"),
    "a number given twice": (
        invoice(state="'issued'", issued_at="now()", number="number"), "billing_invoice_number"),
    "NaN as usage": (COPY_OF_RECORD.format(quantity="'NaN'"), "metering_usage_bounded"),
    "infinite usage": (
        COPY_OF_RECORD.format(quantity="'Infinity'"), "overflow|cannot hold|metering_usage_bounded"),
    "usage beyond all bounds": (
        COPY_OF_RECORD.format(quantity="'1e19'"), "overflow|metering_usage_bounded"),
    "two usage records of one generation": (
        COPY_OF_RECORD.format(quantity="quantity").replace("generation + 1", "generation"),
        "metering_usage_once"),
    "a usage record changed": ("update metering_usagerecord set quantity = 0", DENIED),
    "a usage record deleted": ("delete from metering_usagerecord", DENIED),
    "overlapping periods": (
        COPY_OF_PERIOD.format(start="start + interval '1 day'", end='"end" + interval \'1 day\''),
        "metering_period_no_overlap"),
    "an empty period": (COPY_OF_PERIOD.format(start='"end"', end='"end"'),
                        "metering_period_not_empty"),
    "a period's span moved": (
        'update metering_billedperiod set "end" = "end" + interval \'1 day\'', NEVER),
    # What both signed.
    "another currency in force": (
        "update contracts_contract set currency = 'USD' where state = 'active'", "keeps its terms"),
    "a contract in force back to a draft": (
        "update contracts_contract set state = 'draft' where state = 'active'", "keeps its terms"),
    "a contract in force deleted": (
        "delete from contracts_contract where state = 'active'", "keeps its terms"),
    "an item more in force": (COPY_OF_ITEM, "keeps its items"),
    "an item's channel in force": (
        "update contracts_contractitem set channel_code = 'other' where cardinality(parties) > 1",
        "keeps its items"),
    "an item in force deleted": (
        "delete from contracts_contractitem where cardinality(parties) > 1", "keeps its items"),
    "a signed price": (
        "update contracts_planversion set plan = '{}' where cardinality(parties) > 1", NEVER),
    "a signed price deleted": (
        "delete from contracts_planversion where cardinality(parties) > 1", NEVER),
    "a signature changed": ("update contracts_signature set signed_by = 'x'", DENIED),
    "a signature deleted": ("delete from contracts_signature", DENIED),
    # Other companies.
    "an invoice in another's name": (
        invoice(author="customer_id", parties="array[customer_id]"), FENCED),
    "a row hidden from its author": (invoice(parties="array[customer_id]"), "author_is_party"),
    "a row given away": (
        "update billing_billingrun set author_id = (select customer_id from billing_invoice limit 1)",
        FENCED),
    "a company's state": ("update tenancy_company set state = 'suspended'", DENIED),
    "a tax rate": ("update billing_taxrate set percent = 0", DENIED),
    # What was logged.
    "an audit row changed": ("update events_auditrow set actor = 'x'", DENIED),
    "an audit row deleted": ("delete from events_auditrow", DENIED),
    "a read under a grant unsaid": ("delete from assets_grantread", DENIED),
    "an event taken back": ("delete from events_outboxevent", DENIED),
    # The locks themselves.
    "all invoices at once": ("truncate billing_invoice cascade", DENIED),
    "the owner's role": ("set role peruse_owner", DENIED),
    "the platform's role": ("set role peruse_platform", DENIED),
    "another session": ("set session authorization postgres", DENIED),
    "triggers off": ("set session_replication_role = replica", DENIED),
    "one trigger off": ("alter table billing_invoice disable trigger user", DENIED),
    "the fence off": ("alter table billing_invoice disable row level security", DENIED),
    "a policy of one's own": ("create policy mine on billing_invoice using (true)", DENIED),
    "a constraint dropped": (
        "alter table billing_invoice drop constraint billing_invoice_sum", DENIED),
    "a table dropped": ("drop table events_auditrow", DENIED),
    "a table made": ("create table public.intruder (a int)", DENIED),
    "a function in the way": (
        "create or replace function peruse_refuse_change() returns trigger language plpgsql "
        "as 'begin return new; end'", DENIED),
    "a right given": (
        "grant truncate on billing_invoice to peruse_app; truncate billing_invoice cascade", DENIED),
    "the server's files": ("select pg_read_file('/etc/passwd')", DENIED),
    "a program on the server": ("copy (select 1) to program 'true'", DENIED),
    "the server's passwords": ("select * from pg_authid", DENIED),
}  # fmt: skip


FOREIGN = [
    "update billing_invoice set number = 'RE-2026-00099'",
    "delete from billing_invoice",
    "update contracts_contract set ends_on = '2030-01-01'",
    "update metering_billedperiod set state = 'open'",
    "update billing_runitem set state = 'waiting'",
    "delete from assets_datagrant",
]


@pytest.fixture(scope="module")
def world(shared_database: str) -> dict[str, Company]:
    companies = {company.slug: company for company in Company.objects.all()}
    build_world(companies, make_person)
    return companies


def login(name: str) -> psycopg.Connection[Any]:
    given = parameters(name, connection.settings_dict["NAME"])
    return psycopg.connect(
        dbname=given["NAME"], user=given["USER"], host=given["HOST"], port=given["PORT"],
        password=given["PASSWORD"] or None,
    )  # fmt: skip


@contextmanager
def web_process(company: Company) -> Iterator[psycopg.Connection[Any]]:
    """The login of the portal's web processes, in its role, asking as this company."""
    with login("app") as web:
        web.execute("set role peruse_app")
        web.execute("select set_config('peruse.company', %s, false)", [str(company.pk)])
        web.execute(sql.SQL("set search_path to {}, public").format(
            sql.Identifier(company.schema_name)))  # fmt: skip
        web.commit()
        yield web
        web.rollback()


def everything() -> dict[str, Any]:
    """Digests of all shared tables, whoever's rows."""
    with login("admin") as admin:
        tables = admin.execute(
            "select tablename from pg_tables where schemaname = 'public' order by 1"
        ).fetchall()
        return {
            table: admin.execute(
                sql.SQL("select count(*), md5(string_agg(t::text, ',' order by t::text)) from {} t")
                .format(sql.Identifier("public", table))
            ).fetchone()
            for (table,) in tables
        }  # fmt: skip


@pytest.mark.parametrize("name", FORBIDDEN)
def test_it_is_refused_with_its_reason_and_nothing_changed(
    world: dict[str, Company], name: str
) -> None:
    statement, reason = FORBIDDEN[name]
    before = everything()
    with web_process(world["provider"]) as web:
        with pytest.raises(psycopg.Error, match=reason):
            web.execute(statement)  # type: ignore[call-overload]
            web.execute("set constraints all immediate")
    assert everything() == before


@pytest.mark.parametrize("statement", FOREIGN)
def test_the_other_party_reads_but_changes_no_row(
    world: dict[str, Company], statement: str
) -> None:
    before = everything()
    with web_process(world["customer"]) as web:
        assert web.execute("select from billing_invoice").rowcount == 1
        assert web.execute(statement).rowcount == 0  # type: ignore[call-overload]
        web.commit()
    assert everything() == before


def test_without_the_protection_the_same_statement_would_do_it(world: dict[str, Company]) -> None:
    """The control: an administrator with triggers off changes the issued invoice."""
    statement, _ = FORBIDDEN["an issued invoice's due date"]
    with login("admin") as admin:
        admin.execute("set session_replication_role = replica")
        assert admin.execute(statement).rowcount == 1  # type: ignore[call-overload]
        admin.rollback()

"""Reads of companies, the only way from one company to another; and one statement's one row."""

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from apps.tenancy.context import current_company, current_company_id
from apps.tenancy.models import Acquaintance, Company


def known_company_ids() -> set[int]:
    """Keys of the current company and of all it is acquainted with."""
    pairs = Acquaintance.objects.values_list("author_id", "other_id")
    known = {key for pair in pairs for key in pair}
    own = current_company_id()
    return known | ({own} if own is not None else set())


def known_companies() -> QuerySet[Company]:
    """The current company and those it is acquainted with, by name; without those that are erased."""
    rows = Company.objects.filter(pk__in=known_company_ids())
    return rows.exclude(state=Company.State.ERASED)


def company_by_slug(slug: str) -> Company | None:
    """A company by its exact address name; for signing in and command lines, never for pickers."""
    return Company.objects.filter(slug=slug).first()


def active_companies() -> QuerySet[Company]:
    """All companies whose schema stands; for platform processes that fan out."""
    without = [Company.State.PROVISIONING, Company.State.ERASED]
    return Company.objects.exclude(state__in=without).order_by("pk")


def schema_bytes(schema_name: str) -> int:
    """What the tables of a schema take up on disk, indexes included, in bytes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_class c "
            "join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname = %s and c.relkind in ('r', 'm')",
            [schema_name],
        )
        return int(cursor.fetchone()[0])


def one_row(sql: str, **given: Any) -> dict[str, Any]:
    """The statement's only row by its columns' names; `%(own)s` is the current company's key.

    For pages that are opened all day: several questions in one journey, nothing built anew.
    Raises NoCompany outside of one.
    """
    values: Mapping[str, Any] = {"own": current_company().pk, **given}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        names = [column.name for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))

"""The fence: who reads, who writes, and that a forgotten company is loud."""

from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.events.models import Job
from apps.tenancy.context import NoCompany, company_context
from apps.tenancy.models import Acquaintance
from apps.tenancy.queries import known_companies


def test_both_parties_read_a_row(cast: dict[str, Any]) -> None:
    for slug in ("provider", "customer"):
        with company_context(cast[slug]):
            pair = Acquaintance.objects.get(author=cast["provider"], other=cast["customer"])
            assert pair.parties == [cast["provider"].pk, cast["customer"].pk]


def test_a_stranger_reads_nothing(cast: dict[str, Any]) -> None:
    with company_context(cast["stranger"]):
        assert Acquaintance.objects.count() == 0
        assert list(known_companies()) == [cast["stranger"]]


def test_only_the_author_changes_a_row(cast: dict[str, Any], now: datetime) -> None:
    with company_context(cast["customer"]):
        assert Acquaintance.objects.update(made_at=now) == 0
        assert Acquaintance.objects.all().delete()[0] == 0
    with company_context(cast["provider"]):
        assert Acquaintance.objects.filter(made_at=now).count() == 0


def test_nobody_writes_in_anothers_name(cast: dict[str, Any], now: datetime) -> None:
    with (
        company_context(cast["stranger"]),
        pytest.raises(DatabaseError, match="row-level security"),
    ):
        with transaction.atomic():
            Acquaintance.objects.create(
                author=cast["maker"],
                other=cast["stranger"],
                made_at=now,
                parties=[cast["maker"].pk, cast["stranger"].pk],
            )


def test_a_row_is_not_given_away(cast: dict[str, Any]) -> None:
    with (
        company_context(cast["provider"]),
        pytest.raises(DatabaseError, match="row-level security"),
    ):
        with transaction.atomic():
            Acquaintance.objects.filter(other=cast["customer"]).update(author=cast["customer"])


def test_no_company_is_an_error_when_executed_not_when_built(db: None) -> None:
    rows = Acquaintance.objects.filter(other=1)
    with pytest.raises(NoCompany):
        list(rows)


def test_raw_sql_without_a_company_finds_nothing(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from tenancy_acquaintance")
        assert cursor.fetchone() == (0,)


def test_the_company_survives_rollbacks(cast: dict[str, Any], now: datetime) -> None:
    """A SET is taken back with its transaction; the backend must send it again."""
    for slug in ("provider", "customer", "provider"):
        with company_context(cast[slug]):
            with pytest.raises(ZeroDivisionError):
                with transaction.atomic():
                    Job.objects.count()
                    raise ZeroDivisionError
            with connection.cursor() as cursor:
                cursor.execute("select current_setting('peruse.company')")
                assert cursor.fetchone() == (str(cast[slug].pk),)

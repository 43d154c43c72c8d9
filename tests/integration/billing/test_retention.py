"""Readings go month by month, never before what rests on them is billed and proved."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from apps.assets.models import Asset
from apps.billing.models import EvidenceFile
from apps.billing.operations.stored import read_stored
from apps.billing.queries.verifying import verified
from apps.metering.models import MeteringOrder
from apps.metering.queries import readings_needed_from
from apps.telemetry.models import Channel, ChannelDay, RetentionEdge
from apps.telemetry.operations import (
    RawItem,
    drop_old_months,
    keep_from,
    keep_readings_for,
    take_in,
)
from apps.telemetry.operations.retention import forget_edge, retention_edge
from apps.telemetry.queries import readings_between
from apps.telemetry.queries.retention import months_of_readings
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import NOW, make_asset, make_contract, send

# Readings of the tests come in at NOW; a hundred days later they are fresh no more.
LATER = NOW + timedelta(days=100)


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def press(provider: Any) -> Iterator[Asset]:
    """A press read from December 2024 to March 2025, kept for a year; the provider is current."""
    asset = make_asset(provider)
    with company_context(provider):
        keep_readings_for(months=12, now=NOW, by="test")
        keep_from(earliest=datetime(2024, 12, 1, tzinfo=UTC), now=NOW)
        send(
            provider, asset, ("2024-12-20T10:00:00Z", "100"), ("2025-01-20T10:00:00Z", "155"),
            ("2025-02-20T10:00:00Z", "200"), ("2025-03-20T10:00:00Z", "290"),
        )  # fmt: skip
        yield asset
    with company_context(provider):
        forget_edge()


def months() -> list[str]:
    return [month.name for month in months_of_readings()]


def drop(needed_from: datetime = LATER, now: datetime = LATER) -> list[str]:
    return drop_old_months(needed_from=needed_from, now=now)


def test_old_months_go_and_what_was_worked_out_of_them_stays(press: Asset) -> None:
    assert drop() == ["2024-12", "2025-01", "2025-02", "2025-03"]
    assert months() == []
    assert ChannelDay.objects.count() == 4
    assert drop() == []


def test_the_edge_follows_the_months_that_went(press: Asset) -> None:
    drop(needed_from=datetime(2025, 2, 1, tzinfo=UTC))
    assert months() == ["2025-02", "2025-03"]
    assert retention_edge(LATER) == datetime(2025, 2, 1, tzinfo=UTC)
    late = RawItem(0, press.public_id, "cycles", "2025-01-25T10:00:00Z", "160")
    assert take_in(items=[late], source="test", now=LATER)[0].reason == "before_retention"


def test_a_month_that_may_be_needed_stays_and_all_after_it(press: Asset) -> None:
    assert drop(needed_from=datetime(2025, 1, 20, tzinfo=UTC)) == ["2024-12"]
    assert months() == ["2025-01", "2025-02", "2025-03"]


def test_fresh_unworked_and_young_months_stay(press: Asset) -> None:
    assert drop(now=NOW) == [], "they came in at NOW"
    late = RawItem(0, press.public_id, "cycles", "2024-12-21T10:00:00Z", "101")
    take_in(items=[late], source="test", now=NOW)
    assert drop() == [], "a day waits to be worked in"
    keep_readings_for(months=600, now=NOW, by="test")
    assert drop() == []
    assert len(months()) == 4


def test_readings_are_needed_until_the_evidence_of_their_invoice_is_stored(
    provider: Any, customer: Any, press: Asset
) -> None:
    """January is proved and February is not: its opening reading of 20 January must stay."""
    contract = make_contract(
        provider, customer, [press], starts_on="2025-01-01", ends_on=date(2025, 3, 1)
    )
    MeteringOrder.objects.update(ends_at=datetime(2025, 2, 28, 23, tzinfo=UTC))
    opened = datetime(2024, 12, 20, 10, tzinfo=UTC)
    assert readings_needed_from(LATER) == opened
    bill(provider, "2025-01")
    assert readings_needed_from(LATER) == opened, "a draft proves nothing"
    (january,) = issue_all(provider)
    assert readings_needed_from(LATER) == datetime(2025, 1, 20, 10, tzinfo=UTC)
    assert drop(readings_needed_from(LATER)) == ["2024-12"]

    bill(provider, "2025-02")
    issue_all(provider)
    assert readings_needed_from(LATER) == LATER, "the contract is over and proved"
    assert drop(readings_needed_from(LATER)) == ["2025-01", "2025-02", "2025-03"]
    channel = Channel.objects.get(asset_id=press.pk)
    assert list(readings_between(channel, opened, LATER)) == []
    for found in EvidenceFile.objects.all():
        assert verified(read_stored(found), found.public_key, "en").verified
    assert EvidenceFile.objects.filter(invoice__contract=contract).count() == 2
    assert january.net_minor == 10000 + 369  # 55 × 0.067 = 3.685


@pytest.mark.parametrize("months", [11, 601, 0, -1])
def test_a_term_out_of_bounds_is_refused(press: Asset, months: int) -> None:
    with pytest.raises(ValidationError, match="12 to 600"):
        keep_readings_for(months=months, now=NOW, by="test")
    assert RetentionEdge.objects.get().keep_months == 12


def test_the_page_shows_the_months_and_the_director_sets_the_term(
    press: Asset, provider: Any, client_of: Callable[..., Client]
) -> None:
    page = client_of(provider, "technician").get("/data/retention/").content.decode()
    assert "2024-12" in page
    assert 'name="months"' not in page
    assert (
        client_of(provider, "technician").post("/data/retention/term/", {"months": 24}).status_code
        == 403
    )
    director = client_of(provider)
    refused = director.post("/data/retention/term/", {"months": 6})
    assert refused.status_code == 422
    assert "12" in refused.content.decode()
    assert director.post("/data/retention/term/", {"months": 24}).status_code == 302
    with company_context(provider):
        assert RetentionEdge.objects.get().keep_months == 24

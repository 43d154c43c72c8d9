"""Groups of assets from the contract's form to an issued invoice whose evidence proves itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from apps.billing.invariants import SHARED_CHECKS
from apps.billing.models import Invoice, InvoiceLine
from apps.billing.operations import approve_invoices, issue_invoices
from apps.billing.queries.explaining import explain_line
from apps.billing.queries.running import running_cost
from apps.contracts.domain.facts import GroupFacts, ItemFacts
from apps.contracts.models import Contract, ContractItem
from apps.contracts.wording.items import item_words
from apps.events.operations import run_waiting_jobs
from apps.metering.models import UsageRecord
from apps.metering.operations import refresh_provisional
from apps.tenancy.context import as_platform, company_context, no_company
from tests.integration.billing.scene import NOW, make_asset, send
from tests.integration.billing.test_gauges_and_states import (
    PRICES,
    charge_of,
    october,
    page,
    signed_plan,
    verify,
)
from tests.integration.contracts.test_pages import present, typed

__all__ = ["present"]
LATER = NOW + timedelta(days=1)
HALL = GroupFacts("Hall 3", "maximum")


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    monkeypatch.setitem(PRICES, "{cycle}", "0.50")
    monkeypatch.setitem(PRICES, "{piece}", "20")


@pytest.fixture
def presses(provider: Any) -> list[Any]:
    """10, 30 and 24 cycles in October; the third from the 16th on 14."""
    found = [make_asset(provider, f"Press {number}") for number in (1, 2, 3)]
    for asset, values in zip(
        found, (("0", "4", "10"), ("0", "9", "30"), ("0", "10", "24")), strict=True
    ):
        send(
            provider, asset, ("2026-09-30T20:00:00Z", values[0]),
            ("2026-10-15T20:00:00Z", values[1]), ("2026-10-20T10:00:00Z", values[2]),
        )  # fmt: skip
    return found


def members(presses: list[Any], group: GroupFacts = HALL) -> list[ItemFacts]:
    items = [ItemFacts(asset.pk, "cycles", "cycles", group=group) for asset in presses]
    return [*items[:2], replace(items[2], starts_on=date(2026, 10, 16))]


def in_force(
    provider: Any, customer: Any, items: list[ItemFacts], unit: str = "{cycle}"
) -> Contract:
    """One charge over the meter, however many members feed it."""
    return signed_plan(provider, customer, items, [charge_of("cycles", unit)])


def billed(provider: Any) -> tuple[Invoice, InvoiceLine, dict[str, UsageRecord]]:
    (invoice,) = october(provider)
    with company_context(provider):
        line = InvoiceLine.objects.get(invoice=invoice)
        records = {row.asset_label: row for row in UsageRecord.objects.order_by("generation")}
    return invoice, line, records


def test_the_highest_member_is_billed_and_every_member_stays_visible(
    provider: Any, customer: Any, presses: list[Any], tmp_path: Path, client_of: Any
) -> None:
    contract = in_force(provider, customer, members(presses))
    invoice, line, records = billed(provider)
    assert (line.quantity, line.asset_label, invoice.net_minor) == (30, "Hall 3", 1500)
    with company_context(provider):
        item = ContractItem.objects.filter(contract=contract).first()
        assert item is not None
        assert str(line.asset_id) == item.group_of["key"]
    # The third counts from the 16th on: 24 − 10.
    assert {name: row.quantity for name, row in records.items()} == {
        "Press 1": 10, "Press 2": 30, "Press 3": 14,
    }  # fmt: skip
    assert sorted(line.explanation["usage_records"]) == sorted(
        str(row.pk) for row in records.values()
    )
    code, answer = verify(tmp_path, provider, invoice)
    assert (code, answer["result"]) == (0, "verified"), answer
    with company_context(customer):
        explained = explain_line(InvoiceLine.objects.get(pk=line.pk), "en")
    assert explained["arithmetic"][3].startswith("Hall 3: the highest of 3 members is 30")
    assert len(explained["usage"]) == 3
    shown = client_of(customer).get(page("invoice_line", invoice.public_id, 1)).content.decode()
    assert "Usage of Press 3, cycles" in shown
    with as_platform(), no_company():
        assert [text for check in SHARED_CHECKS for text in check.find(NOW)] == []


@pytest.mark.parametrize(
    ("group", "unit", "net"),
    [
        (GroupFacts("Hall 3", "sum"), "{cycle}", 2700),
        (GroupFacts("Hall 3", "mean"), "{cycle}", 900),
        (GroupFacts("Hall 3", "count_above", Decimal(10)), "{piece}", 4000),
    ],
)
def test_other_things_made_of_the_members(
    provider: Any, customer: Any, presses: list[Any], group: GroupFacts, unit: str, net: int,
    tmp_path: Path,
) -> None:  # fmt: skip
    in_force(provider, customer, members(presses, group), unit)
    invoice, _line, _records = billed(provider)
    assert invoice.net_minor == net
    assert verify(tmp_path, provider, invoice)[0] == 0


def test_a_late_reading_of_a_member_corrects_the_groups_line(
    provider: Any, customer: Any, presses: list[Any], tmp_path: Path
) -> None:
    in_force(provider, customer, members(presses))
    _invoice, line, _records = billed(provider)
    send(provider, presses[0], ("2026-10-28T10:00:00Z", "35"), now=LATER)
    with company_context(provider):
        run_waiting_jobs(now=LATER)
        drafts = list(Invoice.objects.exclude(state="issued").values_list("id", flat=True))
        approve_invoices(invoices=drafts, now=LATER, approved_by="test")
        (more,) = issue_invoices(invoices=drafts, now=LATER, issued_by="test")
        run_waiting_jobs(now=LATER)
        added = InvoiceLine.objects.get(invoice=more)
    # Press 1 has 35 now and is the highest; press 2 keeps its 30.
    assert (more.kind, more.net_minor, added.corrects_id) == ("addition", 250, line.pk)
    assert verify(tmp_path, provider, more)[0] == 0


def test_running_cost_is_that_of_the_group(
    provider: Any, customer: Any, presses: list[Any]
) -> None:
    for asset, value in zip(presses, ("14", "31", "30"), strict=True):
        send(provider, asset, ("2026-11-01T10:00:00Z", value))
    contract = in_force(provider, customer, members(presses))
    with company_context(provider):
        refresh_provisional(now=NOW)
        cost = running_cost([contract], NOW)[contract.pk]
    assert cost.net_minor == 300


def test_members_that_say_different_things_are_refused(
    provider: Any, customer: Any, presses: list[Any]
) -> None:
    items = members(presses)
    other = replace(items[1], group=GroupFacts("Hall 3", "sum"))
    with pytest.raises(ValidationError, match="say different things"):
        in_force(provider, customer, [items[0], other])
    for group, words in (
        (GroupFacts("Hall 3", "count_above"), "Enter the level above"),
        (GroupFacts("Hall 3", "sum", Decimal(1)), "for counting members"),
        (GroupFacts(" ", "sum"), "give its group a name"),
    ):
        with pytest.raises(ValidationError, match=words):
            in_force(provider, customer, [replace(items[0], group=group)])
    with company_context(provider):
        assert not Contract.objects.exists()


def test_the_form_takes_groups_and_days_and_the_sheet_says_them(
    client_of: Callable[..., Client], provider: Any, customer: Any, presses: list[Any]
) -> None:
    seller = client_of(provider, "director")
    fields = typed(customer, presses[0]) | {
        "items-TOTAL_FORMS": "2", "items-1-covered": f"{presses[1].pk}:cycles",
        "items-1-item_starts_on": "2026-10-16", "items-1-item_ends_on": "2026-11-01",
        **{f"items-{place}-group_label": "Hall 3" for place in (0, 1)},
        **{f"items-{place}-group_aggregate": "count_above" for place in (0, 1)},
        **{f"items-{place}-group_level": "9,5" for place in (0, 1)},
        "charges-1-unit": "{piece}",
    }  # fmt: skip
    shown = seller.post(page("contract_preview"), fields).content.decode()
    assert "of 2 members" in shown
    answer = seller.post(page("contract_new"), fields)
    assert answer.status_code == 302, answer.content.decode()
    with company_context(provider):
        contract = Contract.objects.get()
        first, second = ContractItem.objects.order_by("asset_label")
    assert first.group_of == second.group_of
    assert (second.starts_on, second.ends_on) == (date(2026, 10, 16), date(2026, 11, 1))
    assert item_words(second)[0].startswith(
        "member of “Hall 3”: billed is the number of members above a level: 9.5"
    )
    sheet = seller.get(page("contract_detail", contract.public_id)).content.decode()
    assert "covered from Oct. 16, 2026" in sheet
    again = seller.get(page("contract_edit", contract.public_id)).content.decode()
    assert 'value="9.5"' in again
    refused = seller.post(page("contract_new"), {**fields, "items-1-group_label": ""})
    assert "Enter the name of the group." in refused.content.decode()

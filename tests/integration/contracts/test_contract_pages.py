"""Pages of contracts in both portals, and the form as a browser sends it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.contracts.forms import covered_choices, items
from apps.contracts.models import Contract, ContractItem, PlanVersion
from apps.contracts.queries import content_sha256
from apps.events.operations import run_waiting_jobs
from apps.metering.models import UsageRecord
from apps.metering.operations import meter_periods
from apps.telemetry.operations import recompute_dirty
from apps.tenancy.context import company_context
from tests.integration.assets.fleet import make_fleet
from tests.integration.metering.conftest import Works
from tests.integration.telemetry.conftest import make_machine

Client = Callable[..., Any]


def typed(works: Works, **more: Any) -> dict[str, Any]:
    covered = f"{works.machine.asset.pk}:cycles"
    return {
        "title": "Air by use", "customer": works.customer.pk, "starts_on": "2026-01-01",
        "ends_on": "", "period_kind": "month", "time_zone": "Europe/Berlin", "currency": "EUR",
        "tax_category": "S", "payment_days": "14", "corrections": "at_once", "buyer_reference": "", "order_number": "A-7",
        "items-TOTAL_FORMS": "1", "items-INITIAL_FORMS": "0", "items-0-covered": covered,
        "items-0-meter": "",
        "charges-TOTAL_FORMS": "2", "charges-INITIAL_FORMS": "0",
        "charges-0-model": "flat_fee", "charges-0-title_en": "Base", "charges-0-amount": "100",
        "charges-0-timing": "arrears",
        "charges-1-model": "graduated", "charges-1-title_en": "Cycles",
        "charges-1-title_de": "Zyklen", "charges-1-meter": "cycles",
        "charges-1-unit": "{cycle}", "charges-1-pooling": "pooled",
        "charges-1-up_to": ["10", ""], "charges-1-tier_price": ["0,067", "0.05"],
        "charges-1-tier_flat": ["", ""], "preview_month": "2026-01", **more,
    }  # fmt: skip


def test_a_contract_is_drafted_changed_offered_and_signed_on_pages(
    works: Works, client_of: Client
) -> None:
    client = client_of(works.provider)
    assert client.get(reverse("contract_new")).status_code == 200
    answer = client.post(reverse("contract_new"), typed(works))
    assert answer.status_code == 302, answer.content.decode()
    with company_context(works.provider):
        contract = Contract.objects.get()
        plan = PlanVersion.objects.get().plan
    assert [tier["up_to"] for tier in plan["charges"][1]["tiers"]] == ["10", None]
    here = [contract.public_id]
    page = client.get(reverse("contract_edit", args=here)).content.decode()
    assert "0.067" in page
    assert (
        client.post(
            reverse("contract_edit", args=here), typed(works, title="Air, changed")
        ).status_code
        == 302
    )
    assert b"Air, changed" in client.get(reverse("contract_detail", args=here)).content
    assert client.get(reverse("contract_list")).status_code == 200
    theirs = client_of(works.customer)
    assert theirs.get(reverse("contract_detail", args=here)).status_code == 404
    for _twice in range(2):
        assert client.post(reverse("contract_offer", args=here)).status_code == 302
    page = theirs.get(reverse("contract_detail", args=here)).content.decode()
    with company_context(works.customer):
        content = content_sha256(Contract.objects.get())
    assert content in page
    assert (
        theirs.post(reverse("contract_signature", args=here), {"content": "x"}).status_code == 302
    )
    for _twice in range(2):
        answer = theirs.post(reverse("contract_signature", args=here), {"content": content})
        assert answer.status_code == 302
    with company_context(works.provider):
        run_waiting_jobs(now=timezone.now())
        contract.refresh_from_db()
        assert contract.state == Contract.State.ACTIVE
    assert theirs.post(reverse("contract_offer", args=here)).status_code == 404
    assert theirs.post(reverse("contract_end", args=here), {"act": "notice"}).status_code == 422
    assert client.post(reverse("contract_signature", args=here)).status_code == 404


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"charges-1-tier_price": ["abc", "0.05"]}, "This is not a number"),
        ({"charges-1-up_to": ["10", "20"]}, "has no end"),
        ({"charges-0-amount": "-1"}, "zero or more"),
        ({"charges-1-meter": "other"}, "no charge prices"),
        ({"title": ""}, "required"),
        ({"ends_on": "2025-01-01"}, "after the start"),
        ({"items-0-covered": "nonsense"}, "valid choice"),
    ],
)  # fmt: skip
def test_a_refused_draft_shows_why_and_keeps_what_was_typed(
    works: Works, client_of: Client, more: dict[str, Any], words: str
) -> None:
    answer = client_of(works.provider).post(reverse("contract_new"), typed(works, **more))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "A-7" in page
    assert 'value="0.05"' in page
    with company_context(works.provider):
        assert Contract.objects.count() == 0


def test_the_preview_prices_the_real_usage_of_the_month(works: Works, client_of: Client) -> None:
    works.send("cycles", ("2026-01-01T00:00:00+01:00", "5"), ("2026-01-20T00:00:00Z", "60"))
    recompute_dirty(now=works.now)
    page = client_of(works.provider).post(reverse("contract_preview"), typed(works))
    text = page.content.decode()
    assert page.status_code == 200
    assert "102.92" in text  # 100 + 10 × 0.067 + 45 × 0.05
    assert "data-chart-figure" in text
    bad = typed(works, **{"charges-0-amount": "x"})
    assert (
        "not a number"
        in client_of(works.provider).post(reverse("contract_preview"), bad).content.decode()
    )
    with company_context(works.provider):
        assert Contract.objects.count() == 0


def test_a_usage_record_opens_down_to_its_readings_in_both_portals(
    works: Works, client_of: Client, cast: dict[str, Any], month: Callable[..., Any]
) -> None:
    works.send("cycles", ("2026-01-01T00:00:00+01:00", "5"), ("2026-01-20T00:00:00Z", "60"))
    contract = works.contract()
    meter_periods(wanted=[(contract, month("2026-01"))], now=works.now)
    record = UsageRecord.objects.get()
    names = ("usage_record", "usage_record_chart", "usage_record_readings")
    for company in (works.provider, works.customer):
        client = client_of(company)
        for name in names:
            assert client.get(reverse(name, args=[record.public_id])).status_code == 200, name
        assert b"55" in client.get(reverse("contract_usage", args=[contract.public_id])).content
    stranger = client_of(cast["stranger"])
    for name in names:
        assert stranger.get(reverse(name, args=[record.public_id])).status_code == 404
    assert stranger.get(reverse("contract_detail", args=[contract.public_id])).status_code == 404


def test_the_first_channels_and_the_chosen_ones_are_offered(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    with company_context(works.provider):
        later = make_machine(works.provider, works.now, serial="ZZ-9").asset
        key = f"{later.pk}:cycles"
        assert key in dict(covered_choices())
        monkeypatch.setattr(items, "MOST_CHOICES", 1)
        assert len(covered_choices()) == 1
        both = {key, f"{works.machine.asset.pk}:cycles"}
        assert both <= set(dict(covered_choices(both)))
        assert len(covered_choices(["nonsense", ""])) == 1
    with company_context(works.customer):
        assert covered_choices() == []


def test_a_component_is_covered_by_what_its_hosts_count(works: Works, client_of: Client) -> None:
    fleet = make_fleet(works.provider, works.customer, works.now)
    covered = f"{fleet.assets['T1'].pk}:odometer:host"
    assert dict(covered_choices())[covered] == "T1 · T1 · Odometer of its host"
    client = client_of(works.provider)
    more = {
        "items-0-covered": covered, "charges-1-meter": "odometer", "charges-1-unit": "km",
        "charges-1-title_en": "Kilometres", "charges-1-title_de": "Kilometer",
    }  # fmt: skip
    answer = client.post(reverse("contract_new"), typed(works, **more))
    assert answer.status_code == 302, answer.content.decode()
    with company_context(works.provider):
        [item] = ContractItem.objects.all()
        assert (item.follows_host, item.channel_code, item.unit) == (True, "odometer", "km")
        shown = Contract.objects.get()
    page = client.get(reverse("contract_edit", args=[shown.public_id])).content.decode()
    assert f'value="{covered}" selected' in page
    wrong = client.post(reverse("contract_new"), typed(works, **{**more, "charges-1-unit": "h"}))
    assert wrong.status_code == 422
    with company_context(works.provider):
        assert Contract.objects.count() == 1


def make_many(works: Works, count: int) -> list[str]:
    """Keys of as many machines' counters, `Press S-01` …"""
    with company_context(works.provider):
        return [
            f"{make_machine(works.provider, works.now, serial=f'S-{number:02}').asset.pk}:cycles"
            for number in range(count)
        ]


def test_a_row_with_many_channels_is_searched(
    works: Works, client_of: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(works.provider)
    assert "data-find" not in client.get(reverse("contract_new")).content.decode()
    keys = make_many(works, 3)
    monkeypatch.setattr(items, "SEARCHED_FROM", 2)
    monkeypatch.setattr(items, "MOST_CHOICES", 2)
    page = client.get(reverse("contract_new")).content.decode()
    assert 'data-find="#id_items-0-covered"' in page
    found = client.get(
        reverse("contract_channels"), {"items-0-find": "s-02 CYC", "items-0-covered": keys[0]}
    ).content.decode()
    assert f'<option value="{keys[2]}">' in found
    assert f'<option value="{keys[0]}" selected>' in found
    assert keys[1] not in found


def test_a_search_without_script_keeps_what_was_typed(
    works: Works, client_of: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = make_many(works, 3)
    monkeypatch.setattr(items, "MOST_CHOICES", 1)
    more = {"items-0-find": "S-01", "items-0-covered": "", "edit": "find"}
    answer = client_of(works.provider).post(reverse("contract_new"), typed(works, **more))
    assert answer.status_code == 200
    page = answer.content.decode()
    first = page.split('id="id_items-0-covered"')[1].split("</select>")[0]
    assert keys[1] in first
    assert keys[2] not in first
    assert 'value="S-01"' in page
    with company_context(works.provider):
        assert not Contract.objects.exists()


def test_a_found_channel_is_kept_whatever_is_searched_next(
    works: Works, client_of: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = make_many(works, 3)
    monkeypatch.setattr(items, "MOST_CHOICES", 1)
    more = {"items-0-find": "nothing like it", "items-0-covered": keys[2]}
    answer = client_of(works.provider).post(reverse("contract_new"), typed(works, **more))
    assert answer.status_code == 302
    with company_context(works.provider):
        assert f"{Contract.objects.get().items.get().asset_id}:cycles" == keys[2]


def test_a_search_offers_no_other_companys_channels(
    works: Works, cast: dict[str, Any], client_of: Client
) -> None:
    serial = works.machine.asset.serial
    key = f"{works.machine.asset.pk}:cycles"
    address = reverse("contract_channels")
    asked = {"items-0-find": serial, "items-0-covered": key}
    assert key in client_of(works.provider).get(address, asked).content.decode()
    for company in (cast["customer"], cast["stranger"]):
        assert key not in client_of(company).get(address, asked).content.decode()


@pytest.mark.parametrize("text", ["\0", "%", "_ '", "x" * 5000, "<b>", "ß İ"])
def test_odd_searches_offer_nothing_odd(works: Works, client_of: Client, text: str) -> None:
    asked = {"items-0-find": text, "items-0-covered": text}
    answer = client_of(works.provider).get(reverse("contract_channels"), asked)
    assert answer.status_code == 200
    assert "<b>" not in answer.content.decode()


def test_late_payment_deposit_and_limit_go_through_the_form_and_back(
    works: Works, client_of: Client
) -> None:
    client, new = client_of(works.provider), reverse("contract_new")
    given = {
        "late_points": "11,5", "reminder_1_days": "5", "reminder_2_days": "14",
        "reminder_2_fee": "7.50", "lump_with": "2", "deposit": "1500", "credit_limit": "12000.00",
    }  # fmt: skip
    bad = client.post(new, typed(works, **given, reminder_3_fee="1.005"))
    assert bad.status_code == 422
    assert "no such small unit" in bad.content.decode()
    assert "after how many days" in client.post(
        new, typed(works, **given, reminder_3_fee="1")
    ).content.decode()  # fmt: skip
    with company_context(works.provider):
        assert not Contract.objects.exists()
    assert client.post(new, typed(works, **given)).status_code == 302
    with company_context(works.provider):
        contract = Contract.objects.get()
    assert contract.dunning == {
        "points": "11.5",
        "levels": [
            {"after_days": 5, "fee_minor": 0, "with_lump": False},
            {"after_days": 14, "fee_minor": 750, "with_lump": True},
        ],
    }
    assert (contract.deposit_minor, contract.credit_limit_minor) == (150_000, 1_200_000)
    page = client.get(reverse("contract_edit", args=[contract.public_id])).content.decode()
    assert 'value="7.50"' in page
    assert 'value="1500.00"' in page
    sheet = client.get(reverse("contract_detail", args=[contract.public_id])).content.decode()
    assert "Reminder 2, 14 days after the due date" in sheet
    assert "Credit limit: " in sheet

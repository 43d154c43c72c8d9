"""What a contract lets be read follows each channel's own days, however they change."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from apps.assets.models import Asset, TypeChannel
from apps.assets.queries import living_grants
from apps.common.period import midnight
from apps.contracts.domain.clause import ClauseEntry
from apps.contracts.domain.facts import ContractFacts, ItemFacts
from apps.contracts.domain.uses import Stretch, Use, stretches
from apps.contracts.models import Contract, ContractItem, CoverChange
from apps.contracts.operations import (
    accept_cover,
    draft_contract,
    offer_contract,
    propose_cover,
    sign_contract,
    write_clause,
)
from apps.contracts.queries import content_sha256
from apps.events.operations import run_waiting_jobs
from apps.telemetry.operations import sync_channels
from apps.tenancy.context import company_context
from tests.integration.metering.conftest import ENERGY, PLAN, Works

LAYOUT: dict[str, Any] = {"channels": [
    {"code": "cycles", "title": "Cycles", "unit": "{cycle}", "kind": "counter", "mark": ""}
]}  # fmt: skip
BOTH: dict[str, Any] = {**PLAN, "charges": [*PLAN["charges"], *ENERGY["charges"]]}


def day(month: int, number: int = 1) -> datetime:
    return datetime(2026, month, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("uses", "found"),
    [
        ([], []),
        ([Use("h", day(3), day(3))], []),
        ([Use("h", day(1), day(3)), Use("h", day(3), day(5))], [(("h",), day(1), day(5))]),
        ([Use("h", day(2), None), Use("h", day(1), day(3))], [(("h",), day(1), None)]),
        (
            [Use("h", day(1), day(6)), Use("e", day(6), None), Use("x", day(1), day(6))],
            [(("h", "x"), day(1), day(6)), (("e",), day(6), None)],
        ),
        (
            [Use("h", day(1), day(2)), Use("h", day(4), day(5))],
            [(("h",), day(1), day(2)), (("h",), day(4), day(5))],
        ),
    ],
)
def test_times_of_a_channel_are_joined_and_channels_told_apart(
    uses: list[Use], found: list[Any]
) -> None:
    assert stretches(uses) == [Stretch(*row) for row in found]


@pytest.fixture(autouse=True)
def strokes(works: Works) -> None:
    """Another channel of the machine that counts under the same meter; its layout names the first."""
    asset = works.machine.asset
    TypeChannel.objects.create(
        author=works.provider, parties=[works.provider.pk], asset_type=asset.asset_type,
        code="strokes", title="Strokes", kind="counter", unit="{cycle}",
    )  # fmt: skip
    sync_channels(asset_ids=[asset.pk])
    Asset.objects.filter(pk=asset.pk).update(layout=LAYOUT)


def in_force(
    works: Works, *items: ItemFacts, plan: dict[str, Any] = PLAN,
    clause: tuple[ClauseEntry, ...] = (),
) -> Contract:  # fmt: skip
    facts = ContractFacts(works.customer.pk, "Air", date(2026, 1, 1), date(2027, 1, 1))
    contract = draft_contract(facts=facts, items=items, plan=plan, now=works.now, actor="Anna")
    if clause:
        write_clause(contract=contract, entries=clause, now=works.now)
    offer_contract(contract=contract, now=works.now, actor="Anna")
    with company_context(works.customer):
        content = content_sha256(Contract.objects.get(pk=contract.pk))
        sign_contract(contract_id=contract.pk, content=content, now=works.now, actor="Carl")
    run_waiting_jobs(now=works.now)
    return contract


def change(works: Works, contract: Contract, on: date, gone: str, *added: ItemFacts) -> None:
    """Proposed, accepted and adopted."""
    keys = [item.pk for item in ContractItem.objects.filter(contract=contract, channel_code=gone)]
    propose_cover(
        contract=contract, added=added, withdrawn=keys, valid_from=on, now=works.now, actor="Anna"
    )
    with company_context(works.customer):
        content = CoverChange.objects.get(contract=contract, state="open").content_sha256
        accept_cover(contract_id=contract.pk, content=content, now=works.now, actor="Carl")
    run_waiting_jobs(now=works.now)
    run_waiting_jobs(now=works.now)


def readable(company: Any, at: datetime) -> set[str]:
    with company_context(company):
        found = living_grants(at).filter(grantee=company, origin="contract")
        return {code for row in found for code in row.channels}


def first_moment(on: date) -> datetime:
    return midnight(on, "Europe/Berlin")


def test_a_channel_is_read_until_its_last_day_whatever_comes_for_it(works: Works) -> None:
    asset, turn = works.machine.asset.pk, date(2026, 12, 1)
    contract = in_force(works, ItemFacts(asset, "cycles", "cycles"))
    change(works, contract, turn, "cycles", ItemFacts(asset, "strokes", "cycles"))
    assert readable(works.customer, works.now) == {"cycles"}
    assert readable(works.customer, first_moment(turn)) == {"strokes"}


def test_a_second_change_does_not_forget_what_leaves_later(works: Works) -> None:
    asset = works.machine.asset.pk
    contract = in_force(
        works, ItemFacts(asset, "cycles", "cycles"), ItemFacts(asset, "energy", "energy"),
        plan=BOTH,
    )  # fmt: skip
    change(works, contract, date(2026, 12, 10), "cycles")
    change(works, contract, date(2026, 11, 20), "energy")
    assert readable(works.customer, works.now) == {"cycles", "energy"}
    assert readable(works.customer, first_moment(date(2026, 11, 20))) == {"cycles"}
    assert readable(works.customer, first_moment(date(2026, 12, 10))) == set()


def test_an_item_of_some_months_is_read_for_these_alone_also_by_the_clause(
    works: Works, cast: dict[str, Any]
) -> None:
    leaser = cast["financier"]
    days = {"starts_on": date(2026, 11, 10), "ends_on": date(2026, 12, 5)}
    item = ItemFacts(works.machine.asset.pk, "cycles", "cycles", **days)
    clause = (
        ClauseEntry(leaser.pk, leaser.name, "values", ("cycles",), "daily", "Lease"),
        ClauseEntry(leaser.pk, leaser.name, "health", (), "", "Lease"),
    )
    in_force(works, item, clause=clause)
    inside, over = first_moment(days["starts_on"]), first_moment(days["ends_on"])
    assert [readable(works.customer, at) for at in (works.now, inside, over)] == [
        set(), {"cycles"}, set()
    ]  # fmt: skip
    with company_context(leaser):
        counts = [living_grants(at).count() for at in (works.now, inside, over)]
    assert counts == [0, 2, 0]

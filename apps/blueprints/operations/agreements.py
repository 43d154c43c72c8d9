"""Contracts of a scenario: drafted, offered and signed as their two companies would."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.assets.models import Asset
from apps.blueprints.domain.terms import (
    ConditionPart,
    ContractPart,
    ItemPart,
    MeasurePart,
    OpeningPart,
)
from apps.common.money import round_half_up
from apps.common.quantity import BadValue
from apps.contracts.domain.clause import ClauseEntry
from apps.contracts.domain.commercial import DunningTerms, ReminderTerms
from apps.contracts.domain.facts import ContractFacts, GroupFacts, ItemFacts
from apps.contracts.domain.opening import NOTHING_BEFORE, OpeningBalances, OpenItem
from apps.contracts.models import Contract
from apps.contracts.operations import (
    draft_contract,
    offer_contract,
    sign_contract,
    write_clause,
)
from apps.contracts.queries import content_sha256
from apps.events.operations import run_waiting_jobs
from apps.networks.queries import networks_of_member
from apps.telemetry.domain.conditions import AT_LEAST, AT_MOST, IS_ONE_OF, CountCondition
from apps.telemetry.domain.counting import CountRules
from apps.telemetry.domain.measures import LevelMeasure
from apps.telemetry.operations import sync_channels
from apps.tenancy.context import company_context
from apps.tenancy.models import Company

ACTOR = "scenario"


def load_contract(
    *, part: ContractPart, provider: Company, customer: Company, now: datetime,
    clause: Sequence[ClauseEntry] = (),
) -> bool:  # fmt: skip
    """Draft the contract and take it as far as the part says. False when it stands already.

    Known by provider, customer and title. Raises ValidationError of the operations.
    """
    with company_context(provider):
        known = Contract.objects.written_by(provider).filter(customer=customer, title=part.title)
        if known.exists():
            return False
        contract = _drafted(part, customer, now)
        if clause:
            contract = write_clause(contract=contract, entries=clause, now=now, actor=ACTOR)
        if part.state != "draft":
            contract = offer_contract(contract=contract, now=now, actor=ACTOR)
    if part.state == "active":
        _sign(contract, provider, customer, now)
    return True


def _drafted(part: ContractPart, customer: Company, now: datetime) -> Contract:
    items = [_item(item) for item in part.items]
    sync_channels(asset_ids=[item.asset_id for item in items])
    return draft_contract(facts=_facts(part, customer), items=items, plan=part.plan, now=now)


def _facts(part: ContractPart, customer: Company) -> ContractFacts:
    if part.starts_on is None:
        raise ValidationError(_("A contract of a scenario has a first day."))
    return ContractFacts(
        customer_id=customer.pk,
        title=part.title,
        starts_on=part.starts_on,
        ends_on=part.ends_on,
        period_kind=part.period,
        time_zone=part.time_zone,
        currency=part.currency,
        tax_category=part.tax_category,
        payment_days=part.payment_days,
        corrections=part.corrections,
        buyer_reference=part.buyer_reference,
        order_number=part.order_number,
        opening=_opening(part.opening, part.currency),
        network_id=_network(part.network),
        dunning=_dunning(part),
        deposit_minor=_minor(part.deposit, part.currency),
        credit_limit_minor=_minor(part.credit_limit, part.currency),
    )


def _network(name: str) -> UUID | None:
    if not name:
        return None
    found = networks_of_member().filter(name=name).first()
    if found is None:
        text = _("The provider is in no network “%(name)s”.")
        raise ValidationError(text, params={"name": name})
    return found.pk


def _dunning(part: ContractPart) -> DunningTerms:
    levels = tuple(
        ReminderTerms(
            level.after_days, round_half_up(level.fee, part.currency).minor, level.with_lump
        )
        for level in part.reminders
    )
    return DunningTerms(part.late_points, levels)


def _minor(amount: Decimal | None, currency: str) -> int | None:
    return None if amount is None else round_half_up(amount, currency).minor


def _item(item: ItemPart) -> ItemFacts:
    asset = Asset.objects.filter(serial=item.asset).first()
    if asset is None:
        raise ValidationError(
            _("There is no asset with the serial number “%(serial)s”."),
            params={"serial": item.asset},
        )
    try:
        return ItemFacts(
            asset_id=asset.id, channel_code=item.channel, meter=item.meter,
            follows_host=item.follows_host, starts_on=item.starts_on, ends_on=item.ends_on,
            measure=measure_of(item.measure), counting=_counting(item), group=_group(item),
        )  # fmt: skip
    except BadValue as error:
        text = _("%(serial)s, %(channel)s: %(reason)s.")
        words = {"serial": item.asset, "channel": item.channel, "reason": error.reason}
        raise ValidationError(text % words) from None


def measure_of(part: MeasurePart | None) -> LevelMeasure | None:
    """What is billed of a gauge or state, as the contract takes it."""
    if part is None:
        return None
    return LevelMeasure(part.aggregate, "", part.hold_seconds, part.value, part.step, part.estimate)


def _counting(item: ItemPart) -> CountRules | None:
    conditions = tuple(_condition(part) for part in item.only_while)
    rule, silence = (item.gaps.rule, item.gaps.longer_than_seconds) if item.gaps else ("", 0)
    return CountRules(conditions, rule, silence, item.opens_with) or None


def _condition(part: ConditionPart) -> CountCondition:
    """Raises BadValue where it asks for nothing, or for more than one thing."""
    asked = [(IS_ONE_OF, tuple(part.is_one_of))] if part.is_one_of else []
    for test, level in ((AT_LEAST, part.at_least), (AT_MOST, part.at_most)):
        asked += [(test, (level,))] if level is not None else []
    if len(asked) != 1:
        raise BadValue("bad_test")
    return CountCondition(part.channel, "", *asked[0], part.hold_seconds)


def _group(item: ItemPart) -> GroupFacts | None:
    part = item.group
    return None if part is None else GroupFacts(part.name, part.billed, part.level)


def _opening(part: OpeningPart | None, currency: str) -> OpeningBalances:
    if part is None:
        return NOTHING_BEFORE
    return OpeningBalances(
        part.year_from,
        {code: round_half_up(net, currency).minor for code, net in part.charged.items()},
        dict(part.included_used),
        tuple(
            OpenItem(item.number, item.due_on, round_half_up(item.amount, currency).minor)
            for item in part.open_items
        ),
    )  # fmt: skip


def _sign(contract: Contract, provider: Company, customer: Company, now: datetime) -> None:
    with company_context(customer):
        actor: Any = ACTOR
        content = content_sha256(Contract.objects.get(pk=contract.pk))
        sign_contract(contract_id=contract.pk, content=content, now=now, actor=actor)
    with company_context(provider):
        run_waiting_jobs(now=now)

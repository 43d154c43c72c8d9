"""Whether a draft can stand: every refusal names its field, so that a form can show it there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.assets.models import Asset, ChannelKind, TypeChannel
from apps.assets.queries import host_counters
from apps.common.money import CURRENCIES
from apps.common.period import zone_of
from apps.common.quantity import BadValue
from apps.common.units import UNITS, convertible
from apps.contracts.domain.facts import ContractFacts, GroupFacts, ItemFacts
from apps.contracts.domain.measures import billed_unit
from apps.contracts.models import Contract, ContractItem
from apps.contracts.operations.commercial import refused_commercial
from apps.contracts.operations.counting import judged_counting
from apps.contracts.operations.groups import judge_groups, judged_group
from apps.contracts.operations.indices import must_exist
from apps.contracts.operations.measures import judged_measure
from apps.contracts.operations.sources import judged_sources
from apps.networks.queries import invited_or_member, networks_of_member
from apps.pricing.plan import PricePlan
from apps.pricing.registry import PlanError
from apps.telemetry.domain.measures import LevelMeasure
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies

BILLED_KINDS = (ChannelKind.COUNTER, ChannelKind.DELTA)
MOST_ITEMS = 2000


def judged_customer(facts: ContractFacts) -> Company:
    """The customer. Raises ValidationError by field."""
    refused = refused_commercial(facts)
    customer = known_companies().filter(pk=facts.customer_id).first()
    if customer is None or customer.pk == current_company().pk:
        refused["customer"] = [_("Choose one of your partners.")]
    if not facts.title.strip():
        refused["title"] = [_("Give the contract a title.")]
    if facts.ends_on is not None and facts.ends_on <= facts.starts_on:
        refused["ends_on"] = [_("The end lies after the start.")]
    if facts.currency not in CURRENCIES:
        refused["currency"] = [_("This currency is not known.")]
    if facts.tax_category not in Contract.TaxCategory.values:
        refused["tax_category"] = [_("This tax category is not known.")]
    if facts.period_kind not in Contract.PeriodKind.values:
        refused["period_kind"] = [_("A period is a month or a week.")]
    if not 0 <= facts.payment_days <= 365:
        refused["payment_days"] = [_("Between 0 and 365 days.")]
    if facts.corrections not in Contract.Corrections.values:
        refused["corrections"] = [_("Corrections come at once or with the next invoice.")]
    if not _zone_exists(facts.time_zone):
        refused["time_zone"] = [_("This time zone is not known.")]
    if facts.network_id is not None and not _may_meet(facts.network_id, facts.customer_id):
        refused["network"] = [_("Choose a network that you and the customer play a role in.")]
    if refused:
        raise ValidationError(refused)
    assert customer is not None
    return customer


def _may_meet(network_id: UUID, customer_id: int) -> bool:
    """The provider is a member, and the customer at least asked to be one."""
    own = networks_of_member().filter(pk=network_id)
    return own.exists() and customer_id in invited_or_member(network_id)


def _zone_exists(name: str) -> bool:
    try:
        zone_of(name)
    except BadValue:
        return False
    return True


def judged_plan(currency: str, plan: Any) -> PricePlan:
    """The plan as a value, in the contract's currency. Raises ValidationError on `plan`."""
    try:
        value = PricePlan.from_dict(plan)
    except PlanError as error:
        raise ValidationError({"plan": ValidationError(str(error), code=error.reason)}) from error
    if value.currency != currency:
        raise ValidationError({"plan": [_("The plan's currency is not the contract's.")]})
    must_exist(value.series)
    return value


def refuse_mixed_tax(plan: PricePlan, category: str) -> None:
    """Raises ValidationError on `plan` where a document of it would be parked.

    A period stands on one document, and what is outside the scope of tax shares none with the rest
    (EN 16931, BR-O-11).
    """
    outside = [charge for charge in plan.charges if _is_outside(charge.tax, category)]
    if outside and len(outside) < len(plan.charges):
        text = _(
            "%(charge)s is outside the scope of tax, other charges are not, and one document cannot "
            "carry both. Give what is outside the scope a contract of its own."
        )
        language = (get_language() or "en")[:2]
        name = outside[0].title.get(language) or outside[0].code
        raise ValidationError({"plan": [text % {"charge": name}]})


def _is_outside(nature: str, category: str) -> bool:
    """As billing reads it: in a contract outside the scope standard and reduced are that too."""
    of_contract = category == Contract.TaxCategory.OUTSIDE and nature != "exempt"
    return nature == "outside" or of_contract


def judged_items(
    facts: ContractFacts, items: Sequence[ItemFacts], plan: PricePlan, *, are_all: bool = True
) -> list[ContractItem]:
    """Unsaved rows of the items, in order; not `are_all`: others are covered already.

    Raises ValidationError on `items`.
    """
    if len(items) > MOST_ITEMS:
        raise ValidationError({"items": [_("A contract covers at most 2,000 channels.")]})
    assets = Asset.objects.in_bulk({item.asset_id for item in items})
    channels = _channels(assets)
    rows, refused, seen = [], [], set()
    for place, item in enumerate(items, start=1):
        key = (item.asset_id, item.meter, item.channel_code)
        try:
            if key in seen:
                raise ValidationError(_("this channel stands twice under the same meter"))
            seen.add(key)
            rows.append(_row(facts, item, assets.get(item.asset_id), channels, plan))
        except ValidationError as error:
            refused.append(_("Row %(row)s: %(why)s.") % {"row": place, "why": error.messages[0]})
    if refused:
        raise ValidationError({"items": refused})
    # A draft may wait for its first asset; an offer may not.
    if rows and are_all:
        _every_meter_is_fed(plan, rows)
    judge_groups(rows)
    return rows


def _channels(assets: dict[UUID, Asset]) -> dict[tuple[UUID, str], TypeChannel]:
    types = {asset.asset_type_id for asset in assets.values()}
    rows = TypeChannel.objects.filter(asset_type__in=types)
    return {(row.asset_type_id, row.code): row for row in rows}


def _row(
    facts: ContractFacts, item: ItemFacts, asset: Asset | None,
    channels: dict[tuple[UUID, str], TypeChannel], plan: PricePlan,
) -> ContractItem:  # fmt: skip
    if asset is None:
        raise ValidationError(_("there is no such asset"))
    unit, measure = _unit_and_measure(item, asset, channels, plan)
    counting = judged_counting(item, asset, channels)
    group = judged_group(item.group, item.meter, unit, plan)
    priced = group.unit if group else unit
    _meter_is_priced(item.meter, priced, plan, is_measured=measure is not None)
    _must_lie_within(facts, item)
    return ContractItem(
        asset=asset, asset_label=asset.name, meter=item.meter, channel_code=item.channel_code,
        unit=unit, starts_on=item.starts_on, ends_on=item.ends_on,
        follows_host=item.follows_host,
        measure=None if measure is None else measure.to_dict(),
        counting=None if counting is None else counting.to_dict(),
        group_of=None if group is None else group.to_dict(),
        meter_terms=judged_sources(item, asset, channels),
    )  # fmt: skip


def _unit_and_measure(
    item: ItemFacts, asset: Asset, channels: dict[tuple[UUID, str], TypeChannel], plan: PricePlan
) -> tuple[str, LevelMeasure | None]:
    channel = channels.get((asset.asset_type_id, item.channel_code))
    if item.follows_host and item.measure is not None:
        raise ValidationError(_("a component is billed by what its host counts"))
    if item.follows_host or (item.measure is None and _is_summed(channel)):
        return _unit(item, asset, channel), None
    if channel is None:
        _must_be_unseen(item, asset, item.measure.unit if item.measure else "")
    measure = judged_measure(item, channel)
    return billed_unit(measure, item.meter, plan), measure


def _is_summed(channel: TypeChannel | None) -> bool:
    return channel is None or channel.kind in BILLED_KINDS


def _unit(item: ItemFacts, asset: Asset, channel: TypeChannel | None) -> str:
    if item.follows_host:
        return _host_unit(item)
    if channel is not None:
        return channel.billed_unit
    _must_be_unseen(item, asset, item.unit)
    return item.unit


def _must_be_unseen(item: ItemFacts, asset: Asset, unit: str) -> None:
    """Only of an asset of somebody else the word counts for the channel's unit."""
    if asset.author_id == current_company().pk or unit not in UNITS:
        raise ValidationError(
            _("%(asset)s has no channel %(code)s")
            % {"asset": asset.name, "code": item.channel_code}
        )


def _host_unit(item: ItemFacts) -> str:
    """The unit hosts count a component's use in; the same on all of them, or it is no item."""
    units = {counter.unit for counter in host_counters() if counter.code == item.channel_code} or {
        item.unit
    } & set(UNITS)
    if not units:
        raise ValidationError(_("no host counts %(code)s") % {"code": item.channel_code})
    if len(units) > 1:
        raise ValidationError(
            _("hosts count %(code)s in different units") % {"code": item.channel_code}
        )
    return units.pop()


def judged_rows(rows: Sequence[ContractItem], plan: PricePlan) -> None:
    """Whether a plan fits the items a contract has. Raises ValidationError on `items`."""
    for row in rows:
        try:
            group = row.group
            unit = group.unit if group else row.unit
            _meter_is_priced(row.meter, unit, plan, is_measured=row.measure is not None)
            if group is not None:
                judged_group(
                    GroupFacts(group.label, group.aggregate, group.level), row.meter, unit, plan
                )
        except ValidationError as error:
            words = {"asset": row.asset_label, "why": error.messages[0]}
            raise ValidationError({"items": [_("%(asset)s: %(why)s.") % words]}) from error
    _every_meter_is_fed(plan, rows)


def _meter_is_priced(meter: str, unit: str, plan: PricePlan, *, is_measured: bool) -> None:
    charges = [charge for charge in plan.charges if charge.meter == meter]
    if not charges:
        raise ValidationError(_("no charge prices the meter %(meter)s") % {"meter": meter})
    if is_measured and plan.calendars.get(meter):
        raise ValidationError(_("only counters and amounts are told apart by windows of the week"))
    for charge in charges:
        priced = getattr(charge, "unit", unit)
        if not convertible(unit, priced):
            raise ValidationError(
                _("%(unit)s cannot be billed in %(priced)s") % {"unit": unit, "priced": priced}
            )


def _must_lie_within(facts: ContractFacts, item: ItemFacts) -> None:
    first, end = item.starts_on or facts.starts_on, item.ends_on or facts.ends_on
    if end is not None and end <= max(first, facts.starts_on):
        raise ValidationError(_("it ends before it begins"))


def _every_meter_is_fed(plan: PricePlan, rows: Sequence[ContractItem]) -> None:
    fed = {row.meter for row in rows}
    missing = [meter for meter in plan.meters if meter not in fed]
    if missing:
        raise ValidationError(
            {"items": [_("No asset feeds the meter %(meter)s.") % {"meter": missing[0]}]}
        )

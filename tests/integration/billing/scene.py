"""A small world to bill: a machine with readings, a contract with a plan, ready to run."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

from apps.assets.models import Asset, AssetType, TypeChannel
from apps.contracts.models import Contract, ContractItem, PlanVersion
from apps.metering.operations import write_orders
from apps.pricing.plan import PricePlan
from apps.telemetry.operations import RawItem, recompute_dirty, sync_channels, take_in
from apps.tenancy.context import company_context

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PER_CYCLE = {
    "model": "per_unit",
    "code": "cycles",
    "title": {"en": "Cycles", "de": "Takte"},
    "meter": "cycles",
    "unit": "{cycle}",
    "unit_price": "0.067",
}
BASE_FEE = {"model": "flat_fee", "code": "base", "title": "Base fee", "amount": "100"}


def make_asset(
    company: Any, name: str = "Press 1", parties: Sequence[int] = (), **passport: Any
) -> Asset:
    """An asset of a type with a counter `cycles`, its channel made; `passport`: its holders."""
    with company_context(company):
        shared = {"author": company, "parties": sorted({company.pk, *parties})}
        kind, _made = AssetType.objects.get_or_create(
            name="Press", author=company, defaults={"parties": shared["parties"], "made_at": NOW}
        )
        TypeChannel.objects.get_or_create(
            asset_type=kind,
            code="cycles",
            author=company,
            defaults={
                "parties": shared["parties"],
                "title": "Cycles",
                "kind": "counter",
                "unit": "{cycle}",
            },
        )
        asset = Asset.objects.create(
            **shared,
            asset_type=kind,
            type_name=kind.name,
            name=name,
            serial=name,
            made_at=NOW,
            **passport,
        )
        sync_channels(asset_ids=[asset.id])
    return asset


def send(company: Any, asset: Asset, *readings: tuple[str, str], now: datetime = NOW) -> None:
    """Counter readings (time, value), taken in and worked in."""
    items = [
        RawItem(position=number, asset=asset.public_id, channel="cycles", time=time, value=value)
        for number, (time, value) in enumerate(readings)
    ]
    with company_context(company):
        outcomes = take_in(items=items, source="test", now=now)
        assert {item.status for item in outcomes} <= {"accepted", "duplicate"}, outcomes
        recompute_dirty(now=now)


def month_of_readings(company: Any, asset: Asset, month: str, first: int, last: int) -> None:
    """A reading at the month's first instant in Berlin and one on its 20th."""
    day = date.fromisoformat(f"{month}-01")
    before = datetime(day.year, day.month, 1, tzinfo=UTC) - timedelta(hours=3)
    send(company, asset, (before.isoformat(), str(first)), (f"{month}-20T10:00:00Z", str(last)))


def make_contract(
    provider: Any, customer: Any, assets: Sequence[Asset], *,
    charges: Sequence[dict[str, object]] = (BASE_FEE, PER_CYCLE), starts_on: str = "2026-10-01",
    tax_category: str = "S", title: str = "Presses by the cycle", plan_from: str = "",
    zone: str = "Europe/Berlin", meters: Sequence[tuple[str, str]] = (("cycles", "{cycle}"),),
    counting: dict[str, object] | None = None, meter_terms: dict[str, object] | None = None,
    days: Mapping[Any, Mapping[str, date]] | None = None,
    item_of: Callable[[Asset], dict[str, Any]] = lambda asset: {}, currency: str = "EUR",
    **more: Any,
) -> Contract:  # fmt: skip
    """An active monthly contract of both companies over the assets' cycles, or other (code, unit).

    `days`: by asset's key from when to when it is covered; `item_of`: what else its items say.
    """
    both = sorted([provider.pk, customer.pk])
    plan = plan_of(*charges, currency=currency)
    with company_context(provider):
        contract = Contract.objects.create(
            author=provider,
            parties=both,
            customer=customer,
            provider_name=provider.name,
            customer_name=customer.name,
            title=title,
            state=Contract.State.OFFERED,
            starts_on=date.fromisoformat(starts_on),
            time_zone=zone,
            currency=currency,
            tax_category=tax_category,
            payment_days=14,
            drafted_at=NOW,
            activated_at=NOW,
            **more,
        )
        for asset, (code, unit) in product(assets, meters):
            ContractItem.objects.create(
                author=provider,
                parties=both,
                contract=contract,
                asset=asset,
                asset_label=asset.name,
                meter=code,
                channel_code=code,
                unit=unit,
                counting=counting,
                meter_terms=meter_terms,
                **(days or {}).get(asset.pk, {}),
                **item_of(asset),
            )
        contract.state = Contract.State.ACTIVE
        contract.save(update_fields=["state"])
    add_plan(contract, plan, plan_from or starts_on)
    with company_context(provider):
        write_orders(contract_id=contract.id)
    return contract


def add_plan(contract: Contract, plan: PricePlan, valid_from: str) -> PlanVersion:
    """The next version of a contract's plan."""
    with company_context(contract.author):
        number = PlanVersion.objects.filter(contract=contract).count() + 1
        return PlanVersion.objects.create(
            author=contract.author,
            parties=contract.parties,
            contract=contract,
            number=number,
            valid_from=date.fromisoformat(valid_from),
            plan=plan.to_dict(),
            plan_sha256=plan.hash,
            made_at=NOW,
        )


def plan_of(*charges: dict[str, object], currency: str = "EUR") -> PricePlan:
    return PricePlan.from_dict({"name": "By use", "currency": currency, "charges": list(charges)})

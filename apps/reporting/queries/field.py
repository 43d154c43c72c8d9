"""Things a company made or owns and others run: how they report, are used, and what they bring."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from statistics import median
from typing import Any
from uuid import UUID

from django.db.models import F, Max, Q, QuerySet, Sum

from apps.assets.models import Asset, Purchase
from apps.assets.queries import reporting_state, standing_mountings, with_expected_interval
from apps.common.period import Period
from apps.settlement.models import Share
from apps.tenancy.context import current_company

# As many things are looked at one by one; a page that says so names the rest.
MOST = 1000
WHOLE_FROM = 1000
DAYS_OF_YEAR = Decimal("365.25")


@dataclass(slots=True)
class Brought:
    """Used and brought in by some things: by unit, by currency in minor units."""

    used: dict[str, Decimal] = field(default_factory=dict)
    income: dict[str, int] = field(default_factory=dict)

    @property
    def used_about(self) -> dict[str, Decimal]:
        """As a person reads it: whole numbers from a thousand on, else two decimals."""
        return {unit: _about(quantity) for unit, quantity in self.used.items()}

    def add(self, other: "Brought") -> None:
        for unit, quantity in other.used.items():
            self.used[unit] = self.used.get(unit, Decimal(0)) + quantity
        for currency, minor in other.income.items():
            self.income[currency] = self.income.get(currency, 0) + minor


def _about(quantity: Decimal) -> Decimal:
    return quantity.quantize(Decimal(1) if quantity >= WHOLE_FROM else Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class Spread:
    """Of the things of a product that were used: the least, the middle and the most used."""

    unit: str
    least: Decimal
    middle: Decimal
    most: Decimal

    @property
    def about(self) -> tuple[Decimal, ...]:
        """As a person reads it: least, middle, most."""
        return tuple(_about(value) for value in (self.least, self.middle, self.most))


@dataclass(slots=True)
class Product:
    """All things of one type that a maker has in the field. `age_years`: of those whose first day is known."""

    name: str
    count: int = 0
    live: int = 0
    silent: int = 0
    customers: set[str] = field(default_factory=set)
    ages: list[int] = field(default_factory=list)
    brought: Brought = field(default_factory=Brought)
    usages: dict[str, list[Decimal]] = field(default_factory=dict)
    mounted: int = 0
    moved: int = 0

    @property
    def unheard(self) -> int:
        return self.count - self.live - self.silent

    @property
    def spread(self) -> list[Spread]:
        """How unevenly they are used, by unit; of two things on."""
        return [
            Spread(unit, min(found), Decimal(median(found)), max(found))
            for unit, found in sorted(self.usages.items()) if len(found) > 1
        ]  # fmt: skip

    @property
    def age_years(self) -> Decimal | None:
        if not self.ages:
            return None
        return (Decimal(sum(self.ages)) / len(self.ages) / DAYS_OF_YEAR).quantize(Decimal("0.1"))


@dataclass(frozen=True, slots=True)
class Held:
    """One thing in the asset book."""

    asset: Asset
    state: str
    brought: Brought
    bought: Purchase | None = None


def products_in_field(now: datetime, month: Period) -> list[Product]:
    """What the company made, by type, the most frequent first; five queries."""
    assets = _seen(Asset.objects.filter(manufacturer=current_company()))
    brought, found = shares_by_asset(month), dict[str, Product]()
    mountings = _mountings(assets, month)
    for asset in assets:
        product = found.setdefault(asset.type_name, Product(asset.type_name))
        product.count += 1
        state = reporting_state(asset.last_reading_at, asset.expected_interval, now)
        product.live += state == "live"
        product.silent += state == "silent"
        if asset.customer is not None:
            product.customers.add(asset.customer.name)
        product.ages += _age(asset.in_service_on, now)
        product.mounted += mountings[asset.pk].mounted
        product.moved += mountings[asset.pk].moved
        part = brought.get(asset.pk, Brought())
        product.brought.add(part)
        for unit, quantity in part.used.items():
            product.usages.setdefault(unit, []).append(quantity)
    return sorted(found.values(), key=lambda product: (-product.count, product.name))


@dataclass(slots=True)
class _Carried:
    mounted: bool = False
    moved: int = 0


def _mountings(assets: Sequence[Any], month: Period) -> Mapping[UUID, _Carried]:
    """Which components are on a host now, and how often each was mounted in the month."""
    found: dict[UUID, _Carried] = defaultdict(_Carried)
    rows = standing_mountings().filter(component__in=assets).order_by()
    lately = rows.filter(Q(dismounted_at=None) | Q(mounted_at__gte=month.start))
    for key, since, until in lately.values_list("component_id", "mounted_at", "dismounted_at"):
        found[key].mounted |= until is None
        found[key].moved += month.start <= since < month.end
    return found


def _age(since: date | None, now: datetime) -> Iterable[int]:
    return [] if since is None else [(now.date() - since).days]


def book_of_assets(now: datetime, month: Period) -> list[Held]:
    """What the company owns and others run, by what it brought in; five queries."""
    own = current_company()
    assets = _seen(Asset.objects.filter(owner=own).exclude(provider=own))
    brought = shares_by_asset(month)
    # The latest comes first: an asset that was sold and bought back has its last price.
    bought: dict[UUID, Purchase] = {}
    for row in Purchase.objects.written_by(own).filter(asset__in=assets):
        bought.setdefault(row.asset_id, row)
    held = [
        Held(
            asset, reporting_state(asset.last_reading_at, asset.expected_interval, now),
            brought.get(asset.pk, Brought()), bought.get(asset.pk),
        )
        for asset in assets
    ]  # fmt: skip
    return sorted(held, key=lambda row: (-sum(row.brought.income.values()), row.asset.name))


def total_of(parts: Iterable[Brought]) -> Brought:
    total = Brought()
    for part in parts:
        total.add(part)
    return total


def _seen(rows: QuerySet[Asset]) -> Sequence[Any]:
    """With `expected_interval`."""
    near = with_expected_interval(rows.select_related("customer", "provider"))
    return list(near.order_by("type_name", "name", "id")[:MOST])


def shares_by_asset(month: Period) -> dict[UUID, Brought]:
    """Of the company's own shares of others' lines in a month's periods, by asset. Two queries.

    Shares of a whole period belong to no asset and stand in the money part alone.
    """
    found: dict[UUID, Brought] = {}
    rows = own_shares(month).filter(asset_id__isnull=False)
    sums: QuerySet[Any, Any] = rows.order_by().values("asset_id", "currency")
    for row in sums.annotate(minor=Sum("amount_minor")):
        part = Brought(income={row["currency"]: row["minor"]})
        found.setdefault(row["asset_id"], Brought()).add(part)
    for (asset, unit, *_), quantity in _measured(rows).items():
        found[asset].add(Brought(used={unit: quantity}))
    return found


def _measured(rows: QuerySet[Share]) -> dict[tuple[Any, ...], Decimal]:
    """Quantities by asset, unit, period and meter. Several charges may price one meter: the one that
    prices most of it tells what it measured."""
    found: dict[tuple[Any, ...], Decimal] = {}
    quantities = rows.filter(pk__in=_newest(rows), quantity__isnull=False).order_by()
    fields = ("asset_id", "unit", "settled_id", "meter", "charge")
    for *key, charge, quantity in quantities.values_list(*fields).annotate(sum=Sum("quantity")):
        thing = (*key, "" if key[-1] else charge)
        found[thing] = max(found.get(thing, quantity), quantity)
    return found


def _newest(rows: QuerySet[Share]) -> QuerySet[Any]:
    """One row of each line, whichever steps divide it: the last one, whose quantity is that of the line
    as it stands after corrections; amounts are differences, quantities are not."""
    line = ("settled_id", "charge", "tier", "asset_id", "service")
    return rows.order_by(*line, "-generation", "id").distinct(*line).values("pk")


@dataclass(frozen=True, slots=True)
class Served:
    """One thing that the company has a share of. `asset`: None where its passport is not seen."""

    label: str
    provider: str
    asset: Asset | None
    brought: Brought


def things_served(month: Period) -> list[Served]:
    """Others' things by what the company has of their use in a month; four queries."""
    brought = shares_by_asset(month)
    names = own_shares(month).order_by().values_list("asset_id", "asset_label", "provider_name")
    seen = Asset.objects.in_bulk(list(brought))
    served = {
        key: Served(label, provider, seen.get(key), brought[key])
        for key, label, provider in names.distinct() if key in brought
    }  # fmt: skip
    return sorted(served.values(), key=lambda row: (-sum(row.brought.income.values()), row.label))


@dataclass(frozen=True, slots=True)
class Part:
    """What a company has of one contract of another's in a month."""

    provider: str
    contract: str
    currency: str
    minor: int


def shares_by_contract(month: Period) -> list[Part]:
    """The company's shares in a month's periods, the largest first. One query."""
    rows = own_shares(month).order_by()
    sums = rows.values("provider_name", "contract_title", "currency")
    parts = [
        Part(row["provider_name"], row["contract_title"], row["currency"], row["minor"])
        for row in sums.annotate(minor=Sum("amount_minor"))
    ]
    return sorted(parts, key=lambda part: (-part.minor, part.contract))


def latest_share() -> datetime | None:
    """When the newest period began that the company has a share of. One query."""
    rows = Share.objects.filter(partner=current_company()).exclude(partner=F("author"))
    found: datetime | None = rows.aggregate(latest=Max("period_start"))["latest"]
    return found


def own_shares(month: Period) -> QuerySet[Share]:
    """What the company has of others' periods that begin in the month."""
    rows: QuerySet[Share] = Share.objects.filter(
        partner=current_company(), period_start__gte=month.start, period_start__lt=month.end
    )
    return rows.exclude(partner=F("author"))

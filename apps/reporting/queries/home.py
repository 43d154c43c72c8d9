"""What the home page shows, each figure by one query, however many rows there are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, Min, Q
from django.utils import timezone

from apps.assets.models import Asset, AssetType
from apps.billing.models import BillingRun, Invoice, RunItem
from apps.contracts.models import Contract
from apps.contracts.queries import offers_to_sign
from apps.contracts.queries.plans import prices_to_accept
from apps.telemetry.queries import open_counts
from apps.tenancy.context import current_company

SHOWN = 8
SHOWN_INVOICES = 6
MISSED_INTERVALS = 3
DEFAULT_INTERVAL_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of one company at one moment. `provides`, `uses`: running contracts on either side."""

    provides: int = 0
    uses: int = 0
    own_drafts: int = 0
    offers_out: int = 0
    offers_in: int = 0
    prices_in: int = 0
    invoice_drafts: int = 0
    invoices_approved: int = 0
    invoices: int = 0
    parked: int = 0
    refused: int = 0
    disbelieved: int = 0
    assets: int = 0
    collected: int = 0
    heard: int = 0
    silent: int = 0
    types: int = 0

    @property
    def is_provider(self) -> bool:
        return bool(self.provides or self.own_drafts or self.offers_out or self.invoice_drafts)

    @property
    def is_customer(self) -> bool:
        return bool(self.uses or self.offers_in)

    @property
    def has_begun(self) -> bool:
        """Whether there is anything to look at but first steps."""
        return bool(self.is_provider or self.is_customer or self.assets or self.invoices)


def counts(now: datetime, intervals: dict[UUID, tuple[int, int]]) -> Counts:
    """All numbers of the home page; `intervals` as `shortest_intervals` gives them."""
    refused, disbelieved = open_counts()
    return Counts(
        **_contract_counts(now), **_invoice_counts(), **_asset_counts(now, intervals),
        parked=_parked(), refused=refused, disbelieved=disbelieved,
    )  # fmt: skip


def _contract_counts(now: datetime) -> dict[str, int]:
    own = current_company().pk
    state = Contract.State
    return Contract.objects.aggregate(
        provides=Count("id", filter=Q(author=own, state=state.ACTIVE)),
        uses=Count("id", filter=Q(customer=own, state=state.ACTIVE)),
        own_drafts=Count("id", filter=Q(author=own, state=state.DRAFT)),
        offers_out=Count("id", filter=Q(author=own, state=state.OFFERED)),
        offers_in=Count("id", filter=Q(customer=own, state=state.OFFERED)),
        prices_in=Count("id", filter=prices_to_accept(timezone.localdate(now))),
    )


def _invoice_counts() -> dict[str, int]:
    state = Invoice.State
    return Invoice.objects.aggregate(
        invoice_drafts=Count("id", filter=Q(state=state.DRAFT)),
        invoices_approved=Count("id", filter=Q(state=state.APPROVED)),
        invoices=Count("id", filter=Q(state=state.ISSUED)),
    )


def _parked() -> int:
    """Contracts the latest real run of the company had to put aside."""
    own = current_company()
    latest = (
        BillingRun.objects.filter(author=own, dry=False).order_by("-started_at").values("id")[:1]
    )
    return RunItem.objects.filter(run__in=latest, state=RunItem.State.PARKED).count()


def shortest_intervals() -> dict[UUID, tuple[int, int]]:
    """Of every type the company sees: whose it is, and its channels' shortest interval (seconds)."""
    rows = AssetType.objects.annotate(shortest=Min("channels__expected_interval_seconds"))
    return {
        key: (author, shortest or DEFAULT_INTERVAL_SECONDS)
        for key, author, shortest in rows.order_by().values_list("id", "author_id", "shortest")
    }


def _asset_counts(now: datetime, intervals: dict[UUID, tuple[int, int]]) -> dict[str, int]:
    own = current_company().pk
    found: dict[str, int] = Asset.objects.aggregate(
        assets=Count("id"),
        collected=Count("id", filter=Q(author=own)),
        heard=Count("id", filter=Q(author=own, last_reading_at__isnull=False)),
        silent=Count("id", filter=Q(author=own) & _late(intervals, now)),
    )
    return {**found, "types": sum(author == own for author, _seconds in intervals.values())}


def _late(intervals: dict[UUID, tuple[int, int]], now: datetime) -> Q:
    """Assets that missed three of their type's intervals."""
    late = Q(pk__in=[])
    by_seconds: dict[int, list[UUID]] = {}
    for key, (_author, seconds) in intervals.items():
        by_seconds.setdefault(seconds, []).append(key)
    for seconds, types in by_seconds.items():
        limit = now - timedelta(seconds=seconds * MISSED_INTERVALS)
        late |= Q(asset_type__in=types, last_reading_at__lt=limit)
    return late


def latest_invoices() -> list[Invoice]:
    """The newest invoices the company wrote or received, with both names."""
    rows = Invoice.objects.select_related("author", "customer", "contract")
    return list(rows.order_by(F("issued_at").desc(nulls_first=True), "-id")[:SHOWN_INVOICES])


def lately_heard_assets() -> list[Asset]:
    """Assets by their last reading, the latest first."""
    rows = Asset.objects.select_related("customer", "author")
    return list(rows.order_by(F("last_reading_at").desc(nulls_last=True), "name")[:SHOWN])


def latest_offers() -> list[Contract]:
    """Offers the company has still to sign, the latest first."""
    return list(offers_to_sign().order_by("-offered_at")[:SHOWN])

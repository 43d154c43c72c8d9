"""What the home page shows, each part by one query whose cost many rows hardly raise."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F
from django.utils import timezone

from apps.assets.models import Asset
from apps.assets.queries import with_expected_interval
from apps.assets.queries.counting import asset_counts
from apps.billing.models import Invoice
from apps.billing.queries import counting as invoices
from apps.common.period import local_date
from apps.common.rows import COUNTED
from apps.contracts.models import Contract
from apps.contracts.queries import offers_to_sign
from apps.contracts.queries.counting import contract_counts
from apps.payments.queries.counting import approval_counts
from apps.telemetry.queries import open_counts
from apps.tenancy.context import current_company

SHOWN = 8
SHOWN_INVOICES = 6


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of one company at one moment; one beyond COUNTED means that there are more.

    `provides`, `uses`: whether contracts run on either side; `goes_on`: whether on any of them one
    that is not a single job. `payouts`, `losses`, `debits`,
    `refunds`: what waits for a second person's yes.
    """

    provides: bool = False
    uses: bool = False
    goes_on: bool = False
    own_drafts: bool = False
    offers_out: int = 0
    offers_in: int = 0
    prices_in: int = 0
    covers_in: int = 0
    ends_in: int = 0
    invoice_drafts: int = 0
    invoices_approved: int = 0
    invoices: bool = False
    parked: int = 0
    refused: int = 0
    disbelieved: int = 0
    assets: int = 0
    collected: bool = False
    heard: bool = False
    silent: int = 0
    data_requests: int = 0
    types: bool = False
    bills_due: int = 0
    bills_overdue: int = 0
    overdue: int = 0
    disputes: int = 0
    received: int = 0
    payouts: int = 0
    losses: int = 0
    debits: int = 0
    refunds: int = 0

    @property
    def is_provider(self) -> bool:
        return bool(self.provides or self.own_drafts or self.offers_out or self.invoice_drafts)

    @property
    def has_more_assets(self) -> bool:
        """Whether there are assets beyond those counted."""
        return self.assets > COUNTED

    @property
    def is_customer(self) -> bool:
        return bool(self.uses or self.offers_in)

    @property
    def has_begun(self) -> bool:
        """Whether there is anything to look at but first steps."""
        return bool(
            self.is_provider or self.is_customer or self.assets or self.invoices or self.received
        )


def counts(now: datetime, person: int) -> Counts:
    """All numbers of the home page, each counted to COUNTED and one; five queries.

    `person`: who looks, and does not approve what they asked for themselves.
    """
    refused, disbelieved = open_counts(COUNTED + 1)
    today = local_date(now, current_company().time_zone)
    return Counts(
        **contract_counts(timezone.localdate(now), COUNTED + 1),
        **invoices.invoice_counts(today, COUNTED + 1), **asset_counts(now, COUNTED + 1),
        **approval_counts(person, COUNTED + 1),
        refused=refused, disbelieved=disbelieved,
    )  # fmt: skip


def latest_invoices() -> list[Invoice]:
    """The newest invoices the company wrote or received, with both names."""
    return invoices.latest_invoices(SHOWN_INVOICES)


def lately_heard_assets() -> list[Asset]:
    """Assets by their last reading, the latest first, with `expected_interval`."""
    order = (F("last_reading_at").desc(nulls_last=True), "name")
    keys = Asset.objects.order_by(*order).values("pk")[:SHOWN]
    rows = with_expected_interval(Asset.objects.select_related("customer")).filter(pk__in=keys)
    shown = ("name", "type_name", "last_reading_at", "customer__name")
    return list(rows.only(*shown).order_by(*order))


def latest_offers() -> list[Contract]:
    """Offers the company has still to sign, the latest first."""
    return list(offers_to_sign().order_by("-offered_at")[:SHOWN])

"""What each company has of each line of an issued document, and how far a period is settled."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.common.fields import MinorField, QuantityField
from apps.common.period import local_date
from apps.tenancy.fence import FencedModel


class SettledPeriod(FencedModel):
    """How a billed period of a contract is settled: by which split, over which documents.

    Written by the provider alone and seen by it alone. `carried_in` and `carried_out`: by step what
    could not be paid, in minor units.
    """

    prefix = "stp"

    contract = models.ForeignKey("contracts.Contract", on_delete=models.PROTECT, related_name="+")
    billed_period = models.OneToOneField(
        "metering.BilledPeriod", on_delete=models.PROTECT, related_name="+"
    )
    version = models.ForeignKey(
        "contracts.SplitVersion", on_delete=models.PROTECT, related_name="+"
    )
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    # Counts how often shares were posted: 1 at first, one more with each correction.
    generation = models.SmallIntegerField()
    currency = models.CharField(max_length=3)
    net_minor = MinorField()
    carried_in = models.JSONField(default=dict)
    carried_out = models.JSONField(default=dict)
    settled_at = models.DateTimeField()

    class Meta:
        ordering = ["-period_start", "-id"]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["author", "-period_start", "-id"], name="settlement_period_order"),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.period_start:%Y-%m-%d}"

    @property
    def first_day(self) -> date:
        """The period's first day in the contract's zone."""
        return local_date(self.period_start, self.contract.time_zone)

    @property
    def last_moment(self) -> datetime:
        """A moment of the period's last day."""
        return self.period_end - timedelta(microseconds=1)


class Share(FencedModel):
    """A company's part of one line (or of the contract's period), as a frozen row with a snapshot.

    Its price stands there only for a company whose share is a percentage of it. The provider's own
    rest is a share too, seen by the provider alone: so the shares of a period sum to its net.
    """

    prefix = "shr"

    partner = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    settled = models.ForeignKey(SettledPeriod, on_delete=models.PROTECT, related_name="shares")
    terms = models.ForeignKey(
        "contracts.PartnerTerms", on_delete=models.PROTECT, null=True, related_name="+"
    )
    generation = models.SmallIntegerField()
    contract_title = models.CharField(max_length=120)
    provider_name = models.CharField(max_length=120)
    partner_name = models.CharField(max_length=120)
    # The customer's document and its line; a share of the whole period has no line.
    document_id = models.UUIDField()
    document_number = models.CharField(max_length=40)
    line_id = models.UUIDField(null=True)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    time_zone = models.CharField(max_length=64)
    step = models.CharField(max_length=40)
    charge = models.CharField(max_length=40, blank=True)
    # What the charge prices; two charges of one meter measure one thing. Unknown of the earliest shares.
    meter = models.CharField(max_length=40, blank=True)
    tier = models.SmallIntegerField(default=0)
    title = models.JSONField(default=dict)
    asset_id = models.UUIDField(null=True)
    asset_label = models.CharField(max_length=120, blank=True)
    service = models.CharField(max_length=40, blank=True)
    quantity = QuantityField(null=True)
    unit = models.CharField(max_length=20, blank=True)
    unit_price = QuantityField(null=True)
    line_net_minor = MinorField(null=True)
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    recognised_at = models.DateTimeField()

    class Meta:
        ordering = ["-recognised_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=[
                    "author", "settled", "generation", "partner", "step", "charge", "tier",
                    "asset_id", "service",
                ],
                name="settlement_share_once", nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=~Q(amount_minor=0), name="settlement_share_amount"
            ),
        ]  # fmt: skip
        indexes: ClassVar[list[Any]] = [
            # What others have, from both ends; a provider's own rest is most rows and on no list.
            models.Index(
                fields=["partner", "-recognised_at", "-id"],
                name="settlement_share_got",
                condition=~Q(partner=F("author")),
            ),
            models.Index(
                fields=["author", "-recognised_at", "-id"],
                name="settlement_share_given",
                condition=~Q(partner=F("author")),
            ),
            models.Index(
                fields=["partner", "-period_start"],
                name="settlement_share_month",
                condition=~Q(partner=F("author")),
            ),
            models.Index(fields=["document_id"], name="settlement_share_document"),
        ]

    def __str__(self) -> str:
        return f"{self.partner_name} {self.amount_minor} {self.currency}"

    @property
    def last_moment(self) -> datetime:
        """A moment of the period's last day."""
        return self.period_end - timedelta(microseconds=1)

    @property
    def source_words(self) -> str:
        """The charge and asset it comes from; of a step once a period, just that."""
        if not self.charge:
            return _("whole period")
        language = (get_language() or "en")[:2]
        title = self.title.get(language) or next(iter(self.title.values()), self.charge)
        return f"{title} · {self.asset_label}" if self.asset_label else str(title)

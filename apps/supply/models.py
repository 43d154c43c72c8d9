"""An asset offered to another company, and what that company answers."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.assets.models import Asset
from apps.common.fields import MinorField
from apps.common.ids import encode
from apps.supply.domain.terms import MOST_WARRANTY_MONTHS
from apps.tenancy.fence import FencedModel


class AssetTransfer(FencedModel):
    """The owner (author) transfers an asset to the buyer, for nothing or for a price without tax.

    What was offered never changes; the author notes how far it is. The labels are those of the offer:
    the buyer does not see the asset before it owns it, nor the seller afterwards.
    """

    class State(models.TextChoices):
        OFFERED = "offered", _("offered")
        ACCEPTED = "accepted", _("accepted, title to pass")
        PASSED = "done", _("title passed")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")
        LAPSED = "ended", _("lapsed without payment")

    class TitleOn(models.TextChoices):
        ACCEPTANCE = "acceptance", _("on acceptance")
        PAYMENT = "payment", _("when the invoice is paid")

    prefix = "atr"

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="transfers")
    asset_label = models.CharField(max_length=120)
    type_name = models.CharField(max_length=120)
    serial = models.CharField(max_length=80)
    buyer = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    seller_name = models.CharField(max_length=120)
    buyer_name = models.CharField(max_length=120)
    price_minor = MinorField(null=True)
    currency = models.CharField(max_length=3)
    tax_category = models.CharField(max_length=2)
    payment_days = models.SmallIntegerField()
    delivery_on = models.DateField()
    title_on = models.CharField(max_length=10, choices=TitleOn)
    warranty_months = models.SmallIntegerField(null=True)
    note = models.CharField(max_length=500, blank=True)
    offered_by = models.CharField(max_length=200)
    offered_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.OFFERED)
    # Of an accepted sale: what is invoiced.
    contract = models.OneToOneField(
        "contracts.Contract", on_delete=models.PROTECT, null=True, related_name="sale"
    )
    # When the title passed, or since when it never will.
    title_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-offered_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["asset"], condition=Q(state__in=["offered", "accepted"]),
                name="supply_one_open_transfer",
            ),
            models.CheckConstraint(condition=~Q(author=F("buyer")), name="supply_transfer_of_two"),
            models.CheckConstraint(
                condition=Q(price_minor__gt=0) | Q(price_minor=None, title_on="acceptance"),
                name="supply_transfer_price",
            ),
            models.CheckConstraint(
                condition=Q(warranty_months=None)
                | Q(warranty_months__gte=1, warranty_months__lte=MOST_WARRANTY_MONTHS),
                name="supply_transfer_warranty",
            ),
            models.CheckConstraint(
                condition=Q(payment_days__gte=0, payment_days__lte=365),
                name="supply_transfer_payment_days",
            ),
            models.CheckConstraint(
                condition=Q(state="done", title_at__isnull=False, closed_at=F("title_at"))
                | Q(state__in=["offered", "accepted"], title_at=None, closed_at=None)
                | Q(state__in=["refused", "withdrawn", "ended"], title_at=None, closed_at__isnull=False),
                name="supply_transfer_state",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.asset_label}: {self.seller_name} → {self.buyer_name}"

    @property
    def asset_public_id(self) -> str:
        """Copyable id, also where the asset itself is not seen."""
        return encode(Asset.prefix, self.asset_id)

    @property
    def contract_public_id(self) -> str:
        return "" if self.contract_id is None else encode("ctr", self.contract_id)

    @property
    def is_sale(self) -> bool:
        return self.price_minor is not None

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.OFFERED, self.State.ACCEPTED)

    @property
    def given(self) -> "TransferAnswer | None":
        """The buyer's answer, if there is one."""
        return getattr(self, "answer", None)


class TransferAnswer(FencedModel):
    """What the buyer says to an offer, in a row of its own: frozen. The first stands.

    `defects`: what was found, one text each; `reason`: why it is refused.
    """

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        WITH_DEFECTS = "defects", _("accepted with defects")
        REFUSED = "refused", _("refused")

    prefix = "atn"

    transfer = models.OneToOneField(AssetTransfer, on_delete=models.PROTECT, related_name="answer")
    outcome = models.CharField(max_length=8, choices=Outcome)
    defects = models.JSONField(default=list)
    reason = models.CharField(max_length=500, blank=True)
    answered_by = models.CharField(max_length=200)
    answered_at = models.DateTimeField()

    class Meta:
        ordering = ["answered_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(outcome="accepted", defects=[], reason="")
                | (Q(outcome="defects", reason="") & ~Q(defects=[]))
                | (Q(outcome="refused", defects=[]) & ~Q(reason="")),
                name="supply_answer_says_why",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.transfer_id} {self.outcome}"

    @property
    def accepts(self) -> bool:
        return self.outcome != self.Outcome.REFUSED

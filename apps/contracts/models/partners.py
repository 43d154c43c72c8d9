"""How a contract's revenue is split: the whole for the provider alone, each partner's own terms for both.

The customer sees neither, and no partner learns of another: what a company may see is which rows it is
a party of.
"""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.contracts.domain.split import Split
from apps.contracts.models.contracts import Contract
from apps.tenancy.fence import FencedModel


class SplitVersion(FencedModel):
    """The whole waterfall from a day on; in force when every partner it names has signed its terms."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OFFERED = "offered", _("offered")
        AGREED = "agreed", _("agreed")
        WITHDRAWN = "withdrawn", _("withdrawn")

    prefix = "spl"

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="splits")
    number = models.SmallIntegerField()
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT)
    valid_from = models.DateField()
    # What partners read instead of the contract's title, which may name the customer.
    label = models.CharField(max_length=120, blank=True, default="", db_default="")
    split = models.JSONField()
    split_sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    agreed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["contract", "number"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "contract", "number"], name="contracts_split_number"
            ),
            models.UniqueConstraint(
                fields=["author", "contract"], condition=Q(state__in=["draft", "offered"]),
                name="contracts_one_open_split",
            ),
            models.CheckConstraint(
                condition=Q(state="agreed", agreed_at__isnull=False)
                | (~Q(state="agreed") & Q(agreed_at=None)),
                name="contracts_split_agreed",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.contract_id} {self.number}"

    @property
    def value(self) -> Split:
        return Split.from_dict(self.split)


class PartnerTerms(FencedModel):
    """What one partner agrees to. Written with the offer, never changed, at most withdrawn."""

    prefix = "ptm"

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="partner_terms")
    version = models.ForeignKey(SplitVersion, on_delete=models.PROTECT, related_name="partners")
    partner = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    # The contract's, which the partner does not see.
    network = models.ForeignKey(
        "networks.ValueNetwork", on_delete=models.PROTECT, related_name="+", null=True
    )
    provider_name = models.CharField(max_length=120)
    partner_name = models.CharField(max_length=120)
    # The version's label; never the contract's own title.
    title = models.CharField(max_length=120)
    valid_from = models.DateField()
    # The partner's own view of the split (`Split.view_of`), and its charges' names by code.
    terms = models.JSONField()
    charges = models.JSONField()
    terms_sha256 = models.CharField(max_length=64)
    offered_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-offered_at", "-id"]
        verbose_name_plural = "partner terms"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "version", "partner"], name="contracts_terms_once"
            ),
            models.CheckConstraint(
                condition=~Q(author=F("partner")), name="contracts_terms_of_two"
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["partner", "-offered_at", "-id"], name="contracts_terms_received"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def standing(self) -> str:
        """`withdrawn`, whatever was said before; else `accepted` or `refused` as the partner said, or
        `offered`."""
        if self.withdrawn_at:
            return "withdrawn"
        if getattr(self, "signature", None) is not None:
            return "accepted"
        return "offered" if getattr(self, "refusal", None) is None else "refused"


class TermsSignature(FencedModel):
    """A partner's yes to exactly these terms, written by the partner."""

    prefix = "tsg"

    terms = models.OneToOneField(PartnerTerms, on_delete=models.PROTECT, related_name="signature")
    terms_sha256 = models.CharField(max_length=64)
    signed_by = models.CharField(max_length=200)
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["signed_at", "id"]

    def __str__(self) -> str:
        return f"{self.terms_id} {self.author_id}"

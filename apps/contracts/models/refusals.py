"""A no to what was offered, with its reason: a row of who says it, never changed."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.contracts.models.contracts import Contract
from apps.contracts.models.partners import PartnerTerms
from apps.tenancy.fence import FencedModel


class Refusal(FencedModel):
    """Of a contract's content, prices, assets or end with this digest, or of a partner's terms.

    It counts for what was offered before it; as long as that stands it may still be signed.
    """

    class What(models.TextChoices):
        OFFER = "offer", _("offer")
        PRICES = "prices", _("new prices")
        ASSETS = "assets", _("change of assets")
        END = "end", _("end")
        TERMS = "terms", _("terms")

    prefix = "rfs"

    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, null=True, related_name="refusals"
    )
    terms = models.OneToOneField(
        PartnerTerms, on_delete=models.PROTECT, null=True, related_name="refusal"
    )
    what = models.CharField(max_length=6, choices=What)
    content_sha256 = models.CharField(max_length=64)
    reason = models.CharField(max_length=500)
    refused_by = models.CharField(max_length=200)
    refused_at = models.DateTimeField()

    class Meta:
        ordering = ["refused_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(what="terms", contract=None, terms__isnull=False)
                | (~Q(what="terms") & Q(contract__isnull=False, terms=None)),
                name="contracts_refusal_of_one",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="contracts_refusal_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.reason}"

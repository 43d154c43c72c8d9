"""What a side of a contract proposes, and whether the other's yes is still wanted."""

from datetime import date

from django.db.models import Exists, OuterRef

from apps.contracts.models import CoverChange, PlanProposal, Signature
from apps.contracts.queries.refusals import own_refusal
from apps.contracts.queries.spans import BEGINS_IN_FORCE
from apps.tenancy.context import current_company


def waits_for_yes(kind: type[PlanProposal] | type[CoverChange], today: date) -> Exists:
    """A condition on contracts: a proposal of this kind waits for the current company's answer.

    One that was taken back and made again unchanged waits anew: a yes or no before that is another's.
    """
    company = current_company()
    signed = Signature.objects.filter(
        author=company, contract=OuterRef("contract"), content_sha256=OuterRef("content_sha256"),
        signed_at__gte=OuterRef("made_at"),
    )  # fmt: skip
    waiting = kind.objects.filter(
        BEGINS_IN_FORCE, contract=OuterRef("pk"), contract__customer=company,
        state=kind.State.OPEN, valid_from__gt=today,
    )  # fmt: skip
    return Exists(waiting.exclude(Exists(signed)).exclude(own_refusal("made_at")))

"""The demo's partners: who lets the provider write its invoices, and the statements of what is shared."""

from datetime import datetime, timedelta

from apps.common.period import local_date
from apps.settlement.models import SelfBillingAgreement
from apps.settlement.operations import (
    AgreementFacts,
    answer_agreement,
    issue_statements,
    offer_agreement,
)
from apps.tenancy.context import company_context, current_company
from apps.tenancy.models import Company

# The workshop sends its own invoices; of its shares it gets an advice.
SELF_BILLED = ("kontorlease", "nordgrid", "nordreif", "rotorwerke")
ACTOR = "demo"


def agree_on_self_billing(*, now: datetime) -> None:
    """With each of these partners an agreement that it accepted, for a year back. Twice is once."""
    agreed = SelfBillingAgreement.objects.written_by(current_company())
    known = set(agreed.values_list("partner__slug", flat=True))
    for partner in Company.objects.filter(slug__in=set(SELF_BILLED) - known).order_by("slug"):
        first = local_date(now - timedelta(days=365), current_company().time_zone)
        facts = AgreementFacts(
            first, None, tax_status=SelfBillingAgreement.TaxStatus.STANDARD,
            tax_proof="Certificate of the tax office", tax_proof_on=first, objection_days=14,
        )  # fmt: skip
        offered = offer_agreement(partner=partner, facts=facts, now=now, actor=ACTOR)
        with company_context(partner):
            answer_agreement(agreement_id=offered.pk, accepted=True, now=now, actor=ACTOR)


def write_statements(*, now: datetime) -> None:
    """Of every share that waits for one; their files come from jobs."""
    after = None
    while (issued := issue_statements(now=now, actor=ACTOR, after=after)).last is not None:
        after = issued.last

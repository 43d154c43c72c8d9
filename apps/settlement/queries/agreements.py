"""Self-billing agreements of the current company."""

from django.db.models import QuerySet

from apps.settlement.models import SelfBillingAgreement


def agreements_seen() -> QuerySet[SelfBillingAgreement]:
    """Those the company offered and those it was offered, with the partner's answer."""
    rows: QuerySet[SelfBillingAgreement] = SelfBillingAgreement.objects.select_related("answer")
    return rows

"""Plans as data, each company's subscription, and companies that come and go."""

from apps.subscriptions.models.coming_and_going import Certificate, Departure, SignUp
from apps.subscriptions.models.plans import (
    STANDINGS,
    Plan,
    PlanInvoice,
    Sponsorship,
    Subscription,
    UseReport,
)

__all__ = [
    "STANDINGS",
    "Certificate",
    "Departure",
    "Plan",
    "PlanInvoice",
    "SignUp",
    "Sponsorship",
    "Subscription",
    "UseReport",
]

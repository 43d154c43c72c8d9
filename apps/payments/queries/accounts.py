"""Where companies are paid, as far as the current one may see it."""

from django.db.models import QuerySet

from apps.payments.models import BankAccount, Mandate, StripeAccount
from apps.tenancy.context import current_company
from apps.tenancy.models import Company


def open_accounts() -> QuerySet[BankAccount]:
    """The current company's own accounts in use, the main one first."""
    rows: QuerySet[BankAccount] = BankAccount.objects.written_by(current_company())
    return rows.filter(closed_at=None)


def main_account(company: Company | None = None) -> BankAccount | None:
    """Where a company is paid: the current one, or a partner that shows it."""
    rows: QuerySet[BankAccount] = BankAccount.objects.filter(is_main=True, closed_at=None)
    return rows.filter(author=company or current_company()).first()


def own_stripe_account() -> StripeAccount | None:
    found: StripeAccount | None = StripeAccount.objects.written_by(current_company()).first()
    return found


def mandates_given() -> QuerySet[Mandate]:
    """By which partners collect from the current company, revoked ones too."""
    rows: QuerySet[Mandate] = Mandate.objects.written_by(current_company())
    return rows


def mandates_held() -> QuerySet[Mandate]:
    """By which the current company collects, in force."""
    rows: QuerySet[Mandate] = Mandate.objects.filter(creditor=current_company(), state="active")
    return rows

"""Where companies are paid, as far as the current one may see it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from apps.payments.domain.accounts import cooled_down_at
from apps.payments.models import BankAccount, Mandate, SavedMandate, StripeAccount
from apps.payments.models.payouts import Way
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


def main_accounts(companies: Iterable[int]) -> dict[int, BankAccount]:
    """By company where it is paid, as far as it shows it. One query."""
    rows = BankAccount.objects.filter(author__in=set(companies), is_main=True, closed_at=None)
    return {row.author_id: row for row in rows}


def stripe_accounts(companies: Iterable[int]) -> dict[int, str]:
    """By company its account at Stripe that can be paid. One query."""
    rows = StripeAccount.objects.filter(author__in=set(companies), payouts_enabled=True)
    return dict(rows.values_list("author_id", "account_id"))


def own_stripe_account() -> StripeAccount | None:
    found: StripeAccount | None = StripeAccount.objects.written_by(current_company()).first()
    return found


def free_from(payees: Collection[int], method: str) -> dict[int, datetime]:
    """By company from when on money may go to its account; who shows none is left out. One query."""
    if method == Way.SEPA:
        accounts = BankAccount.objects.filter(author__in=payees, is_main=True, closed_at=None)
        return {row.author_id: cooled_down_at(row.changed_at) for row in accounts}
    found = StripeAccount.objects.filter(author__in=payees, payouts_enabled=True)
    return {row.author_id: cooled_down_at(row.connected_at) for row in found}


@dataclass(frozen=True, slots=True)
class Mandates:
    """Those the current company gave, revoked ones too, and those it holds, in force."""

    given: list[Any]
    held: list[Any]


def mandates_seen() -> tuple[Mandates, Mandates]:
    """Signed here, and saved with the provider. Two queries."""
    saved = SavedMandate.objects.exclude(state=SavedMandate.State.EXPIRED)
    return _sorted_out(Mandate.objects.all()), _sorted_out(saved)


def _sorted_out(rows: QuerySet[Any]) -> Mandates:
    own, found = current_company().pk, list(rows)
    return Mandates(
        [row for row in found if row.author_id == own],
        [row for row in found if row.creditor_id == own and row.state == "active"],
    )


def mandates_given() -> QuerySet[Mandate]:
    """By which partners collect from the current company, revoked ones too."""
    rows: QuerySet[Mandate] = Mandate.objects.written_by(current_company())
    return rows


def saved_held() -> QuerySet[SavedMandate]:
    """By which the current company collects through the provider, in force."""
    rows: QuerySet[SavedMandate] = SavedMandate.objects.filter(
        creditor=current_company(), state=SavedMandate.State.ACTIVE
    )  # fmt: skip
    return rows


def mandates_held() -> QuerySet[Mandate]:
    """By which the current company collects, in force."""
    rows: QuerySet[Mandate] = Mandate.objects.filter(creditor=current_company(), state="active")
    return rows

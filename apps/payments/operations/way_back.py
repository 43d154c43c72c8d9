"""Where the money of a payment goes back to; nobody types it."""

from dataclasses import dataclass
from datetime import datetime

from apps.payments.domain.accounts import in_groups
from apps.payments.models import BankEntry, Payment
from apps.payments.queries.accounts import main_account
from apps.payments.queries.money import origin_of
from apps.tenancy.context import current_company

BY_PROVIDER = "pi_"


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """An account, or the payment intent that the provider gives back. `is_payers`: the account is
    not where it came from, but where the payer says that it is paid, since `changed_at`."""

    intent: str = ""
    holder_name: str = ""
    iban: str = ""
    bic: str = ""
    is_payers: bool = False
    changed_at: datetime | None = None

    @property
    def grouped_iban(self) -> str:
        return in_groups(self.iban)


def way_back(payment: Payment) -> WayBack | None:
    """Of money of the current company; None where it is not known where it came from.

    What is here again because a refund through the provider failed goes to the bank account that the
    payer shows, for the provider could not reach it; without one the provider is asked once more.
    """
    origin = origin_of(payment)
    came_back = origin.pk != payment.pk
    if came_back and (found := _account_of_payer(payment)) is not None:
        return found
    if origin.provider_ref.startswith(BY_PROVIDER):
        return WayBack(intent=origin.provider_ref)
    entry = _sender_of(payment)
    if entry is None:
        return None
    name = (entry.other_name or payment.payer_name)[:70]
    return WayBack(holder_name=name, iban=entry.other_iban)


def _account_of_payer(payment: Payment) -> WayBack | None:
    if payment.payer is None or payment.currency != "EUR":
        return None
    shown = main_account(payment.payer)
    if shown is None:
        return None
    return WayBack(
        holder_name=shown.holder_name, iban=shown.iban, bic=shown.bic, is_payers=True,
        changed_at=shown.changed_at,
    )  # fmt: skip


def _sender_of(payment: Payment) -> BankEntry | None:
    """The bank's entry of a transfer in euros that says from which account it came."""
    if payment.currency != "EUR":
        return None
    entries = BankEntry.objects.written_by(current_company()).filter(
        payment=payment, amount_minor__gt=0, is_return=False
    )  # fmt: skip
    found: BankEntry | None = entries.exclude(other_iban="").first()
    return found


def is_refundable(payment: Payment) -> bool:
    """Received by the current company, not given back as a whole, and it is known where it goes."""
    if payment.author_id != current_company().pk or payment.state != Payment.State.SUCCEEDED:
        return False
    return way_back(payment) is not None

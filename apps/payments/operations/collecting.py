"""Direct debits under signed mandates: a file for the bank, and a payment under way for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.common.fields import uuid7
from apps.common.ids import encode
from apps.common.period import local_date
from apps.events.operations import record
from apps.payments.domain.bank_files import Debit, Party, debits_file
from apps.payments.models import BankAccount, BankFile, Mandate, Payment
from apps.payments.operations.files import store_file
from apps.payments.operations.received import Incoming, record_payment
from apps.payments.queries.accounts import main_account, mandates_held
from apps.tenancy.context import current_company

# SEPA core: the bank wants the file a banking day before; two days leave time to hand it in.
EARLIEST = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What is collected from a debtor for which document, in cents."""

    payer_id: int
    reference: str
    title: str
    amount_minor: int


@transaction.atomic
def collect_by_debit(
    *, items: Sequence[Collection], collected_on: date, now: datetime, actor: Any
) -> BankFile:
    """A pain.008 file of these collections, each a payment under way until the bank books it.

    Raises ValidationError: no items, too early a day, no own account or creditor identifier, a
    debtor without a mandate, or a document that is being collected already.
    """
    account = own_account(collected_on, now)
    mandates = {row.author_id: row for row in mandates_held()}
    if not items:
        raise ValidationError(_("There is nothing to collect."))
    debits = [_collect(item, mandates, collected_on, now) for item in items]
    content = debits_file(
        Party(account.holder_name, account.iban, account.bic), account.creditor_id, debits, "EUR",
        collected_on,
    )  # fmt: skip
    record(
        action="payments.collected", now=now, actor=actor,
        details={"debits": len(debits), "total_minor": sum(one.amount_minor for one in debits)},
    )  # fmt: skip
    return store_file(
        kind=BankFile.Kind.DEBITS, content=content, entry_count=len(debits), currency="EUR",
        total_minor=sum(one.amount_minor for one in debits), now=now,
    )  # fmt: skip


def own_account(collected_on: date, now: datetime) -> BankAccount:
    """What is collected to on a day. Raises ValidationError: too early, or not set up for it."""
    today = local_date(now, current_company().time_zone)
    if collected_on < today + EARLIEST:
        raise ValidationError(
            _("Collect in two days at the earliest: the bank needs the file before.")
        )
    account = main_account()
    if account is None or not account.creditor_id:
        raise ValidationError(
            _("Direct debits need a bank account with your creditor identifier. Add both first.")
        )
    return account


def _collect(
    item: Collection, mandates: dict[int, Mandate], collected_on: date, now: datetime
) -> Debit:
    mandate = mandates.get(item.payer_id)
    if mandate is None:
        raise ValidationError(_("%(document)s: the customer has given no mandate.")
                              % {"document": item.title})  # fmt: skip
    identity = encode(Payment.prefix, uuid7())
    incoming = Incoming(
        provider_ref=identity, amount_minor=item.amount_minor, currency="EUR",
        method=Payment.Method.SEPA_DEBIT, reference=item.reference, title=item.title,
        payer_id=item.payer_id, payer_name=mandate.debtor_name,
        mandate_reference=mandate.reference, collected_on=collected_on,
    )  # fmt: skip
    try:
        with transaction.atomic():
            record_payment(payment=incoming, state=Payment.State.PENDING, now=now)
    except IntegrityError:
        raise ValidationError(
            _("%(document)s is being collected already.") % {"document": item.title}
        ) from None
    debtor = Party(mandate.debtor_name, mandate.iban, mandate.bic)
    return Debit(
        identity, debtor, item.amount_minor, item.title, mandate.reference, mandate.signed_on
    )

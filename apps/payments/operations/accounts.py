"""A company's own bank accounts, mandates it signs, and its account at Stripe."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.addresses import company_url
from apps.common.fields import uuid7
from apps.common.ids import encode
from apps.events.operations import record
from apps.payments.domain.accounts import BadIban, BankDetails, bank_details, is_creditor_id
from apps.payments.models import BankAccount, Mandate, StripeAccount
from apps.payments.operations.provider import ask
from apps.payments.queries.accounts import main_account, open_accounts, own_stripe_account
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.queries import known_company_ids


def checked(iban: str) -> BankDetails:
    """Raises ValidationError for what is no IBAN."""
    try:
        return bank_details(iban)
    except BadIban:
        raise ValidationError(
            {"iban": _("This is no IBAN: check length, country and digits.")}
        ) from None


@transaction.atomic
def open_account(
    *, holder_name: str, iban: str, creditor_id: str, now: datetime, actor: Any
) -> BankAccount:
    """Add a bank account; the first one is where others pay to. Twice is once.

    Raises ValidationError for a wrong IBAN or creditor identifier.
    """
    details, creditor = checked(iban), "".join(creditor_id.split()).upper()
    if creditor and not is_creditor_id(creditor):
        told = _("This is no creditor identifier: check length and digits.")
        raise ValidationError({"creditor_id": told})
    known = open_accounts().filter(iban=details.iban).first()
    if known is not None:
        return known
    own, is_main = current_company(), main_account() is None
    made: BankAccount = BankAccount.objects.create(
        author=own, parties=_shown_to() if is_main else [own.pk], holder_name=holder_name,
        iban=details.iban, bic=details.bic, creditor_id=creditor, is_main=is_main, changed_at=now,
    )  # fmt: skip
    _note("bank_account_opened", made.public_id, actor, now, iban=details.iban[-4:])
    return made


def _note(action: str, subject: str, actor: Any, now: datetime, **details: Any) -> None:
    record(action=f"payments.{action}", subject=subject, now=now, actor=actor, details=details)


def _shown_to() -> list[int]:
    """The company and its partners: who may pay it or be paid by it."""
    return sorted(known_company_ids())


@transaction.atomic
def make_main(*, account: BankAccount, now: datetime, actor: Any) -> BankAccount:
    """Others pay here from now on; payouts of others wait out the cool-down. Twice is once."""
    rows = {row.pk: row for row in open_accounts().select_for_update(of=("self",)).order_by("id")}
    chosen = rows.get(account.pk)
    if chosen is None:
        raise ValidationError(_("This account is closed."))
    if chosen.is_main:
        return chosen
    for row in rows.values():
        if row.is_main:
            row.is_main = False
            row.save(update_fields=["is_main"])
    chosen.is_main, chosen.changed_at, chosen.parties = True, now, _shown_to()
    chosen.save(update_fields=["is_main", "changed_at", "parties"])
    _note("main_account_changed", chosen.public_id, actor, now, iban=chosen.iban[-4:])
    return chosen


@transaction.atomic
def close_account(*, account: BankAccount, now: datetime, actor: Any) -> None:
    """Use it no more. Raises ValidationError for the one others pay to. Twice is once."""
    row = BankAccount.objects.written_by(current_company()).select_for_update(of=("self",)).get(
        pk=account.pk
    )  # fmt: skip
    if row.closed_at is not None:
        return
    if row.is_main:
        raise ValidationError(_("Others pay to this account. Choose another one for that first."))
    row.closed_at, row.parties = now, [row.author_id]
    row.save(update_fields=["closed_at", "parties"])
    _note("bank_account_closed", row.public_id, actor, now, iban=row.iban[-4:])


@transaction.atomic
def show_payment_details(*, companies: Iterable[Company] = ()) -> None:
    """Let partners, and these companies, see where the current company is paid. Twice is once."""
    seen = sorted({*_shown_to(), *(company.pk for company in companies)})
    for rows in (BankAccount.objects.filter(is_main=True), StripeAccount.objects.all()):
        for row in rows.written_by(current_company()).select_for_update(of=("self",)):
            if row.parties != seen:
                row.parties = seen
                row.save(update_fields=["parties"])


@transaction.atomic
def sign_mandate(*, creditor: Company, now: datetime, actor: Any) -> Mandate:
    """Let a partner collect from the own main account by direct debit. Twice is once.

    Raises ValidationError where there is no account to collect from.
    """
    own, account = current_company(), main_account()
    if account is None:
        raise ValidationError(_("Add your bank account first."))
    known = Mandate.objects.written_by(own).filter(creditor=creditor, state="active").first()
    if known is not None:
        found: Mandate = known
        return found
    key = uuid7()
    reference = encode(Mandate.prefix, key).upper().replace("_", "-")
    try:
        with transaction.atomic():
            made: Mandate = Mandate.objects.create(
                id=key, author=own, parties=sorted({own.pk, creditor.pk}), creditor=creditor,
                creditor_name=creditor.name, debtor_name=account.holder_name, iban=account.iban,
                bic=account.bic, reference=reference,
                signed_on=now.astimezone(ZoneInfo(own.time_zone)).date(), signed_by=str(actor)[:200],
            )  # fmt: skip
    except IntegrityError:
        return Mandate.objects.get(author=own, creditor=creditor, state="active")
    record(
        action="payments.mandate_signed", subject=made.public_id, now=now, actor=actor,
        also=[creditor.pk], details={"reference": reference},
    )  # fmt: skip
    return made


@transaction.atomic
def revoke_mandate(*, mandate: Mandate, now: datetime, actor: Any) -> bool:
    """Nothing is collected under it from now on. Whether it was in force."""
    changed = Mandate.objects.written_by(current_company()).filter(
        pk=mandate.pk, state=Mandate.State.ACTIVE
    ).update(state=Mandate.State.REVOKED, revoked_at=now)  # fmt: skip
    if changed:
        record(
            action="payments.mandate_revoked", subject=mandate.public_id, now=now, actor=actor,
            also=[mandate.creditor_id], details={"reference": mandate.reference},
        )  # fmt: skip
    return bool(changed)


@transaction.atomic
def connect_stripe(*, now: datetime, actor: Any) -> StripeAccount:
    """Open the company's account at Stripe, once; the company then tells Stripe who it is.

    Raises ValidationError in the provider's words.
    """
    known = own_stripe_account()
    if known is not None:
        return known
    own = current_company()
    params: Any = {
        "type": "express", "country": own.country, "metadata": {"company": str(own.pk)},
        "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True},
                         "sepa_debit_payments": {"requested": True}},
        **({"email": own.email} if own.email else {}),
    }  # fmt: skip
    key: Any = {"idempotency_key": f"account-{own.schema_name}"}
    account = ask(lambda stripe: stripe.v1.accounts.create(params, key))
    made: StripeAccount
    made, is_new = StripeAccount.objects.get_or_create(
        author=own, defaults={
            "parties": _shown_to(), "account_id": account.id, "connected_at": now, "told_at": now,
        },
    )  # fmt: skip
    if is_new:
        _note("stripe_connected", made.public_id, actor, now, account=account.id)
    return made


def onboarding_link(account: StripeAccount) -> str:
    """The provider's page where the company tells who it is; good for minutes, never stored."""
    page = company_url(current_company(), reverse("payment_settings"))
    params: Any = {
        "account": account.account_id, "type": "account_onboarding", "return_url": page,
        "refresh_url": page,
    }  # fmt: skip
    return str(ask(lambda stripe: stripe.v1.account_links.create(params)).url)

"""A payer is sent to the provider's Checkout page, once per document and amount."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.accounts.addresses import company_url, local_path
from apps.payments.domain.amounts import NotPayable, to_provider
from apps.payments.models import CheckoutRequest, StripeAccount
from apps.payments.operations.closing_pages import begin_page
from apps.payments.operations.provider import ask
from apps.payments.queries.money import is_under_way
from apps.tenancy.context import current_company
from apps.tenancy.models import Company

STATE = CheckoutRequest.State
# What a customer pays with; SEPA in euros alone.
METHODS = {"EUR": ["card", "sepa_debit"]}


@transaction.atomic
def start_checkout(
    *, payee: Company, reference: str, title: str, amount_minor: int, currency: str,
    return_url: str, now: datetime,
) -> str:  # fmt: skip
    """Ask the current company (the payer) for an amount at the provider's page.

    Returns the address of the portal's own page that leads there: a form may redirect to it, for
    it stays on this host. Twice is once. Raises ValidationError where the payee takes no payment
    online, the amount is not positive, money for the document is under way, or the provider refuses.
    """
    account = account_of(payee)
    if amount_minor <= 0:
        raise ValidationError(_("Nothing is open on this document any more."))
    begin_page(payee.pk)
    if is_under_way(payee, reference):
        raise ValidationError(
            _("Money for this document is under way already; paying now would pay it twice.")
        )
    _refuse_odd(amount_minor, currency)
    asked = _open_request(payee, reference, title, amount_minor, currency, return_url, now)
    if asked.session_id and _is_over(asked, now):
        asked = _open_request(payee, reference, title, amount_minor, currency, return_url, now)
    if not asked.session_id:
        asked.session_id = _session(asked, account)
        asked.save(update_fields=["session_id"])
    return reverse("checkout_detail", args=[asked.public_id])


def _refuse_odd(amount_minor: int, currency: str) -> None:
    """The provider cannot ask for every amount of currencies with three decimals."""
    try:
        to_provider(amount_minor, currency)
    except NotPayable:
        raise ValidationError(
            _("Online payment takes %(currency)s only in steps of 0.01. Pay by bank transfer and "
              "name the document.") % {"currency": currency}
        ) from None  # fmt: skip


def account_of(company: Company) -> StripeAccount:
    """The company's account as far as it is shown here. Raises ValidationError without one."""
    found: StripeAccount | None = StripeAccount.objects.written_by(company).first()
    if found is None or not found.charges_enabled:
        raise ValidationError(
            _("%(company)s takes no payments online. Pay by bank transfer and name the document.")
            % {"company": company.name}
        )
    return found


def _open_request(
    payee: Company, reference: str, title: str, amount_minor: int, currency: str,
    return_url: str, now: datetime,
) -> CheckoutRequest:  # fmt: skip
    own = current_company()
    key = {
        "author": own, "payee": payee, "reference": reference, "amount_minor": amount_minor,
        "currency": currency, "state": STATE.OPEN,
    }  # fmt: skip
    rows = CheckoutRequest.objects.select_for_update(of=("self",))
    given = {
        "parties": sorted({own.pk, payee.pk}), "payee_name": payee.name, "title": title[:120],
        "return_path": local_path(return_url)[:300], "started_at": now,
    }  # fmt: skip
    try:
        with transaction.atomic():
            found: CheckoutRequest = rows.get_or_create(**key, defaults=given)[0]
    except IntegrityError:
        found = rows.get(**key)
    return found


def _is_over(asked: CheckoutRequest, now: datetime) -> bool:
    """Whether the page cannot be used any more; a completed one is being noted."""
    session = session_of(asked)
    if session.status == "complete":
        raise ValidationError(_("This is paid already; the payment is noted in a moment."))
    if session.status == "open":
        return False
    close_request(request=asked, state=STATE.EXPIRED, now=now)
    return True


def session_of(asked: CheckoutRequest) -> Any:
    """The provider's session, freshly read. Raises ValidationError."""
    return ask(lambda stripe: stripe.v1.checkout.sessions.retrieve(asked.session_id))


def _session(asked: CheckoutRequest, account: StripeAccount) -> str:
    """Made once: the request's id is the idempotency key."""
    page = company_url(current_company(), reverse("checkout_detail", args=[asked.public_id]))
    told = {"request": str(asked.pk), "payer": str(asked.author_id), "payee": str(asked.payee_id)}
    money = {
        **told, "company": str(asked.payee_id), "reference": asked.reference,
        "title": asked.title, "payer_name": current_company().name,
    }  # fmt: skip
    line = {
        "quantity": 1,
        "price_data": {
            "currency": asked.currency.lower(), "unit_amount": to_provider(asked.amount_minor, asked.currency),
            "product_data": {"name": asked.title or asked.reference},
        },
    }  # fmt: skip
    params: Any = {
        "mode": "payment", "line_items": [line],
        "payment_method_types": METHODS.get(asked.currency, ["card"]),
        "success_url": page, "cancel_url": page, "client_reference_id": asked.public_id,
        "locale": "de" if (get_language() or "").startswith("de") else "en",
        "metadata": {**told, "company": str(asked.author_id)},
        "payment_intent_data": {
            "metadata": money, "on_behalf_of": account.account_id,
            "transfer_group": asked.reference,
        },
    }  # fmt: skip
    key: Any = {"idempotency_key": asked.public_id}
    made = ask(lambda stripe: stripe.v1.checkout.sessions.create(params, key))
    return str(made.id)


@transaction.atomic
def close_request(*, request: CheckoutRequest, state: str, now: datetime) -> bool:
    """Note that the page was completed or has expired. Whether it was open."""
    changed = CheckoutRequest.objects.written_by(current_company()).filter(
        pk=request.pk, state=STATE.OPEN
    ).update(state=state, closed_at=now)  # fmt: skip
    return bool(changed)

"""From an e-mail address to a company: asked, proven by the mailed link, described, set up in the background."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.addresses import public_url
from apps.accounts.domain.tokens import hash_of, new_token
from apps.accounts.models import User
from apps.accounts.operations import add_membership
from apps.subscriptions.models import Plan, SignUp
from apps.subscriptions.operations.agreeing import start_trial
from apps.subscriptions.queries import PARTICIPANT, own_subscription
from apps.tenancy.domain.addresses import is_free_form
from apps.tenancy.models import Company
from apps.tenancy.operations import build_schema, register_company
from apps.tenancy.queries import company_by_slug

LIFE = timedelta(days=2)
# Mails to one address within a day; tries of one mail.
MOST_MAILS, TRIES = 5, 3
PROOF_PATH = "/sign-up/proof/"
STATE = SignUp.State
Inside = Callable[[Company], AbstractContextManager[object]]


@transaction.atomic
def ask_for_company(*, email: str, language: str, now: datetime) -> SignUp | None:
    """Have a link mailed to this address. The answer is the same for whoever is known here already.

    None where the address had its mails of today. Raises ValidationError for what is no address.
    """
    email = email.strip().lower()
    validate_email(email)
    today = SignUp.objects.filter(email=email, asked_at__gt=now - timedelta(days=1))
    if today.count() >= MOST_MAILS:
        return None
    made: SignUp = SignUp.objects.create(
        email=email, language=language, asked_at=now, expires_at=now + LIFE
    )
    return made


def mail_links(*, now: datetime) -> int:
    """As the platform's worker: send what waits. Returns how many were sent.

    The try is noted before the mail leaves, so that a worker that dies sends the next one at most.
    """
    sent = 0
    waiting = SignUp.objects.filter(
        state=STATE.ASKED, mailed_at=None, mail_tries__lt=TRIES, expires_at__gt=now
    )
    for key in list(waiting.values_list("pk", flat=True)[:100]):
        token = new_token()
        noted = waiting.filter(pk=key).update(
            token_hash=hash_of(token), mail_tries=_next_try(key), mailed_at=now
        )
        if noted:
            sent += _mail(SignUp.objects.get(pk=key), token)
    return sent


def _next_try(key: UUID) -> int:
    return SignUp.objects.values_list("mail_tries", flat=True).get(pk=key) + 1


def _mail(row: SignUp, token: str) -> int:
    context = {"url": public_url(PROOF_PATH, token=token)}
    with translation.override(row.language):
        subject = _("Your company's portal")
        text = render_to_string("public/mail/proof.txt", context)
    try:
        return EmailMessage(subject, text, to=[row.email]).send()
    except OSError:
        SignUp.objects.filter(pk=row.pk).update(mailed_at=None)
        return 0


def asked_by(token_hash: str, now: datetime) -> SignUp | None:
    """The sign-up whose mail carried this token, while the link is good."""
    if not token_hash:
        return None
    rows = SignUp.objects.filter(token_hash=token_hash, expires_at__gt=now)
    return rows.first()


@transaction.atomic
def prove_address(*, token_hash: str, now: datetime) -> SignUp:
    """Whoever presses the button of the mailed link's page reads that address's mail. Twice is once.

    Raises ValidationError for a link that is over.
    """
    row = asked_by(token_hash, now)
    if row is None:
        raise ValidationError(_("This link is over. Ask for a new one."))
    if row.state == STATE.ASKED:
        row.state = STATE.PROVEN
        row.save(update_fields=["state"])
    return row


def must_be_free(slug: str) -> None:
    """Raises ValidationError for an odd, a reserved or a taken address name."""
    if not is_free_form(slug):
        told = _(
            "Use 2 to 40 lower-case letters, digits and single hyphens, beginning with a letter; some names are reserved."
        )
        raise ValidationError({"slug": told})
    asked = SignUp.objects.filter(slug=slug, state=STATE.BUILDING)
    if company_by_slug(slug) is not None or asked.exists():
        raise ValidationError({"slug": _("This address is taken.")})


@transaction.atomic
def order_company(
    *, sign_up: SignUp, person: User, slug: str, plan: Plan, facts: Mapping[str, str], now: datetime
) -> SignUp:
    """Have the company set up, with this person as its director. Twice is once.

    `facts`: name, country (ISO 3166), address, VAT id, language, time zone, currency. Raises ValidationError
    for an unproven or other address, and for a name that is odd, reserved or taken.
    """
    row = SignUp.objects.select_for_update().get(pk=sign_up.pk)
    if row.state in (STATE.BUILDING, STATE.READY):
        return row
    if row.state == STATE.ASKED or row.email != person.email or row.expires_at <= now:
        raise ValidationError(_("This link is over. Ask for a new one."))
    must_be_free(slug)
    row.user, row.slug, row.plan, row.facts = person, slug, plan, dict(facts)
    row.state, row.reason = STATE.BUILDING, ""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise ValidationError({"slug": _("This address is taken.")}) from None
    return row


def set_up_companies(*, now: datetime, inside: Inside) -> int:
    """As the platform's worker: set up what was ordered, one after the other. Returns how many stand now.

    `inside(company)`: a context in which the new company itself acts, as the portal's processes do.
    Each step is done once, whatever stops in between: the row names the company from its first statement on.
    """
    done = 0
    for row in SignUp.objects.filter(state=STATE.BUILDING).order_by("asked_at")[:20]:
        try:
            _set_up(row, now, inside)
        except ValidationError as error:
            told = " ".join(error.messages)[:200]
            SignUp.objects.filter(pk=row.pk).update(state=STATE.FAILED, reason=told)
        else:
            done += 1
    return done


def _set_up(row: SignUp, now: datetime, inside: Inside) -> None:
    company = row.company or _registered(row, now)
    if company.state == Company.State.PROVISIONING:
        build_schema(company=company)
    with inside(company), transaction.atomic():
        assert row.user is not None, "what is being set up has a person (check)"
        add_membership(user=row.user, position="director", now=now, actor=row.user)
        if row.plan is not None and row.plan_id != PARTICIPANT and row.plan.trial_days:
            _begin_trial(row, row.plan, now)
    SignUp.objects.filter(pk=row.pk).update(state=STATE.READY)


def _begin_trial(row: SignUp, plan: Plan, now: datetime) -> None:
    if own_subscription() is None:
        start_trial(plan=plan, now=now, actor=row.user)


@transaction.atomic
def _registered(row: SignUp, now: datetime) -> Company:
    company = register_company(slug=row.slug, now=now, **row.facts)
    SignUp.objects.filter(pk=row.pk).update(company=company)
    return company


def forget_sign_ups(*, now: datetime) -> int:
    """Drop what came to nothing. Returns how many rows."""
    over = SignUp.objects.filter(expires_at__lt=now - LIFE).exclude(state=STATE.BUILDING)
    return over.delete()[0]

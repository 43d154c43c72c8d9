"""From an e-mail address to a company: asked, proven by the mailed link, described, set up in the background."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.addresses import public_url
from apps.accounts.domain.tokens import hash_of, new_token
from apps.accounts.models import User
from apps.accounts.operations import add_membership
from apps.accounts.operations.vat_checks import ask_vat_check
from apps.subscriptions.models import Plan, SignUp
from apps.subscriptions.operations.agreeing import start_trial
from apps.tenancy.context import Inside
from apps.tenancy.domain.addresses import is_free_form
from apps.tenancy.models import Company
from apps.tenancy.operations import build_schema, register_company
from apps.tenancy.queries import company_by_slug

LIFE = timedelta(days=2)
# Mails to one address within a day; tries of one mail.
MOST_MAILS, TRIES = 5, 3
# Of setting a company up: half an hour in all, each wait twice as long as the one before.
MOST_TRIES, FIRST_WAIT = 8, timedelta(seconds=15)
PROOF_PATH = "/sign-up/proof/"
STATE = SignUp.State
logger = logging.getLogger(__name__)


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
            token_hash=hash_of(token), mail_tries=F("mail_tries") + 1, mailed_at=now
        )
        if noted:
            sent += _mail(SignUp.objects.get(pk=key), token)
    return sent


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
    row.state, row.reason, row.tries, row.try_at = STATE.BUILDING, "", 0, None
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise ValidationError({"slug": _("This address is taken.")}) from None
    return row


def set_up_companies(*, now: datetime, inside: Inside) -> int:
    """As the platform's worker: set up what was ordered, one after the other. Returns how many stand now.

    `inside(company)`: a context in which the new company itself acts, as the portal's processes do. Each is
    one transaction, schema and all: whatever stops in between leaves nothing, and the next round begins anew.
    """
    done = 0
    for key in list(_waiting(now).values_list("pk", flat=True)[:20]):
        if _give_up(key) or not _note_try(key, now):
            continue
        try:
            done += _set_up(key, now, inside)
        except Exception:  # one that cannot be set up holds up nobody
            logger.exception("a sign-up could not be set up")
            _give_up(key)
    return done


def _waiting(now: datetime) -> QuerySet[SignUp]:
    """Due ones, those that wait longest first: who failed before stands behind who came since."""
    due = Q(try_at=None) | Q(try_at__lte=now)
    rows = SignUp.objects.filter(due, state=STATE.BUILDING, expires_at__gt=now)
    return rows.order_by(Coalesce("try_at", "asked_at"), "pk")


def _note_try(key: UUID, now: datetime) -> bool:
    """Before it begins, so that one which kills its worker is counted too. False: another worker has it."""
    tries = SignUp.objects.values_list("tries", flat=True).get(pk=key)
    later = now + FIRST_WAIT * 2**tries
    return bool(_waiting(now).filter(pk=key, tries=tries).update(tries=tries + 1, try_at=later))


def _give_up(key: UUID) -> bool:
    """After the last try it fails, with a reason; the person may order anew. Whether it did."""
    rows = SignUp.objects.filter(pk=key, state=STATE.BUILDING, tries__gte=MOST_TRIES)
    row = rows.first()
    if row is None:
        return False
    with translation.override(row.language):
        reason = _(
            "It could not be set up, and that is our fault. Try again later, or write to us."
        )
    return bool(rows.update(state=STATE.FAILED, company=None, reason=reason))


@transaction.atomic
def _set_up(key: UUID, now: datetime, inside: Inside) -> bool:
    """Whether it stands now; another worker's is left to it."""
    rows = SignUp.objects.select_for_update(skip_locked=True, of=("self",))
    row = rows.filter(pk=key, state=STATE.BUILDING).first()
    if row is None:
        return False
    try:
        with transaction.atomic():
            row.company = _opened(row, now, inside)
    except ValidationError as error:
        row.company, row.state, row.reason = None, STATE.FAILED, " ".join(error.messages)[:200]
    else:
        row.state = STATE.READY
    row.save(update_fields=["company", "state", "reason"])
    return row.state == STATE.READY


def _opened(row: SignUp, now: datetime, inside: Inside) -> Company:
    company = register_company(slug=row.slug, now=now, **row.facts)
    build_schema(company=company)
    with inside(company):
        assert row.user is not None, "what is being set up has a person (check)"
        ask_vat_check(now=now)
        add_membership(user=row.user, position="director", now=now, actor=row.user)
        if row.plan is not None and row.plan.trial_days:
            start_trial(plan=row.plan, now=now, actor=row.user)
    return company


def forget_sign_ups(*, now: datetime) -> int:
    """Drop what is over, whatever became of it: the company has what it needs. Returns how many rows."""
    return SignUp.objects.filter(expires_at__lt=now - LIFE).delete()[0]

"""Jobs of subscriptions, and what is done with the provider's messages about them."""

from datetime import datetime
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from apps.accounts.domain.company_facts import FACTS_CHANGED
from apps.events.domain.registry import handles, housekeeping, subscribes
from apps.events.models import Job
from apps.payments.domain.registry import applies
from apps.payments.domain.webhooks import Message
from apps.subscriptions.operations import (
    follow_provider,
    note_use,
    review_standing,
    send_use,
    tell_facts,
    warn_ahead,
)
from apps.subscriptions.operations.certifying import mail_certificates
from apps.subscriptions.operations.erasing import erase_departed
from apps.subscriptions.operations.forgetting import forget_customers
from apps.subscriptions.operations.leaving import write_leaving_export
from apps.subscriptions.operations.reporting_use import SEND_USE, refused_use
from apps.subscriptions.operations.signing_up import (
    forget_sign_ups,
    mail_links,
    set_up_companies,
)
from apps.subscriptions.queries import EXPORT, living_there
from apps.tenancy.context import acting_as, as_platform


@housekeeping("subscriptions.review", daily=True)
def review(job: Job, now: datetime) -> dict[str, Any]:
    """What follows from the day for this company; no answer of the provider is waited for."""
    return {"standing": review_standing(now=now), "warned": warn_ahead(now=now)}


@housekeeping("subscriptions.reconcile", atomic=False, daily=True)
def reconcile(job: Job, now: datetime) -> dict[str, Any]:
    """Every message of the provider may be lost: our rows are what it says; and it learns what was used."""
    if not settings.STRIPE_API_KEY:
        return {}
    status = follow_provider(now=now)
    if not status:
        return {}
    tell_facts(now=now)
    note_use(now=now)
    sent = send_use(now=now)
    return {"status": status, "sent": sent, "refused": refused_use(), "living": living_there()}


@handles(SEND_USE, atomic=False)
def send(job: Job, now: datetime) -> dict[str, Any]:
    """What was used at the end of a period stands on that one's invoice, as long as it is a draft."""
    return {"sent": send_use(now=now), "refused": refused_use()}


@subscribes(FACTS_CHANGED, kind="subscriptions.tell_facts", atomic=False)
def tell(job: Job, now: datetime) -> dict[str, Any]:
    """Its address, or what the register said of its VAT id: the next invoice is written by it."""
    return {"told": tell_facts(now=now)} if settings.STRIPE_API_KEY else {}


@handles(EXPORT, atomic=False)
def export(job: Job, now: datetime) -> dict[str, Any]:
    """Written anew by the next try where a worker stopped."""
    return write_leaving_export(job=job, now=now, clock=timezone.now)


@applies(
    "customer.subscription.created", "customer.subscription.deleted",
    "customer.subscription.paused", "customer.subscription.resumed",
    "customer.subscription.updated", "invoice.created", "invoice.finalized", "invoice.marked_uncollectible",
    "invoice.paid", "invoice.payment_action_required", "invoice.payment_failed",
    "invoice.voided",
)  # fmt: skip
def follow(message: Message, now: datetime) -> str:
    """Something of the company's subscription changed: read there what it is now."""
    return "" if follow_provider(now=now) else "no subscription of this company"


@shared_task(name="peruse.set_up_companies", ignore_result=True)
def sign_ups() -> int:
    """Mail the links that wait, set up the companies that were ordered (platform worker); rung by each, and by beat."""
    now = timezone.now()
    with as_platform():
        mail_links(now=now)
        done = set_up_companies(now=now, inside=acting_as)
        forget_sign_ups(now=now)
    return done


@shared_task(name="peruse.erase_companies", ignore_result=True)
def departures() -> int:
    """Erase the companies whose day has come, step by step, and mail the certificates (platform worker).

    Their customer records at the payment provider are asked for until it confirms that they are deleted.
    """
    now = timezone.now()
    with as_platform():
        done = erase_departed(now=now, inside=acting_as)
        mail_certificates(now=now)
        forget_customers(now=now)
    return done

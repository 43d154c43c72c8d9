"""The one place where Stripe is called: its client, and its failures in words.

Its library (12 MiB with what it needs) is loaded by the first call.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.payments.models.failures import decline_of, told

if TYPE_CHECKING:
    import stripe

T = TypeVar("T")
SECONDS = 10
CLIENTS: dict[tuple[str, str], "stripe.StripeClient"] = {}


def client() -> "stripe.StripeClient":
    """Stripe's client of this installation. Raises ValidationError where no key is set."""
    key, base = settings.STRIPE_API_KEY, settings.STRIPE_API_BASE
    if not key:
        raise ValidationError(_("Online payment is not set up in this installation."))
    if (key, base) not in CLIENTS:
        CLIENTS[key, base] = _made(key, base)
    return CLIENTS[key, base]


def _made(key: str, base: str) -> "stripe.StripeClient":
    import stripe

    given: dict[str, Any] = {"base_addresses": {"api": base}} if base else {}
    http = stripe.RequestsClient(timeout=SECONDS)
    return stripe.StripeClient(key, http_client=http, max_network_retries=2, **given)


class NoAnswer(ValidationError):
    """Nobody knows whether the provider did it: ask again with the same key, never do it anew."""


class Unfitting(ValidationError):
    """What was asked does not fit the state there: the thing is absent, or it is done already."""


class Declined(ValidationError):
    """The payer's bank said no; `stored` is what a row keeps of it (`failures.told` tells it)."""

    def __init__(self, stored: str) -> None:
        super().__init__(told(stored))
        self.stored = stored


@contextmanager
def in_words() -> Iterator[None]:
    """Stripe's refusals and silence as a ValidationError that says what to do."""
    import stripe

    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError):
        raise NoAnswer(
            _("The payment provider does not answer. Nothing was moved; try again in a moment.")
        ) from None
    except stripe.CardError as error:
        body: Any = error.json_body or {}
        raise Declined(decline_of(body.get("error", {}))) from None
    except stripe.StripeError as error:
        why = error.user_message or _("no reason given")
        unfit = isinstance(error, stripe.InvalidRequestError)
        kind = Unfitting if unfit else ValidationError
        raise kind(_("The payment provider refused: %(why)s") % {"why": why}) from None


def made_before(found: Any, told: dict[str, str]) -> Any | None:
    """The one of a list there, all its pages, that bears what we write on it; None: it is not made."""
    for one in found.auto_paging_iter():
        there = one.to_dict().get("metadata") or {}
        if told.items() <= there.items():
            return one
    return None


def ask(call: Callable[["stripe.StripeClient"], T]) -> T:
    """Call Stripe; raises ValidationError in words."""
    found = client()
    with in_words():
        return call(found)

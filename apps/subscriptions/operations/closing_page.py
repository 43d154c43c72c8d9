"""The Checkout page that was begun before is closed, or one company would pay for two subscriptions."""

from apps.payments.operations.provider import Unfitting, ask
from apps.subscriptions.domain.standing import GOES_NO_FURTHER


def close_page(reference: str) -> bool:
    """Nobody completes this page any more; False: it was completed, and what was ordered there goes on.

    The provider refuses to expire a page that is completed or over. Raises ValidationError in its words.
    """
    if not reference:
        return True
    try:
        ask(lambda stripe: stripe.v1.checkout.sessions.expire(reference))
    except Unfitting:
        return not _goes_on(reference)
    return True


def _goes_on(reference: str) -> bool:
    try:
        page = ask(lambda stripe: stripe.v1.checkout.sessions.retrieve(reference))
    except Unfitting:
        return False
    if page.status != "complete":
        return False
    if not page.subscription:
        return True
    key = str(page.subscription)
    return ask(lambda stripe: stripe.v1.subscriptions.retrieve(key)).status not in GOES_NO_FURTHER

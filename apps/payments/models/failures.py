"""What the payment provider says of a refund that the payer did not get, in words of the reader."""

from django.utils.translation import gettext, gettext_lazy

# A payment that is money here again keeps this and the provider's reason.
REFUND = "refund:"
WHY = {
    "lost_or_stolen_card": gettext_lazy("the card was lost or stolen"),
    "expired_or_canceled_card": gettext_lazy("the card is expired or cancelled"),
    "declined": gettext_lazy("the payer's bank declined it"),
    "insufficient_funds": gettext_lazy("the balance at the payment provider was too low"),
    "charge_for_pending_refund_disputed": gettext_lazy("the payer disputed the payment"),
    "merchant_request": gettext_lazy("it was cancelled on request"),
    "canceled": gettext_lazy("it was cancelled"),
}


def told(failure: str) -> str:
    """A stored failure as people read it; the provider's own words stay as they are."""
    if not failure.startswith(REFUND):
        return gettext(failure) if failure else ""
    why = failure.removeprefix(REFUND)
    text = gettext("A refund did not reach the payer (%(why)s): its money is here again.")
    return text % {"why": WHY.get(why, gettext("no reason given"))}

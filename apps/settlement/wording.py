"""Why something is not paid, in words."""

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.common.money import Money, format_money
from apps.settlement.queries.payables import Hold


def hold_words(hold: Hold, currency: str) -> str:
    """A sentence for who drafts payouts."""
    amount = format_money(Money(hold.minor, currency), get_language() or "en")
    until = "" if hold.until is None else date_format(localtime(hold.until), "DATETIME_FORMAT")
    texts = {
        "objection": _("%(amount)s: the partner objects to %(name)s."),
        "document": _("%(amount)s: its self-billed document is not issued yet."),
        "account": _("The partner shows no account that can be paid."),
        "cool_down": _("The partner's account is new: money goes there from %(until)s on."),
        "dispute": _("%(amount)s: the customer disputes the line, so it is not payable."),
    }
    return texts[hold.why] % {"amount": amount, "name": hold.name, "until": until}

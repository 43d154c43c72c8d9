"""Late payment, deposit and credit limit in words, for the sheet."""

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.common.money import Money, format_money
from apps.common.quantity import format_quantity
from apps.contracts.domain.commercial import ReminderTerms
from apps.contracts.models import Contract


def commercial_words(contract: Contract) -> list[str]:
    """A sentence each; what is not agreed is not told."""
    agreed, words = contract.dunning_terms, []
    if agreed.points is not None:
        percent = f"{format_quantity(agreed.points, get_language() or 'en')}\u00a0%"
        words.append(
            _(
                "Late interest: %(percent)s a year above the base rate, or the law's where it is more."
            )
            % {"percent": percent}
        )
    words += [_reminder(n, level, contract.currency) for n, level in enumerate(agreed.levels, 1)]
    for text, minor in (
        (_("Deposit: %(amount)s, which stays the customer's money."), contract.deposit_minor),
        (_("Credit limit: %(amount)s for what is open, overdue or not billed yet."),
         contract.credit_limit_minor),
    ):  # fmt: skip
        if minor is not None:
            words.append(text % {"amount": _money(minor, contract.currency)})
    return words


def _reminder(n: int, level: ReminderTerms, currency: str) -> str:
    fee = _money(level.fee_minor, currency)
    text = (
        _("Reminder %(n)s, %(days)s days after the due date: fee %(fee)s and the law's lump sum.")
        if level.with_lump
        else _("Reminder %(n)s, %(days)s days after the due date: fee %(fee)s.")
    )
    return text % {"n": n, "days": level.after_days, "fee": fee}


def _money(minor: int, currency: str) -> str:
    return format_money(Money(minor, currency), get_language() or "en")

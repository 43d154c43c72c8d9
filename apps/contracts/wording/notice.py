"""Notice, and ends that are given or proposed, in words."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.contracts.domain.notice import PERIOD
from apps.contracts.models import Contract, EndNotice


def notice_words(contract: Contract) -> str:
    """How either side may end the contract; empty for what covers one day."""
    terms = contract.notice_terms
    if contract.is_one_off:
        return ""
    if terms is None:
        return _("No notice is agreed: both sign an end that comes earlier.")
    days = ngettext("%(days)d day", "%(days)d days", terms.days) % {"days": terms.days}
    text = (
        _("Either side may end the contract by notice of %(time)s to the end of a billing period.")
        if terms.to == PERIOD
        else _("Either side may end the contract by notice of %(time)s to any day.")
    )
    return text % {"time": days}


def end_words(row: EndNotice) -> str:
    """Which end a row is about."""
    day = date_format(row.ends_on, "DATE_FORMAT")
    text = (
        _("Notice: the contract ends before %(day)s")
        if row.kind == EndNotice.Kind.NOTICE
        else _("Proposed: the contract ends before %(day)s")
    )
    return text % {"day": day}

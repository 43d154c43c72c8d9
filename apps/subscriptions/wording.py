"""Plans, and what became of a company's customer record at the payment provider, in words."""

from datetime import datetime

from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from apps.common.templatetags.portal import instant, money, quantity
from apps.subscriptions.domain.limits import READINGS_PACK, Counted
from apps.subscriptions.domain.registry import is_counted
from apps.subscriptions.models import Certificate, Plan


def title_of(what: Counted) -> str:
    """What is counted, as a heading."""
    return {
        Counted.ASSETS: _("Assets in use"), Counted.NETWORKS: _("Networks of your own"),
        Counted.DEVICES: _("Devices"), Counted.READINGS: _("Readings this month"),
        Counted.STATEMENTS: _("Statements to partners this month"),
        Counted.ORDERS: _("Marketplace orders this month"),
    }[what]  # fmt: skip


def in_numbers(plan: Plan) -> list[str]:
    """What a plan contains and what is charged on top, a sentence each."""
    found = []
    for what in Counted:
        included, most = plan.included(what), plan.most(what)
        if included is not None and is_counted(what):
            found.append(_included(plan, what, included))
        found.append(_limit(what, most))
    return [text for text in found if text]


def _included(plan: Plan, what: Counted, included: int) -> str:
    if what == Counted.ASSETS:
        fee = money(plan.asset_fee_minor, plan.currency)
        return _("%(n)s assets included, %(fee)s a month for each further one") % {
            "n": quantity(included), "fee": fee,
        }  # fmt: skip
    if what == Counted.STATEMENTS:
        fee = money(plan.statement_fee_minor, plan.currency)
        return _("%(n)s statements to partners a month included, %(fee)s for each further one") % {
            "n": quantity(included), "fee": fee,
        }  # fmt: skip
    if what == Counted.ORDERS:
        fee = money(plan.order_fee_minor, plan.currency)
        return _("%(n)s marketplace orders a month included, %(fee)s for each further one") % {
            "n": quantity(included), "fee": fee,
        }  # fmt: skip
    fee = money(plan.pack_fee_minor, plan.currency)
    return _("%(n)s readings a month included, %(fee)s for each further %(pack)s") % {
        "n": quantity(included), "fee": fee, "pack": quantity(READINGS_PACK),
    }  # fmt: skip


def _limit(what: Counted, most: int | None) -> str:
    if most is None:
        return {
            Counted.NETWORKS: _("Any number of networks of your own"),
            Counted.DEVICES: _("Any number of devices"),
        }.get(what, "")
    if most == 0:
        return ""
    texts = {
        Counted.ASSETS: _("At most %(n)s assets"),
        Counted.NETWORKS: _("At most %(n)s networks of your own"),
        Counted.DEVICES: _("At most %(n)s devices"),
        Counted.READINGS: _("At most %(n)s readings a month"),
    }
    return texts[what] % {"n": quantity(most)}


def customers_in_words(row: Certificate) -> str:
    """How far the deletion at the payment provider is; what it did not confirm is not said to be done."""
    if not row.customers:
        return _("There is none.")
    if row.customers_gone_at:
        return _("Deleted; the provider confirmed it on %(time)s.") % {
            "time": _moment(row.customers_gone_at)
        }
    if row.customers_asked_at:
        return _("Its deletion was first asked for on %(time)s and is not confirmed yet.") % {
            "time": _moment(row.customers_asked_at)
        }
    return _("Its deletion is asked for in a moment.")


def _moment(at: datetime) -> str:
    """As plain words: the console's columns take no markup."""
    return strip_tags(instant(at))

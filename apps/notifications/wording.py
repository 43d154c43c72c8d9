"""Notifications in words: topics, and the text and page of each message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.common.templatetags import portal
from apps.networks.models import Role
from apps.notifications.domain.topics import TOPICS

SECTIONS: dict[str, Promise] = {
    "contracts": _("Contracts"),
    "money": _("Money"),
    "data": _("Data"),
    "networks": _("Networks"),
}

TOPIC_TITLES: dict[str, Promise] = {
    "offers": _("Offers and proposals to us"),
    "agreements": _("What partners have signed or refused"),
    "ends": _("Contracts that end"),
    "invoices": _("Documents we receive"),
    "reminders": _("Reminders to us"),
    "overdue": _("Our invoices that fall overdue"),
    "disputes": _("Disputed lines"),
    "corrections": _("Corrections to look at"),
    "parked": _("Periods put aside by a run"),
    "statements": _("Statements of our shares"),
    "objections": _("Objections to statements"),
    "approvals": _("Payouts, debits and refunds that wait for approval"),
    "payments": _("Payments that came in"),
    "failures": _("Payments and payouts that failed"),
    "plan": _("Our plan: payments, limits, trial"),
    "data": _("Requests for data and their answers"),
    "readings": _("Refused readings"),
    "networks": _("Invitations to networks and their answers"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """`one` text, and `many` where a count may be above one; the page of the subject, and the list."""

    one: Promise
    page: str
    list: str
    many: Promise | None = None


MESSAGES: dict[str, Words] = {
    "plan_reminded": Words(
        _("A payment for your plan is missing. From %(read_only_on)s your portal is read-only."),
        "", "plan",
    ),
    "plan_read_only": Words(
        _("Your portal is read-only until the plan is paid. Readings are still stored."), "", "plan"
    ),
    "plan_suspended": Words(
        _("Your portal is suspended until the plan is paid. Readings are still stored, nothing is lost."),
        "", "plan",
    ),
    "plan_good": Words(_("Your plan is paid. Everything is open again."), "", "plan"),
    "plan_trial_ends": Words(_("Your free trial ends on %(ends_on)s."), "", "plan"),
    "leaving_asked": Words(
        _("%(by)s asked to have all data of your company erased on %(erased_on)s. It can be taken back until then."),
        "", "plan_leaving",
    ),
    "leaving_withdrawn": Words(_("Your company stays: nothing is erased."), "", "plan"),
    "plan_near_assets": Words(_("Your plan has hardly any room for further assets."), "", "plan"),
    "plan_near_networks": Words(
        _("Your plan has hardly any room for further networks."), "", "plan"
    ),
    "plan_near_devices": Words(_("Your plan has hardly any room for further devices."), "", "plan"),
    "plan_near_readings": Words(
        _("Your plan stores hardly any more readings this month."), "", "plan"
    ),
    "contract_offered": Words(
        _("%(company)s offers you the contract “%(title)s”."), "contract_detail", "contract_list"
    ),
    "prices_proposed": Words(
        _("%(company)s proposes new prices for “%(title)s”."), "contract_detail", "contract_list"
    ),
    "assets_proposed": Words(
        _("%(company)s proposes other assets for “%(title)s”."), "contract_detail", "contract_list"
    ),
    "terms_offered": Words(
        _("%(company)s offers you terms of a share: “%(title)s”."), "terms_detail", "terms_list"
    ),
    "asset_offered": Words(
        _("%(company)s offers you an asset: %(asset)s."), "transfer_detail", "asset_transfer_list"
    ),
    "contract_signed": Words(
        _("%(company)s has signed the contract “%(title)s”."), "contract_detail", "contract_list"
    ),
    "prices_accepted": Words(
        _("%(company)s has signed the new prices of “%(title)s”."),
        "contract_detail", "contract_list",
    ),
    "assets_accepted": Words(
        _("%(company)s has signed which assets “%(title)s” covers."),
        "contract_detail", "contract_list",
    ),
    "terms_signed": Words(
        _("%(company)s has signed the terms of its share of “%(title)s”."),
        "contract_detail", "contract_list",
    ),
    "asset_accepted": Words(
        _("%(company)s accepts the asset %(asset)s."), "transfer_detail", "asset_transfer_list"
    ),
    "asset_defects": Words(
        _("%(company)s accepts the asset %(asset)s and has found defects."),
        "transfer_detail", "asset_transfer_list",
    ),
    "asset_refused": Words(
        _("%(company)s refuses the asset %(asset)s."), "transfer_detail", "asset_transfer_list"
    ),
    "asset_yours": Words(
        _("The asset %(asset)s of %(company)s is yours now."),
        "transfer_detail", "asset_transfer_list",
    ),
    "contract_in_force": Words(
        _("The contract “%(title)s” with %(company)s is in force."),
        "contract_detail", "contract_list",
    ),
    "contract_ends": Words(
        _("The contract “%(title)s” with %(company)s ends. Its last day is %(last_on)s."),
        "contract_detail", "contract_list",
    ),
    "contract_ended_with_network": Words(
        _("The contract “%(title)s” with %(company)s ends because one of you left the network. Its last day is %(last_on)s."),
        "contract_detail", "contract_list",
    ),
    "contract_cancelled_with_network": Words(
        _("The contract “%(title)s” with %(company)s is cancelled before it began: one of you left the network."),
        "contract_detail", "contract_list",
    ),
    "offer_ended_with_network": Words(
        _("The offer “%(title)s” to %(company)s is withdrawn because one of you left the network."),
        "contract_detail", "contract_list",
    ),
    "notice_given": Words(
        _("%(company)s gives notice of the contract “%(title)s”. Its last day is %(last_on)s."),
        "contract_detail", "contract_list",
    ),
    "offer_withdrawn": Words(
        _("%(company)s has withdrawn its offer “%(title)s”."), "", "contract_list"
    ),
    "end_proposed": Words(
        _("%(company)s proposes another end of the contract “%(title)s” and asks for your signature."),
        "contract_detail", "contract_list",
    ),
    "end_accepted": Words(
        _("%(company)s has signed the end of the contract “%(title)s”."),
        "contract_detail", "contract_list",
    ),
    "offer_refused": Words(
        _("%(company)s refuses the contract “%(title)s” and says why."),
        "contract_detail", "contract_list",
    ),
    "prices_refused": Words(
        _("%(company)s refuses the new prices of “%(title)s” and says why."),
        "contract_detail", "contract_list",
    ),
    "assets_refused": Words(
        _("%(company)s refuses the change of assets of “%(title)s” and says why."),
        "contract_detail", "contract_list",
    ),
    "end_refused": Words(
        _("%(company)s refuses the proposed end of “%(title)s” and says why."),
        "contract_detail", "contract_list",
    ),
    "terms_refused": Words(
        _("%(company)s refuses the terms of its share of “%(title)s” and says why."),
        "contract_detail", "contract_list",
    ),
    "invoices_issued": Words(
        _("%(company)s has issued invoice %(number)s of %(amount)s, due on %(due_on)s."),
        "invoice_detail", "invoice_list", _("%(company)s has issued %(count)s documents to you."),
    ),
    "credit_issued": Words(
        _("%(company)s has issued credit note %(number)s of %(amount)s."),
        "invoice_detail", "invoice_list",
    ),
    "reminded": Words(
        _("%(company)s reminds you of invoice %(number)s: please pay %(amount)s by %(pay_by_on)s."),
        "invoice_detail", "receivable_list",
        _("%(company)s reminds you of %(count)s overdue documents."),
    ),
    "fell_overdue": Words(
        _("Invoice %(number)s to %(company)s is overdue since %(since_on)s: %(amount)s of it are open."),
        "invoice_detail", "receivable_list",
        _("%(count)s invoices have fallen overdue since you were last told."),
    ),
    "disputed": Words(
        _("%(company)s disputes lines of invoice %(number)s."), "invoice_detail", "invoice_list"
    ),
    "dispute_settled": Words(
        _("The dispute with %(company)s about invoice %(number)s is settled."),
        "invoice_detail", "invoice_list",
    ),
    "corrections_found": Words(
        _("Readings have changed what was billed: “%(title)s” has a correction to approve."),
        "", "correction_list",
        _("Readings have changed what was billed: %(count)s contracts have corrections to approve."),
    ),
    "corrections_parked": Words(
        _("A billed period of “%(title)s” cannot be corrected and is put aside."),
        "", "correction_list",
        _("Billed periods of %(count)s contracts cannot be corrected and are put aside."),
    ),
    "periods_parked": Words(
        _("Billing run %(label)s has put one period aside."), "run_detail", "run_list",
        _("Billing run %(label)s has put %(count)s periods aside."),
    ),
    "statements_issued": Words(
        _("%(company)s has issued a statement of %(amount)s to you: “%(title)s”."),
        "statement_detail", "statement_list",
        _("%(company)s has issued %(count)s statements to you."),
    ),
    "objected": Words(
        _("%(company)s objects to statement %(number)s. Its payout is held back until you answer."),
        "statement_detail", "statement_list",
    ),
    "objection_upheld": Words(
        _("%(company)s upholds your objection to statement %(number)s."),
        "statement_detail", "statement_list",
    ),
    "objection_rejected": Words(
        _("%(company)s rejects your objection to statement %(number)s."),
        "statement_detail", "statement_list",
    ),
    "payouts_drafted": Words(
        _("%(actor)s has drafted a payout of %(amount)s. A second person approves it."),
        "payout_batch", "payout_list",
        _("%(actor)s has drafted %(count)s payouts of %(amount)s. A second person approves them."),
    ),
    "debits_drafted": Words(
        _("%(actor)s has drafted a direct debit of %(amount)s. A second person approves it."),
        "debit_run", "debit_list",
        _("%(actor)s has drafted %(count)s direct debits of %(amount)s. A second person approves them."),
    ),
    "refund_asked": Words(
        _("%(actor)s asks for a refund of %(amount)s to %(company)s. A second person approves it."),
        "payment_detail", "payment_list",
    ),
    "payouts_failed": Words(
        _("The payout of %(amount)s to %(company)s did not arrive."), "payout_batch", "payout_list",
        _("%(count)s payouts did not arrive."),
    ),
    "payments_received": Words(
        _("%(company)s has paid %(amount)s."), "payment_detail", "payment_list",
        _("%(count)s payments came in."),
    ),
    "payments_failed": Words(
        _("A payment of %(amount)s by %(company)s came to nothing."),
        "payment_detail", "payment_list", _("%(count)s payments came to nothing."),
    ),
    "data_requested": Words(
        _("%(company)s asks for data of %(asset)s."), "request_detail", "request_list"
    ),
    "data_withdrawn": Words(
        _("%(company)s takes back its request for data of %(asset)s."),
        "request_detail", "request_list",
    ),
    "data_accepted": Words(
        _("%(company)s accepts your request for data of %(asset)s."),
        "request_detail", "request_list",
    ),
    "data_refused": Words(
        _("%(company)s refuses your request for data of %(asset)s."),
        "request_detail", "request_list",
    ),
    "data_ended": Words(
        _("%(company)s no longer agrees that you read data of %(asset)s."),
        "request_detail", "request_list",
    ),
    "grants_ended": Words(
        _("Your access to data of %(asset)s from %(company)s ends."), "grant_detail", "grant_list",
        _("Your access to data from %(company)s ends: %(count)s grants."),
    ),
    "readings_refused": Words(
        _("One reading was refused in the last day and waits for a decision."), "", "quarantine",
        _("%(count)s readings were refused in the last day and wait for a decision."),
    ),
    "network_invited": Words(
        _("%(company)s invites you to the network “%(title)s” as %(role)s."),
        "network_detail", "network_list",
    ),
    "network_accepted": Words(
        _("%(company)s joins the network “%(title)s”."), "network_detail", "network_list"
    ),
    "network_declined": Words(
        _("%(company)s declines to join the network “%(title)s”."),
        "network_detail", "network_list",
    ),
    "network_left": Words(
        _("%(company)s leaves the network “%(title)s”."), "network_detail", "network_list"
    ),
    "network_ended": Words(
        _("%(company)s has ended your part in the network “%(title)s”."),
        "network_detail", "network_list",
    ),
}  # fmt: skip


def topic_title(code: str) -> str:
    """A topic in words; one that is no more as it is written."""
    return str(TOPIC_TITLES.get(code, code))


def section_titles() -> list[tuple[str, list[str]]]:
    """Each section with the codes of its topics."""
    return [
        (str(title), [topic.code for topic in TOPICS.values() if topic.section == section])
        for section, title in SECTIONS.items()
    ]


def text_of(message: str, params: Mapping[str, Any]) -> str:
    """The message in the language in force; amounts and days as it writes them."""
    words = MESSAGES.get(message)
    if words is None:
        return message.replace("_", " ")
    several = words.many is not None and int(params.get("count", 1)) > 1
    shown = {name: _shown(name, value) for name, value in params.items()}
    return str(words.many if several else words.one) % shown


def _shown(name: str, value: Any) -> str:
    if name == "amount":
        return portal.money(*value)
    if name == "count":
        return portal.quantity(value)
    if name == "role":
        return str(dict(Role.choices).get(value, value))
    if name.endswith("_on") and value:
        return portal.day(date.fromisoformat(value))
    return str(value)


def path_of(message: str, subject: str) -> str:
    """The page of what it is about: of one thing its own, of several their list."""
    words = MESSAGES.get(message)
    if words is None:
        return reverse("notification_list")
    if words.page and subject:
        return reverse(words.page, args=[subject])
    return reverse(words.list)

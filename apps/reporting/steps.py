"""What needs the person now, and the first steps of a company that has just begun."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.common import navigation
from apps.networks.models import Role
from apps.reporting.queries.home import Counts
from apps.reporting.queries.roles import Standing


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to do: how many, and where. `urgent` ones hold money or data back."""

    text: str
    count: int
    url: str
    icon: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    title: str | Promise
    text: str | Promise
    url: str
    done: bool


def needs(counts: Counts, company: Standing, capabilities: Collection[str]) -> list[Need]:
    """What waits for somebody with these capabilities, the pressing things first."""
    found = [
        Need(wording(count), count, address, icon, urgent)
        for count, capability, address, icon, urgent, wording in [
            *_candidates(counts),
            *_asked(company),
        ]
        if count and address and capability in capabilities
    ]
    return sorted(found, key=lambda need: not need.urgent)


def _asked(company: Standing) -> "list[Candidate]":
    """What others ask of the company as a partner."""
    at = navigation.address
    return [
        (company.invitations, "view_networks", at("network_list"), "network", True,
         lambda n: ngettext("invitation to a network", "invitations to networks", n)),
        (company.transfers, "view_contracts",
         _with(at("asset_transfer_list"), "state=offered"), "arrow-right-left", True,
         lambda n: ngettext("asset offered to you", "assets offered to you", n)),
        (company.terms, "view_contracts", at("terms_list"), "git-fork", True,
         lambda n: ngettext("share of revenue to agree to", "shares of revenue to agree to", n)),
        (company.agreements, "view_money", at("agreement_list"), "file-pen", True,
         lambda n: ngettext("self-billing agreement to answer",
                            "self-billing agreements to answer", n)),
        (company.statements, "view_money", at("statement_list"), "file-text", False,
         lambda n: ngettext("invoice in your name to check", "invoices in your name to check", n)),
        (company.objections, "settle_receivables", at("statement_list"), "message-square-warning",
         True, lambda n: ngettext("objection to answer", "objections to answer", n)),
    ]  # fmt: skip


Candidate = tuple[int, str, str, str, bool, Callable[[int], str]]


def _candidates(counts: Counts) -> list[Candidate]:
    at = navigation.address
    return [
        (counts.offers_in, "view_contracts", _with(at("contract_list"), "state=offered"),
         "file-pen-line", True,
         lambda n: ngettext("offer to sign", "offers to sign", n)),
        (counts.prices_in, "view_contracts", _with(at("contract_list"), "waits=prices"),
         "file-pen-line", True,
         lambda n: ngettext("contract with new prices to accept",
                            "contracts with new prices to accept", n)),
        (counts.covers_in, "view_contracts", _with(at("contract_list"), "waits=assets"),
         "file-pen-line", True,
         lambda n: ngettext("change of assets to accept", "changes of assets to accept", n)),
        (counts.ends_in, "view_contracts", _with(at("contract_list"), "waits=end"),
         "file-pen-line", True,
         lambda n: ngettext("proposed end of a contract to sign",
                            "proposed ends of contracts to sign", n)),
        *_of_money(counts),
        (counts.data_requests, "view_readings", at("grant_list"), "message-square", True,
         lambda n: ngettext("request for data to answer", "requests for data to answer", n)),
        (counts.parked, "run_billing", at("run_list"), "circle-pause", True,
         lambda n: ngettext("contract parked in the last run", "contracts parked in the last run", n)),
        (counts.disbelieved, "view_readings", at("quarantine"), "shield-question-mark", True,
         lambda n: ngettext("reading that is not believed", "readings that are not believed", n)),
        (counts.refused, "view_readings", at("quarantine"), "shield-alert", True,
         lambda n: ngettext("refused item", "refused items", n)),
        (counts.silent, "view_assets", at("asset_list"), "wifi-off", True,
         lambda n: ngettext("silent asset", "silent assets", n)),
        (counts.invoice_drafts, "approve_invoices", _with(at("invoice_list"), "state=draft"),
         "receipt-text", False,
         lambda n: ngettext("invoice draft to approve", "invoice drafts to approve", n)),
        (counts.invoices_approved, "issue_invoices", _with(at("invoice_list"), "state=approved"),
         "send", False,
         lambda n: ngettext("approved invoice to issue", "approved invoices to issue", n)),
        (counts.offers_out, "view_contracts", _with(at("contract_list"), "state=offered"),
         "hourglass", False,
         lambda n: ngettext("offer waiting for the customer", "offers waiting for the customer", n)),
    ]  # fmt: skip


def _of_money(counts: Counts) -> list[Candidate]:
    """What is owed, disputed or waits for a second person's yes."""
    at = navigation.address
    items = at("receivable_list")
    return [
        (counts.bills_overdue, "view_invoices", _with(items, "show=overdue&direction=in"),
         "calendar-x", True,
         lambda n: ngettext("overdue invoice to pay", "overdue invoices to pay", n)),
        (counts.disputes, "settle_receivables", _with(items, "show=disputed&direction=out"),
         "message-square-warning", True,
         lambda n: ngettext("disputed line to answer", "disputed lines to answer", n)),
        (counts.payouts, "approve_payouts", _with(at("payout_list"), "state=drafted"), "banknote",
         True, lambda n: ngettext("batch of payouts to approve", "batches of payouts to approve", n)),
        (counts.losses, "approve_payouts", _with(at("payout_list"), "state=sent"), "banknote", True,
         lambda n: ngettext("lost payout to confirm", "lost payouts to confirm", n)),
        (counts.debits, "approve_payouts", _with(at("debit_list"), "state=drafted"), "banknote",
         True, lambda n: ngettext("run of direct debits to approve",
                                  "runs of direct debits to approve", n)),
        (counts.refunds, "approve_payouts", at("payment_list"), "undo-2", True,
         lambda n: ngettext("refund to approve", "refunds to approve", n)),
        (counts.overdue, "settle_receivables", _with(items, "show=overdue&direction=out"),
         "bell-ring", True,
         lambda n: ngettext("invoice your customers have not paid in time",
                            "invoices your customers have not paid in time", n)),
        (counts.bills_due, "view_invoices", _with(items, "direction=in"), "receipt-text", False,
         lambda n: ngettext("invoice to pay within seven days",
                            "invoices to pay within seven days", n)),
        (counts.received, "receive_documents", _with(at("incoming_list"), "state=received"),
         "inbox", False,
         lambda n: ngettext("received e-invoice to decide on", "received e-invoices to decide on", n)),
    ]  # fmt: skip


def _with(address: str, query: str) -> str:
    return f"{address}?{query}" if address else ""


def first_steps(
    counts: Counts, company: Standing, capabilities: Collection[str], is_alone: Callable[[], bool]
) -> list[Step]:
    """The way to the first invoice; empty once a contract runs, or the company plays other roles.

    `is_alone`: whether nobody but its founder was ever asked in; asked for where steps are shown.
    """
    if counts.provides or company.shares or (company.roles and Role.PROVIDER not in company.roles):
        return []
    at = navigation.address
    steps = [
        (_("Invite a colleague"), _("Directors, finance, technicians: each may do something else."),
         at("invitation_new"), not is_alone(), "manage_people"),
        (_("Start a network"), _("From a blueprint: companies, flows, prices and shares."),
         at("blueprint_list"), company.roles, "manage_networks"),
        (_("Describe a type of asset"), _("Which channels does it measure, in which unit?"),
         at("asset_type_list"), counts.types, "manage_assets"),
        (_("Register assets"), _("By form, or many at once from a CSV file."),
         at("asset_list"), counts.collected, "manage_assets"),
        (_("Bring in readings"), _("Import a file, or give a device a key and send them."),
         at("import_list"), counts.heard, "import_readings"),
        (_("Add your customer as a partner"), _("You need the address of their portal."),
         at("partners"), counts.own_drafts + counts.offers_out, "manage_partners"),
        (_("Draft a contract"), _("With a price plan and a preview on real usage."),
         at("contract_list"), counts.own_drafts + counts.offers_out, "draft_contracts"),
        (_("Send the offer"), _("The contract begins when both sides have signed."),
         at("contract_list"), counts.offers_out, "draft_contracts"),
    ]  # fmt: skip
    return [
        Step(title, text, url if capability in capabilities else "", bool(done))
        for title, text, url, done, capability in steps
    ]

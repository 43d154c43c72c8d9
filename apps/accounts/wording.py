"""Capabilities, audit actions and events of webhooks in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CAPABILITIES: dict[str, Promise] = {
    "view_home": _("see the home page"),
    "view_networks": _("see value networks"),
    "view_assets": _("see assets"),
    "view_readings": _("see readings"),
    "view_contracts": _("see contracts"),
    "view_invoices": _("see invoices"),
    "view_people": _("see people and partners"),
    "switch_company": _("change between companies"),
    "manage_assets": _("register and change assets"),
    "import_readings": _("import readings"),
    "judge_readings": _("release or discard readings"),
    "declare_readings": _("declare what a counter shows"),
    "manage_keys": _("manage API keys and webhooks"),
    "draft_contracts": _("draft contracts"),
    "sign_contracts": _("sign contracts"),
    "run_billing": _("run the billing"),
    "approve_invoices": _("approve invoices"),
    "issue_invoices": _("issue invoices"),
    "export_evidence": _("export evidence of invoices"),
    "receive_documents": _("upload, accept and refuse received e-invoices"),
    "manage_people": _("invite people and change their positions"),
    "manage_partners": _("add partner companies"),
    "manage_networks": _("found and join value networks"),
    "manage_plan": _("choose and pay the company's plan"),
    "leave_platform": _("have the company's data erased"),
    "set_retention": _("set how long readings are kept"),
    "limit_corrections": _("set when a correction needs a second person"),
}

ACTIONS: dict[str, Promise] = {
    "person.joined": _("joined the company"),
    "person.entered": _("signed in"),
    "person.position_changed": _("position changed"),
    "person.left": _("membership ended"),
    "person.way_in_changed": _("way in changed"),
    "invitation.sent": _("invited"),
    "invitation.withdrawn": _("invitation withdrawn"),
    "invitation.accepted": _("invitation accepted"),
    "key.made": _("key made"),
    "sign_on.set": _("single sign-on set up"),
    "sign_on.ended": _("single sign-on ended"),
    "sign_on.unlinked": _("unlinked from the provider"),
    "sign_on.linked": _("linked at the provider"),
    "key.rotated": _("key replaced"),
    "key.revoked": _("key revoked"),
    "partner.added": _("partner added"),
    "webhook.made": _("webhook set up"),
    "webhook.changed": _("webhook changed"),
    "webhook.secret_replaced": _("secret replaced"),
    "webhook.paused": _("webhook paused"),
    "webhook.resumed": _("webhook goes on"),
    "webhook.removed": _("webhook removed"),
    "webhook.tested": _("test message sent"),
    "webhook.replayed": _("sent again"),
    "webhook.push_started": _("push started"),
    "webhook.push_ended": _("push ended"),
}

WEBHOOK_EVENTS: dict[str, Promise] = {
    "asset.registered": _("Assets were registered"),
    "asset.changed": _("Assets or their channels changed"),
    "component.mounted": _("Components were mounted"),
    "component.dismounted": _("Components were dismounted"),
    "contract.offered": _("A contract was offered to us"),
    "contract.signed": _("The customer signed a contract"),
    "contract.activated": _("A contract came into force"),
    "contract.ending_set": _("A contract got another last day"),
    "contract.prices_proposed": _("New prices were proposed to us"),
    "contract.prices_accepted": _("The customer accepted new prices"),
    "data.requested": _("A company asks for data"),
    "data.grants_ended": _("Data grants ended"),
    "invoice.issued": _("Invoices or credit notes were issued"),
    "invoice.balance_changed": _("What is owed on our invoices changed"),
    "invoice.line_disputed": _("Lines of an invoice were disputed"),
    "invoice.dispute_settled": _("A dispute was settled"),
    "network.invited": _("We were invited to a network"),
    "network.joined": _("A company joined a network"),
    "network.left": _("A company left a role in a network"),
    "payment.received": _("Payments arrived"),
    "payment.failed": _("Payments failed"),
    "payment.refunded": _("Money of payments went back"),
    "payout.paid": _("Payouts were paid"),
    "payout.failed": _("Payouts failed"),
    "usage.declared": _("A customer declared readings"),
    "usage.recorded": _("Usage of contracts was recorded"),
    "test.ping": _("A test message"),
    "data.delivered": _("Hours or days under a data grant"),
}


def capability_in_words(capability: str) -> str:
    """What the capability lets a person do."""
    return str(CAPABILITIES.get(capability, capability.replace("_", " ")))


def action_in_words(action: str) -> str:
    """What an audit row says happened."""
    return str(ACTIONS.get(action, action.replace(".", " ").replace("_", " ")))


def event_in_words(event: str) -> str:
    """What an event of a webhook says happened."""
    return str(WEBHOOK_EVENTS.get(event, event))

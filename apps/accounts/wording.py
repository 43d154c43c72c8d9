"""Capabilities and audit actions in words."""

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
    "manage_keys": _("make and revoke API keys"),
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
    "set_retention": _("set how long readings are kept"),
    "limit_corrections": _("set when a correction needs a second person"),
}

ACTIONS: dict[str, Promise] = {
    "person.joined": _("joined the company"),
    "person.entered": _("signed in"),
    "person.position_changed": _("position changed"),
    "person.left": _("membership ended"),
    "invitation.sent": _("invited"),
    "invitation.withdrawn": _("invitation withdrawn"),
    "invitation.accepted": _("invitation accepted"),
    "key.made": _("key made"),
    "key.rotated": _("key replaced"),
    "key.revoked": _("key revoked"),
    "partner.added": _("partner added"),
}


def capability_in_words(capability: str) -> str:
    """What the capability lets a person do."""
    return str(CAPABILITIES.get(capability, capability.replace("_", " ")))


def action_in_words(action: str) -> str:
    """What an audit row says happened."""
    return str(ACTIONS.get(action, action.replace(".", " ").replace("_", " ")))

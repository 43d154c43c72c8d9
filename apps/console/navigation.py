"""The console's side bar and style sheet."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _


def styles(request: HttpRequest) -> str:
    """The address of the console's own style sheet."""
    return static("console/console.css")


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links: what needs attention first."""
    return [
        {
            "title": _("Platform"),
            "items": [
                _item(_("Overview"), "dashboard", "index"),
                _item(_("Companies"), "domain", "tenancy_company_changelist"),
                _item(_("People"), "group", "accounts_user_changelist"),
                _item(_("Addresses"), "link", "tenancy_hostname_changelist"),
                _item(_("Certificates"), "verified", "subscriptions_certificate_changelist"),
            ],
        },
        {
            "title": _("Work"),
            "separator": True,
            "items": [
                _item(_("Jobs"), "work_history", "events_job_changelist"),
                _item(_("Events"), "outbox", "events_outboxevent_changelist"),
                _item(_("Messages in"), "call_received", "payments_webhookevent_changelist"),
                _item(_("Messages out"), "call_made", "events_webhookmessage_changelist"),
            ],
        },
        {
            "title": _("Audit"),
            "separator": True,
            "items": [
                _item(_("Our acts"), "shield_person", "console_operatoract_changelist"),
                _item(_("Visits"), "visibility", "accounts_impersonation_changelist"),
                _item(_("Ways in"), "key", "accounts_personact_changelist"),
                _item(_("Chains"), "lock", "events_auditcheck_changelist"),
                _item(_("Chain of our acts"), "lock", "console_operatorcheck_changelist"),
                _item(_("Companies' acts"), "history", "events_auditrow_changelist"),
            ],
        },
    ]


def title_of(request: HttpRequest) -> str:
    """What the side bar calls the list at this address; empty for none of its lists."""
    items = [item for group in sidebar(request) for item in group["items"]]
    return next((str(item["title"]) for item in items if item["link"] == request.path), "")


def _item(title: str, icon: str, name: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse(f"admin:{name}")}

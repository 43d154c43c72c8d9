"""The admin console: companies, people and jobs of the whole platform, for its operator only."""

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.console.admin import audit, certificates, chains, companies, jobs, people, webhooks
from apps.console.admin.site import site

__all__ = ["audit", "certificates", "chains", "companies", "jobs", "people", "site", "webhooks"]

# What Django's own pages call them (headings, paths, counts), in words of the side bar.
_TABLES: dict[str, Promise] = {
    "tenancy.Company": _("Companies"),
    "tenancy.Hostname": _("Addresses"),
    "accounts.User": _("People"),
    "accounts.PersonAct": _("Ways in"),
    "accounts.Impersonation": _("Visits"),
    "events.Job": _("Jobs"),
    "events.OutboxEvent": _("Events"),
    "events.WebhookMessage": _("Messages out"),
    "events.AuditCheck": _("Chains"),
    "events.AuditRow": _("Companies' acts"),
    "subscriptions.Certificate": _("Certificates"),
    "payments.WebhookEvent": _("Messages in"),
    "console.OperatorAct": _("Our acts"),
    "console.OperatorCheck": _("Chain of our acts"),
}
_GROUPS: dict[str, Promise] = {
    "tenancy": _("Platform"), "accounts": _("Platform"), "events": _("Work"), "payments": _("Work"),
    "subscriptions": _("Platform"),
    "console": _("Audit"),
}  # fmt: skip

for label, table in _TABLES.items():
    options = apps.get_model(label)._meta
    options.verbose_name = options.verbose_name_plural = table
for label, group in _GROUPS.items():
    apps.get_app_config(label).verbose_name = group  # type: ignore[assignment]

"""The admin console: companies, people and jobs of the whole platform, for its operator only."""

from apps.console.admin import audit, certificates, chains, companies, jobs, people, webhooks
from apps.console.admin.site import site

__all__ = ["audit", "certificates", "chains", "companies", "jobs", "people", "site", "webhooks"]

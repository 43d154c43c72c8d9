"""Which address names a new company may take."""

import re

FORM = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,39}")
# Names of services, of roles that mail is sent to by convention (RFC 2142), and of this portal itself.
RESERVED = frozenset(
    {
        "abuse", "account", "accounts", "admin", "administrator", "api", "app", "assets", "auth",
        "autoconfig", "autodiscover", "billing", "blog", "cdn", "console", "contact", "demo", "dev",
        "dns", "docs", "ftp", "git", "help", "home", "hostmaster", "imap", "info", "intern",
        "internal", "invoice", "invoices", "legal", "localhost", "login", "mail", "media", "mx",
        "noreply", "ns", "ns1", "ns2", "operator", "owner", "payments", "peruse", "platform", "pop",
        "portal", "postmaster", "privacy", "prod", "public", "root", "sales", "security", "shop",
        "sign-in", "sign-up", "signup", "sms", "smtp", "sso", "staging", "static", "status", "stripe",
        "support", "system", "test", "tests", "webhooks", "webmaster", "webmail", "wpad", "www",
    }
)  # fmt: skip


def is_free_form(name: str) -> bool:
    """Whether the name has the form of an address and stands for nothing else."""
    return FORM.fullmatch(name) is not None and name not in RESERVED

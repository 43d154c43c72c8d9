"""What the portal's templates know about the person, the company and other addresses."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.accounts.addresses import console_url, portal_url, public_url
from apps.accounts.queries import memberships_of


def portal(request: HttpRequest) -> dict[str, Any]:
    """company, membership, capabilities; other_companies (name, url) read only when shown."""
    company = getattr(request, "company", None)
    return {
        "company": company,
        "membership": getattr(request, "membership", None),
        "capabilities": getattr(request, "capabilities", frozenset()),
        "other_companies": SimpleLazyObject(lambda: other_companies(request)),
        "companies_url": public_url("/companies/"),
        "public_url": public_url("/"),
        "console_url": console_url(),
    }


def other_companies(request: HttpRequest) -> Sequence[dict[str, str]]:
    """The person's companies apart from this one; their hosts ask for a code by themselves."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    current = getattr(getattr(request, "company", None), "pk", None)
    rows = memberships_of(user).exclude(author=current).values_list("author__name", "author__slug")
    return [{"name": name, "url": portal_url(slug)} for name, slug in rows]

"""What the portal's templates know about the person, the company and other addresses."""

from typing import Any

from django.http import HttpRequest

from apps.accounts.addresses import console_url, portal_url, public_url


def portal(request: HttpRequest) -> dict[str, Any]:
    """company, membership, capabilities; other_companies (name, url)."""
    company = getattr(request, "company", None)
    return {
        "company": company,
        "membership": getattr(request, "membership", None),
        "capabilities": getattr(request, "capabilities", frozenset()),
        "other_companies": other_companies(request),
        "companies_url": public_url("/companies/"),
        "public_url": public_url("/"),
        "console_url": console_url(),
    }


def other_companies(request: HttpRequest) -> list[dict[str, str]]:
    """The person's companies apart from this one; their hosts ask for a code by themselves."""
    companies = getattr(request, "other_companies", ())
    return [{"name": one.name, "url": portal_url(one.slug)} for one in companies]

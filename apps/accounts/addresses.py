"""Where the sign-in host and each company's portal answer, and which paths one may be sent to."""

from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.utils.http import url_has_allowed_host_and_scheme

from apps.tenancy.models import Company

# Never a place to come back to: each would send the person on again.
_NO_DESTINATION = (
    "/enter/",
    "/sign-in/",
    "/sign-out/",
    "/language/",
    "/api/",
    "/login/",
    "/logout/",
)


def public_url(path: str = "/", /, **query: str) -> str:
    """An absolute address on the sign-in host."""
    return _address(settings.PERUSE_DOMAIN, settings.PERUSE_PORT, path, query)


def public_origin() -> str:
    """The sign-in host as browsers name it: scheme, host, and a port that is not the usual one."""
    return _address(settings.PERUSE_DOMAIN, settings.PERUSE_PORT, "", {})


def company_url(company: Company, path: str = "/", /, **query: str) -> str:
    """An absolute address in a company's portal."""
    return portal_url(company.slug, path, **query)


def portal_url(slug: str, path: str = "/", /, **query: str) -> str:
    """The same of the company's address name."""
    return _address(f"{slug}.{settings.PERUSE_DOMAIN}", settings.PERUSE_PORT, path, query)


def console_url(path: str = "/", /, **query: str) -> str:
    """An absolute address in the operator's console."""
    return _address(settings.PERUSE_CONSOLE_HOST, settings.PERUSE_CONSOLE_PORT, path, query)


def _address(host: str, port: str, path: str, query: dict[str, str]) -> str:
    asked = "?" + urlencode(query) if query else ""
    return f"{settings.PERUSE_SCHEME}://{host}{f':{port}' if port else ''}{path}{asked}"


def safe_path(path: str | None) -> str:
    """The path (with query) when it stays on this host, else `/`."""
    if not path or len(path) > 2000 or not path.startswith("/") or not path.isprintable():
        return "/"
    return path if url_has_allowed_host_and_scheme(path, allowed_hosts=None) else "/"


def local_path(path: str | None) -> str:
    """The path when it stays on this host and is a page to come back to, else `/`."""
    safe = safe_path(path)
    return "/" if safe.startswith(_NO_DESTINATION) else safe


def path_of(url: str | None) -> str:
    """The local path of an absolute address that the browser named as its own."""
    if not url:
        return "/"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "/"
    return local_path(parts.path + (f"?{parts.query}" if parts.query else ""))

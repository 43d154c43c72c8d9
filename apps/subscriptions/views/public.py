"""The public host: what this is and costs, imprint and privacy."""

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.subscriptions.queries import participant_plan, plans_on_sale
from apps.subscriptions.wording import in_numbers


@require_GET
@requires("anybody")
def landing(request: HttpRequest) -> HttpResponse:
    """What this is, with pictures of it; whoever is signed in goes on to their companies."""
    if request.user.is_authenticated:
        return redirect("companies")
    return render(request, "public/landing.html", {"operator": settings.PERUSE_OPERATOR})


@require_GET
@requires("anybody")
def prices(request: HttpRequest) -> HttpResponse:
    """The plans, from their rows."""
    offers = [(one, in_numbers(one)) for one in [participant_plan(), *plans_on_sale()]]
    return render(request, "public/prices.html", {"offers": offers})


@require_GET
@requires("anybody")
def imprint(request: HttpRequest) -> HttpResponse:
    """Who runs this installation."""
    return _text(request, "imprint")


@require_GET
@requires("anybody")
def privacy(request: HttpRequest) -> HttpResponse:
    """What the operator says about personal data."""
    return _text(request, "privacy")


def _text(request: HttpRequest, kind: str) -> HttpResponse:
    """The operator's own text, in the reader's language where there is one."""
    context = {"kind": kind, "paragraphs": paragraphs(kind), "operator": settings.PERUSE_OPERATOR}
    return render(request, "public/text.html", context)


def paragraphs(kind: str) -> list[str]:
    """Of the operator's file of this kind, `imprint.de.txt` before `imprint.txt`; empty without one."""
    folder = settings.PERUSE_OPERATOR["texts"]
    language = (get_language() or "en")[:2]
    for name in (f"{kind}.{language}.txt", f"{kind}.txt"):
        file = Path(folder, name) if folder else None
        if file is not None and file.is_file():
            return [part.strip() for part in file.read_text().split("\n\n") if part.strip()]
    return []

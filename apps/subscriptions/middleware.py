"""The one place that holds back what a company with unpaid bills may not do.

It stands beside the capability check, before every view of a company's host: in read-only nothing is
changed, suspended nothing is opened; what is on the lists below is left open, and readings are stored in any case.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from apps.accounts.access import requires
from apps.accounts.api import problem
from apps.accounts.domain.capabilities import is_less
from apps.accounts.queries import members
from apps.subscriptions.domain.standing import Standing

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HELD_BACK = frozenset({Standing.READ_ONLY, Standing.SUSPENDED})
# Signing in and out, the language, paying for the plan, and taking one's data along.
EXITS = frozenset(
    {
        "enter", "enter_start", "end_help", "kept_form", "policy_reports", "sign_out", "set_language",
        "invitation_acceptance",
        "plan", "plan_order", "plan_checkout", "plan_billing", "plan_change", "plan_end",
        "plan_invoice", "plan_next_invoice", "plan_refresh", "plan_trial", "plan_exports", "plan_leaving", "plan_leaving_new", "plan_leaving_withdrawal", "plan_export_new", "plan_export_file",
        "archive_list", "archive_new", "archive_detail", "archive_file", "data_export",
        "asset_data_export", "job_progress",
    }
)  # fmt: skip
# What only takes rights away, with the pages that lead there: intake goes on, so a key that leaked must end, and
# who left the company must be out, whatever is owed.
TAKES_AWAY = frozenset(
    {
        "key_list", "key_detail", "key_revocation", "device_retirement",
        "people", "person", "person_ending", "invitation_withdrawal",
        "sign_on", "sign_on_ending", "sign_on_unlink",
        "webhook_list", "webhook_detail", "webhook_pause", "webhook_removal",
        "grant_list", "grant_detail", "grant_revocation", "grant_push_end",
        "request_list", "request_detail", "request_consent_end",
    }
)  # fmt: skip
ALWAYS_OPEN = EXITS | TAKES_AWAY
# Usage is never lost: who sends readings is answered by intake, within the plan's limit.
STORES = frozenset({"send_readings"})


def is_held_back(standing: str, method: str, url_name: str, capability: str) -> bool:
    """Whether a request of this kind waits until the plan is paid."""
    if standing not in HELD_BACK or url_name in ALWAYS_OPEN or capability in STORES:
        return False
    return standing == Standing.SUSPENDED or method not in SAFE


class StandingMiddleware:
    """Answers 402 in place of the view; nothing of the request was looked at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        company = getattr(request, "company", None)
        if company is None or company.standing not in HELD_BACK:
            return None
        name = request.resolver_match.url_name if request.resolver_match else ""
        capability = getattr(
            view, "capability", getattr(getattr(view, "cls", None), "capability", "")
        )
        if not is_held_back(company.standing, request.method or "", name or "", capability):
            return None
        if name == "person_position" and _takes_away(request, kwargs["membership_id"]):
            return None
        if request.path.startswith("/api/"):
            return problem(402, told(company.standing))
        return _page(request)


def _takes_away(request: HttpRequest, membership_id: UUID) -> bool:
    """Whether the position that is asked for is less than the member has."""
    member = members().filter(pk=membership_id).first()
    wanted = request.POST.get("position", "")
    return member is not None and is_less(wanted, member.position)


def told(standing: str) -> str:
    """Why, in a sentence."""
    if standing == Standing.SUSPENDED:
        return _("This portal is suspended because its plan is not paid. Its data is kept.")
    return _("This portal is read-only until its plan is paid. Nothing was changed.")


def _page(request: HttpRequest) -> HttpResponseBase:
    """To the company's people alone; others are sent to sign in, as everywhere."""

    def closed(asked: HttpRequest) -> HttpResponse:
        standing = asked.company.standing  # type: ignore[attr-defined]
        context = {"is_suspended": standing == Standing.SUSPENDED, "told": told(standing)}
        return render(asked, "subscriptions/held_back.html", context, status=402)

    return requires("view_home")(closed)(request)

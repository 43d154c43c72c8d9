"""The contract as a sheet of paper: a PDF with everything its two parties signed."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.assets.domain.mounting import ShownChannel
from apps.common.printing import NoRenderer, pdf_of
from apps.contracts.models import Contract, EndNotice
from apps.contracts.queries import content_sha256, signatures_of
from apps.contracts.queries.clause import data_sheet_of
from apps.contracts.queries.ends import shown_ends
from apps.contracts.queries.plans import versions_of
from apps.contracts.wording import plan_words
from apps.contracts.wording.clause import channel_words, clause_words
from apps.contracts.wording.commercial import commercial_words
from apps.contracts.wording.items import item_words
from apps.contracts.wording.notice import end_words, notice_words
from apps.contracts.wording.opening import opening_words
from apps.contracts.wording.service import service_words

STYLE = Path(settings.BASE_DIR) / "templates" / "contracts" / "sheet.css"


@require_GET
@requires("view_contracts")
def contract_sheet(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """A PDF in the reader's language; 404 where this machine cannot draw one."""
    rows = Contract.objects.select_related("author", "customer", "network")
    contract = get_object_or_404(rows.prefetch_related("items", "plans"), pk=contract_id)
    try:
        content = pdf_of(render_to_string("contracts/sheet.html", sheet(contract)), STYLE)
    except NoRenderer as problem:
        raise Http404 from problem
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{contract.public_id}.pdf"'
    return answer


def sheet(contract: Contract) -> dict[str, Any]:
    """What the sheet prints: parties, facts, prices that hold or will, channels, signatures."""
    now, plans = timezone.now(), contract.plans.all()
    first = min(plans, key=lambda row: row.number, default=None)
    shown = [row for row in versions_of(contract, now) if row.in_force or row.later]
    content = content_sha256(contract)
    data = contract.data_sheet or data_sheet_of(contract)
    return {
        "contract": contract, "language": get_language() or "en", "printed_at": now,
        "parties": [contract.author, contract.customer],
        "versions": [(row.version, plan_words(row.version.plan)) for row in reversed(shown)],
        "items": [(item, item_words(item)) for item in contract.items.all()],
        "commercial": commercial_words(contract),
        "opening": opening_words(contract.opening_balances, first.plan if first else None),
        "signatures": [row for row in signatures_of(contract) if row.content_sha256 == content],
        "content": content, "clause": [clause_words(entry) for entry in contract.clause],
        "channels": [channel_words(ShownChannel(**row)) for row in data["channels"]],
        "collectors": data["collectors"], "notice": notice_words(contract), "service": service_words(contract),
        "ends": _ends(contract),
    }  # fmt: skip


def _ends(contract: Contract) -> list[dict[str, Any]]:
    """Notice that was given, and of ends both have signed each signature: who and when."""
    found: list[dict[str, Any]] = []
    for end in shown_ends(contract, signatures_of(contract), timezone.now()):
        row, yes = end.row, end.agreed
        shown = {"words": end_words(row), "reason": row.reason}
        if row.kind == EndNotice.Kind.NOTICE or yes:
            found.append({**shown, "company": row.author, "by": row.made_by, "at": row.made_at})
        if yes:
            found.append({**shown, "company": yes.author, "by": yes.signed_by, "at": yes.signed_at})
    return found

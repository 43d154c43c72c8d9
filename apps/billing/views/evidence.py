"""Evidence: the signed file, the verifier, the issuer's public keys, the same check on the server."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.billing.models import Invoice, SigningKey
from apps.billing.operations import export_evidence
from apps.billing.operations.stored import read_stored
from apps.billing.queries.evidence import evidence_file, last_waiting
from apps.billing.queries.verifying import fingerprint, verified
from apps.billing.wording import reason_words
from apps.metering.bundle import FILE_NAME, bundle
from apps.tenancy.context import current_company_id
from apps.tenancy.models import Hostname


def _issued(invoice_id: UUID) -> Invoice:
    rows = Invoice.objects.select_related("contract").filter(state=Invoice.State.ISSUED)
    invoice: Invoice = get_object_or_404(rows, id=invoice_id)
    return invoice


@require_GET
@requires("view_invoices")
def download(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """The signed evidence file of an issued invoice."""
    invoice = _issued(invoice_id)
    try:
        content = export_evidence(invoice=invoice, now=timezone.now(), reader=request.user)
    except ValidationError as problem:
        messages.warning(request, " ".join(problem.messages))
        return redirect("invoice_verification", invoice.public_id)
    name = f"evidence-{invoice.number}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="application/json", headers=headers)


@require_GET
@requires("view_invoices")
def verify(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """How to check it oneself, and the result of the same check here."""
    invoice = _issued(invoice_id)
    found = evidence_file(invoice)
    context: dict[str, Any] = {
        "invoice": invoice,
        "evidence": found,
        "file_name": FILE_NAME,
        "problem": "",
        "waiting": None if found else _why_waiting(invoice),
        "is_issuer": invoice.author_id == current_company_id(),
    }
    if found is not None:
        try:
            content = read_stored(found)
            context["result"] = verified(content, found.public_key, get_language() or "en")
        except ValidationError as problem:
            context["problem"] = " ".join(problem.messages)
        context["fingerprint"] = fingerprint(found.public_key)
    context["keys_url"] = _published_at(invoice.author_id)
    return render(request, "billing/invoice_verification.html", context)


def _why_waiting(invoice: Invoice) -> dict[str, str] | None:
    waiting = last_waiting(invoice)
    return None if waiting is None else reason_words(**waiting.details)


def _published_at(company_id: int) -> str:
    """The whole address of a company's public keys; empty for one without a host."""
    host = Hostname.objects.filter(tenant_id=company_id, is_primary=True).first()
    if host is None:
        return ""
    port = f":{settings.PERUSE_PORT}" if settings.PERUSE_PORT else ""
    return f"{settings.PERUSE_SCHEME}://{host.domain}{port}{reverse('public_keys')}"


@require_GET
@requires("view_invoices")
def verifier(request: HttpRequest) -> HttpResponse:
    """The verifier: one file of plain Python."""
    headers = {"Content-Disposition": f'attachment; filename="{FILE_NAME}"'}
    return HttpResponse(bundle(), content_type="text/x-python; charset=utf-8", headers=headers)


@require_GET
@requires("anybody")
def public_keys(request: HttpRequest) -> HttpResponse:
    """This company's public keys, for anybody who holds one of its evidence files."""
    company_id = current_company_id()
    if company_id is None:
        raise Http404
    keys = SigningKey.objects.written_by(company_id).only("public_key", "made_at")
    return JsonResponse(
        {
            "keys": [
                {
                    "algorithm": "Ed25519", "public_key": key.public_key,
                    "fingerprint": fingerprint(key.public_key), "since": key.made_at.isoformat(),
                }
                for key in keys
            ]
        }
    )  # fmt: skip

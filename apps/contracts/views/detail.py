"""The page of a contract: parties, items, plan in words, signatures, history, and what comes next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.assets.models import Asset, DataGrant
from apps.assets.queries import seen_grants
from apps.common.canonical import exact
from apps.common.templatetags.portal import day
from apps.contracts.forms.costs import cost_form
from apps.contracts.models import (
    Contract,
    ContractItem,
    CoverChange,
    EndNotice,
    PlanProposal,
    Refusal,
    Signature,
)
from apps.contracts.queries import (
    content_of,
    content_sha256,
    history_of,
    offered_before,
    signatures_of,
)
from apps.contracts.queries.covers import can_be_accepted
from apps.contracts.queries.ends import ShownEnd, shown_ends
from apps.contracts.queries.plans import acceptable, versions_of
from apps.contracts.queries.refusals import latest_refusal, refusals_of
from apps.contracts.wording import act_words, plan_words
from apps.contracts.wording.changes import Change, content_changes, plan_changes
from apps.contracts.wording.clause import clause_words
from apps.contracts.wording.commercial import commercial_words
from apps.contracts.wording.items import item_words
from apps.contracts.wording.notice import end_words, notice_words
from apps.contracts.wording.opening import opening_words
from apps.contracts.wording.service import service_words
from apps.tenancy.context import current_company

WHAT = Refusal.What
_SHOWN_ACTS = 50
_SHOWN_ITEMS = 200


@require_GET
@requires("view_contracts")
def contract_detail(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """The page of either side; what only the customer is asked stands on its own."""
    seen = Asset.objects.filter(pk=OuterRef("asset_id"))
    items = Prefetch("items", ContractItem.objects.annotate(seen=Exists(seen)))
    read_once = Contract.objects.select_related("network").prefetch_related(items, "plans")
    page = _read(get_object_or_404(read_once, pk=contract_id), timezone.now())
    context = {
        **_terms(page), **_signing(page), **_prices(page), **_change(page), **_ends(page),
        "grants": _grants(page.contract),
        "history": [
            (act_words(row.action), row) for row in history_of(page.contract)[:_SHOWN_ACTS]
        ],
    }  # fmt: skip
    return render(request, "contracts/contract_detail.html", context)


@dataclass(frozen=True, slots=True)
class _Page:
    """What the page is made of, each read once."""

    contract: Contract
    now: datetime
    content: str
    items: list[Any]
    proposals: list[PlanProposal]
    changes: list[CoverChange]
    signatures: list[Signature]
    refusals: list[Refusal]
    ends: list[ShownEnd]

    def refused(self, what: str, row: PlanProposal | CoverChange | EndNotice) -> Refusal | None:
        return latest_refusal(self.refusals, what, row.content_sha256, row.made_at)

    def customer_signed(self, row: PlanProposal | CoverChange) -> bool:
        customer = self.contract.customer_id
        return any(
            said.author_id == customer and said.content_sha256 == row.content_sha256
            for said in self.signatures
        )


def _read(contract: Contract, now: datetime) -> _Page:
    signatures = list(signatures_of(contract))
    changes = contract.cover_changes.all() if contract.is_concluded else ()
    return _Page(
        contract, now, content_sha256(contract), list(contract.items.all()),
        list(PlanProposal.objects.filter(contract=contract)), list(changes), signatures,
        refusals_of(contract) if signatures else [], shown_ends(contract, signatures, now),
    )  # fmt: skip


def _terms(page: _Page) -> dict[str, Any]:
    """What is agreed, in words."""
    contract, shown = page.contract, page.items[:_SHOWN_ITEMS]
    first = min(contract.plans.all(), key=lambda row: row.number, default=None)
    return {
        "contract": contract, "content": page.content, "items": [(item, item_words(item)) for item in shown],
        "item_count": len(page.items), "seen_assets": {item.asset_id for item in shown if item.seen},
        "opening": opening_words(contract.opening_balances, first.plan if first else None),
        "commercial": commercial_words(contract), "notice": notice_words(contract),
        "service": service_words(contract),
        "clause": list(map(clause_words, contract.clause)),
    }  # fmt: skip


def _signing(page: _Page) -> dict[str, Any]:
    """Who signed what, and whose turn it is."""
    contract, company = page.contract, current_company().pk
    offered, signed, later = contract.state == Contract.State.OFFERED, _signed(page), _later(page)
    context: dict[str, Any] = {
        "own": contract.author_id == company,
        "to_sign": offered and company == contract.customer_id and company not in signed,
        "signed_waits": offered and contract.customer_id in signed,
        "signatures": [(row, later.get(row.content_sha256)) for row in page.signatures],
        "changed": _changed(page), "offer_refusal": _offer_refused(page),
    }  # fmt: skip
    if company == contract.customer_id and contract.state != Contract.State.DRAFT:
        context["cost_form"] = cost_form(contract)
    return context


def _signed(page: _Page) -> set[int]:
    """Who signed the offer that stands: one taken back and made again wants a new yes."""
    at = page.contract.offered_at
    return {
        row.author_id for row in page.signatures
        if row.content_sha256 == page.content and at and row.signed_at >= at
    }  # fmt: skip


def _later(page: _Page) -> dict[str, str]:
    """By digest what a signature beside those of the contract itself is for."""
    prices, assets = _("new prices from %(day)s"), _("change of assets from %(day)s")
    found = {row.content_sha256: prices % {"day": day(row.valid_from)} for row in page.proposals}
    found |= {row.content_sha256: assets % {"day": day(row.valid_from)} for row in page.changes}
    return found | {end.row.content_sha256: end_words(end.row) for end in page.ends}


def _changed(page: _Page) -> list[Change]:
    """What an offer, or a draft that was one, says otherwise than the offer before."""
    contract = page.contract
    if contract.state not in (Contract.State.DRAFT, Contract.State.OFFERED):
        return []
    earlier = offered_before(contract, page.signatures, page.content)
    if earlier is None:
        return []
    return content_changes(earlier.content, exact(content_of(contract)))  # type: ignore[arg-type]


def _offer_refused(page: _Page) -> Refusal | None:
    """The no to the offer that stands; of a draft that to the offer before it."""
    contract = page.contract
    if contract.state == Contract.State.OFFERED:
        return latest_refusal(page.refusals, WHAT.OFFER, page.content, contract.offered_at)
    said = [row for row in page.refusals if row.what == WHAT.OFFER]
    return said[-1] if said and contract.state == Contract.State.DRAFT else None


def _prices(page: _Page) -> dict[str, Any]:
    """The plan's versions in words, and the proposed next one."""
    versions = versions_of(page.contract, page.now)
    context: dict[str, Any] = {
        "versions": [(row, plan_words(row.version.plan)) for row in versions], "proposal": None,
    }  # fmt: skip
    standing = (row for row in page.proposals if row.state == PlanProposal.State.OPEN)
    proposal = next(standing, None)
    if proposal is None:
        return context
    return context | {
        "proposal": proposal,
        "proposed_charges": plan_words(proposal.plan),
        "proposed_changes": _proposed(page.contract, proposal),
        "proposal_refusal": page.refused(WHAT.PRICES, proposal),
        "proposal_open": acceptable(page.contract, proposal, page.now),
        "accepted_waits": page.customer_signed(proposal),
    }


def _proposed(contract: Contract, proposal: PlanProposal) -> list[Change]:
    """The proposed prices beside those they follow."""
    before = [row for row in contract.plans.all() if row.valid_from < proposal.valid_from]
    latest = max(before, key=lambda row: (row.valid_from, row.number), default=None)
    return [] if latest is None else plan_changes(latest.plan, proposal.plan)


def _change(page: _Page) -> dict[str, Any]:
    """The proposed change of what is covered, and what of it would go."""
    standing = (row for row in page.changes if row.state == CoverChange.State.OPEN)
    change = next(standing, None) if page.contract.state == Contract.State.ACTIVE else None
    if change is None:
        return {"change": None}
    labels = {str(item.pk): f"{item.asset_label} · {item.channel_code}" for item in page.items}
    return {
        "change": change, "leaving": [labels[key] for key in change.withdrawn if key in labels],
        "change_refusal": page.refused(WHAT.ASSETS, change),
        "change_open": can_be_accepted(page.contract, change, page.now),
        "change_accepted": page.customer_signed(change),
    }  # fmt: skip


def _ends(page: _Page) -> dict[str, Any]:
    """Notices and proposals of an end, each with the no it got."""
    ends = [(end_words(end.row), end, page.refused(WHAT.END, end.row)) for end in page.ends]
    return {"ends": ends}


def _grants(contract: Contract) -> list[DataGrant]:
    """What the contract bore, as far as the company sees it."""
    if contract.activated_at is None:
        return []
    rows = seen_grants().filter(contract_id=contract.pk)
    return list(rows.order_by("asset_label", "pk")[:100])

"""Splits of contracts, and the terms of partners."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from apps.common.canonical import digest
from apps.contracts.domain.split import Split
from apps.contracts.models import Contract, PartnerTerms, PlanVersion, SplitVersion
from apps.tenancy.context import current_company


def terms_digest(contract: Contract, valid_from: date, terms: dict[str, object]) -> str:
    """SHA-256 of what a partner signs: these terms, for this contract, from this day."""
    return digest({"contract": contract.public_id, "valid_from": valid_from, "terms": terms})


def splits_of(contract: Contract) -> list[SplitVersion]:
    """The provider's versions, the latest first."""
    rows = SplitVersion.objects.filter(contract=contract).prefetch_related(
        "partners__signature", "partners__refusal"
    )
    return list(rows.order_by("-number"))


def open_split(contract: Contract) -> SplitVersion | None:
    """The draft or offered version; at most one."""
    states = [SplitVersion.State.DRAFT, SplitVersion.State.OFFERED]
    found: SplitVersion | None = SplitVersion.objects.filter(
        contract=contract, state__in=states
    ).first()
    return found


def agreed_splits(contract_ids: Iterable[UUID]) -> dict[UUID, list[SplitVersion]]:
    """By contract the versions that every partner has signed, by their first day. One query."""
    rows = SplitVersion.objects.written_by(current_company()).filter(
        contract__in=list(contract_ids), state=SplitVersion.State.AGREED
    )
    found: dict[UUID, list[SplitVersion]] = {}
    for row in rows.order_by("contract", "valid_from", "number"):
        found.setdefault(row.contract_id, []).append(row)
    return found


def split_on(versions: Sequence[SplitVersion], day: date) -> SplitVersion | None:
    """The agreed version that holds on a day; None before the first."""
    begun = [version for version in versions if version.valid_from <= day]
    return max(begun, key=lambda version: (version.valid_from, version.number), default=None)


def terms_received() -> QuerySet[PartnerTerms]:
    """Terms offered to the current company, latest first."""
    rows: QuerySet[PartnerTerms] = PartnerTerms.objects.filter(partner=current_company())
    return rows.select_related("signature", "refusal")


def charges_seen(contract: Contract, split: Split, party: int) -> dict[str, dict[str, str]]:
    """Names of the charges that a partner's steps and parts speak of, by code."""
    own = [step for step in split.line_steps if any(part.party == party for part in step.parts)]
    names = _charge_names(contract)
    takes_all = party == split.residual or any(not step.charges for step in own)
    borne = [
        item.charge for item in split.bearers if any(part.party == party for part in item.parts)
    ]
    free = {code for code in names if not split.bearer_of(code)}
    codes = (free if takes_all else {code for step in own for code in step.charges}) | set(borne)
    return {code: name for code, name in names.items() if code in codes}


def _charge_names(contract: Contract) -> dict[str, dict[str, str]]:
    """Titles of the charges of every plan version, the latest last."""
    plans = PlanVersion.objects.filter(contract=contract).order_by("number")
    return {
        str(charge["code"]): dict(charge["title"])
        for version in plans
        for charge in version.plan["charges"]
    }

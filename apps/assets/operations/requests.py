"""Requests for data outside of contracts: asked, answered by each company asked, settled by who collects."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.assets.events import DataRequested, RequestAnswered
from apps.assets.models import Asset, DataGrant, DataRequest, RequestAnswer
from apps.assets.operations.grants import born_of_request, judge_terms, take_back, unmarked
from apps.assets.queries.grants import standing_of
from apps.events.operations import publish, record
from apps.tenancy.context import current_company
from apps.tenancy.queries import known_company_ids

KIND = RequestAnswer.Kind


@transaction.atomic
def request_data(
    *,
    asset: Asset,
    grantee_id: int,
    kind: str,
    channels: Sequence[str],
    resolution: str,
    purpose: str,
    valid_from: datetime,
    valid_until: datetime | None,
    now: datetime,
    actor: Any,
) -> DataRequest:
    """Ask who collects a seen asset's data to let a company read: oneself, or, where the asker uses
    the asset, whom it names. The same open request again is the first one. Raises ValidationError.
    """
    company = current_company()
    if asset.author_id == company.pk:
        raise ValidationError(_("You collect these data yourself. Give a grant instead."))
    judge_terms(asset, grantee_id, kind, channels, resolution, valid_from, valid_until, now)
    if grantee_id != company.pk and asset.customer_id != company.pk:
        raise ValidationError({"grantee": _("Only who uses the asset may share its data.")})
    if grantee_id not in known_company_ids():
        raise ValidationError({"grantee": _("Choose a company from your partners.")})
    values = kind == DataGrant.Kind.VALUES
    facts: dict[str, Any] = {
        "author": company, "asset": asset, "collector_id": asset.author_id,
        "grantee_id": grantee_id, "kind": kind, "user_id": _user_of(asset) if values else None,
        "channels": sorted(set(channels)) if values else [],
        "resolution": resolution if values else "", "purpose": purpose.strip()[:200],
        "valid_until": valid_until,
    }  # fmt: skip
    for row in DataRequest.objects.filter(**facts, withdrawn_at=None).prefetch_related("answers"):
        if standing_of(row) == "open":
            return row
    request: DataRequest = DataRequest.objects.create(
        **facts, asset_label=asset.name, valid_from=valid_from, asked_by=str(actor)[:200],
        asked_at=now,
        parties=sorted({company.pk, asset.author_id, grantee_id, *_user_key(facts["user_id"])}),
    )  # fmt: skip
    _tell("data_requested", request, now, actor)
    event = DataRequested(request.pk)
    asked = request.deciders - {company.pk}
    publish(name=event.name, payload=event.payload, now=now, to=asked)
    return request


def _user_of(asset: Asset) -> int | None:
    """Whose yes it takes besides the collector's."""
    return None if asset.customer_id == asset.author_id else asset.customer_id


def _user_key(user: int | None) -> list[int]:
    return [] if user is None else [user]


@transaction.atomic
def answer_request(
    *, request: DataRequest, accepts: bool, now: datetime, actor: Any, reason: str = ""
) -> RequestAnswer:
    """Yes or no of one of those asked, in its own portal. The first stands; twice is once.

    Raises ValidationError when it was withdrawn, or answered the other way.
    """
    company = current_company()
    if company.pk not in request.deciders or company.pk == request.author_id:
        raise ValidationError(_("Nobody asks you."))
    kind = KIND.ACCEPTED if accepts else KIND.REFUSED
    said = RequestAnswer.objects.filter(author=company, request=request).first()
    if said is not None:
        if said.kind == kind:
            return said
        raise ValidationError(_("This request is answered already."))
    request.refresh_from_db()
    if standing_of(request) != "open":
        raise ValidationError(_("This request is not open any more."))
    return _say(request, kind, now, actor, reason)


@transaction.atomic
def withdraw_request(*, request: DataRequest, now: datetime, actor: Any) -> None:
    """Take an own request back, and with it the grant it bore. Twice is once."""
    own = DataRequest.objects.written_by(current_company()).select_for_update(of=("self",))
    locked: DataRequest = own.get(pk=request.pk)
    if locked.withdrawn_at is not None:
        return
    locked.withdrawn_at = now
    locked.save(update_fields=["withdrawn_at"])
    _tell("data_request_withdrawn", locked, now, actor)
    event = RequestAnswered(locked.pk)
    asked = locked.deciders - {locked.author_id}
    publish(name=event.name, payload=event.payload, now=now, to=asked)


@transaction.atomic
def end_consent(*, request: DataRequest, now: datetime, actor: Any) -> None:
    """Who uses the asset takes its yes back: the grant ends. Twice is once."""
    company = current_company()
    answers = RequestAnswer.objects.filter(author=company, request=request)
    kinds = set(answers.values_list("kind", flat=True))
    if KIND.ENDED in kinds:
        return
    if KIND.ACCEPTED not in kinds or request.user_id != company.pk:
        raise ValidationError(_("There is no consent of yours to withdraw."))
    _say(request, KIND.ENDED, now, actor, "")


def _say(request: DataRequest, kind: str, now: datetime, actor: Any, reason: str) -> RequestAnswer:
    answer: RequestAnswer
    answer, made = RequestAnswer.objects.get_or_create(
        author=current_company(), request=request, kind=kind,
        defaults={
            "parties": request.parties, "reason": reason.strip()[:200], "said_at": now,
            "said_by": "" if actor is None else str(actor)[:200],
        },
    )  # fmt: skip
    if made:
        _tell(f"data_request_{kind}", request, now, actor)
        own = current_company().pk
        event = RequestAnswered(request.pk)
        others = {request.collector_id, request.author_id} - {own}
        publish(name=event.name, payload=event.payload, now=now, to=others)
        if request.collector_id == own:
            settle_request(request_id=request.pk, now=now)
    return answer


@transaction.atomic
def settle_request(*, request_id: UUID, now: datetime) -> str:
    """In the collector's company: what was said becomes a grant, or ends it. Returns the standing.

    Who uses an asset shares the unmarked data of its own use by right: nobody has to say yes.
    """
    company = current_company()
    row: DataRequest = DataRequest.objects.get(pk=request_id, collector=company)
    asset = Asset.objects.select_for_update(of=("self",)).get(pk=row.asset_id)
    standing = standing_of(row)
    if standing == "open" and _is_by_right(row, asset):
        _say(row, KIND.ACCEPTED, now, None, "")
        return "accepted"
    grant = DataGrant.objects.filter(request=row).first()
    if standing == "accepted" and grant is None and _still_stands(row, asset, now):
        born_of_request(row, asset, now)
    elif standing in ("withdrawn", "ended") and grant is not None and grant.revoked_at is None:
        take_back(grant, now)
    return standing


def _is_by_right(row: DataRequest, asset: Asset) -> bool:
    answered = row.answers.filter(author_id=row.collector_id).exists()
    return (
        row.is_share and not answered and asset.customer_id == row.author_id
        and row.channels == unmarked(asset, row.channels)
    )  # fmt: skip


def _still_stands(row: DataRequest, asset: Asset, now: datetime) -> bool:
    """Who said yes for its own use still uses the asset, and the time is not over."""
    return (row.user_id is None or row.user_id == asset.customer_id) and (
        row.valid_until is None or row.valid_until > now
    )


def _tell(action: str, request: DataRequest, now: datetime, actor: Any) -> None:
    record(
        action=action, subject=request.public_id, now=now, actor=actor, also=request.parties,
        details={"asset": request.asset_public_id},
    )  # fmt: skip

"""Reads of data grants, requests and what was done under them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils.translation import ngettext

from apps.assets.models import Asset, DataGrant, DataRequest, GrantRead
from apps.subscriptions.domain.registry import Hold
from apps.tenancy.context import current_company

# Of those that never began, none.
_PROVES = (Q(valid_until=None) | Q(valid_until__gt=F("valid_from"))) & Q(
    origin=DataGrant.Origin.CONTRACT, resolution="raw"
)
FINENESS = {"daily": 0, "hourly": 1, "raw": 2}


def not_over(at: datetime) -> Q:
    """Grants that are not ended at an instant; they may be taken back or not begun."""
    return Q(valid_until=None) | Q(valid_until__gt=at)


def living(now: datetime) -> Q:
    """Grants that are begun, not over and not taken back."""
    return not_over(now) & Q(valid_from__lte=now, revoked_at=None)


def seen_grants() -> QuerySet[DataGrant]:
    """Grants given, held, or on an asset the company uses. The asset itself need not be seen."""
    rows: QuerySet[DataGrant] = DataGrant.objects.select_related("grantee", "author")
    return rows


def given_grants(now: datetime) -> Iterator[Hold]:
    """What others may read of the current company's data: it holds a company that wants to leave."""
    count = living_grants(now).filter(author=current_company()).count()
    if count:
        text = ngettext(
            "%(n)d other reader has a right to your data: end it.",
            "%(n)d rights of others to your data are in force: end them.", count,
        )  # fmt: skip
        yield Hold(text % {"n": count}, "grant_list")


def grants_on(asset: Asset) -> QuerySet[DataGrant]:
    """Grants on an asset that the company sees."""
    return seen_grants().filter(asset=asset)


def living_grants(now: datetime) -> QuerySet[DataGrant]:
    """Grants that hold at this instant, as the company sees them."""
    return seen_grants().filter(living(now))


def held_grants(now: datetime) -> QuerySet[DataGrant]:
    """Grants the current company holds that are begun, not over and not taken back."""
    return seen_grants().filter(living(now), grantee=current_company())


def grant_for(
    *, asset_id: UUID, channel_code: str, resolution: str, now: datetime, start: datetime,
    end: datetime,
) -> DataGrant | None:  # fmt: skip
    """Of the grants the current company holds on this channel, at least this fine, the one that covers
    the most of [start, end); of those that cover as much the finest, then the earliest."""
    held = held_grants(now).filter(asset=asset_id, channels__contains=[channel_code])
    fine = [row for row in held if FINENESS[row.resolution] >= FINENESS[resolution]]
    return min(
        fine, default=None, key=lambda row: (
            -_covered(row, start, end), -FINENESS[row.resolution], row.valid_from, row.pk
        ),
    )  # fmt: skip


def _covered(grant: DataGrant, start: datetime, end: datetime) -> timedelta:
    until = end if grant.valid_until is None else min(end, grant.valid_until)
    return max(until - max(start, grant.valid_from), timedelta())


def evidence_grants() -> QuerySet[DataGrant]:
    """Raw grants of contracts that the current company holds or held. What was counted while they
    lived is proven by it, whenever the invoice's evidence is stored; taken back they open nothing."""
    return seen_grants().filter(_PROVES, grantee=current_company(), revoked_at=None)


def can_prove(grant: DataGrant) -> bool:
    """Whether its holder may read under it for the evidence of invoices, after its end too."""
    return seen_grants().filter(_PROVES, pk=grant.pk, revoked_at=None).exists()


def evidence_grant_for(
    *, asset_id: UUID, channel_code: str, contract_id: UUID, collector_id: int, start: datetime,
    end: datetime,
) -> DataGrant | None:  # fmt: skip
    """One of them that covered some of [start, end) of a channel for a contract."""
    rows = evidence_grants().filter(
        Q(valid_until=None) | Q(valid_until__gt=start), valid_from__lt=end, asset=asset_id,
        contract_id=contract_id, author=collector_id, channels__contains=[channel_code],
    )  # fmt: skip
    return rows.order_by("valid_from", "pk").first()


def series_grants(now: datetime) -> QuerySet[DataGrant]:
    """Own grants under which hours or days are delivered now."""
    rows: QuerySet[DataGrant] = DataGrant.objects.written_by(current_company()).filter(
        living(now), resolution__in=["hourly", "daily"]
    )
    return rows.order_by("id")


def seen_requests() -> QuerySet[DataRequest]:
    """Requests the company made, is asked, or would be granted by."""
    rows: QuerySet[DataRequest] = DataRequest.objects.select_related(
        "author", "collector", "grantee", "user"
    ).prefetch_related("answers__author")
    return rows


def acts_on(asset_id: UUID) -> QuerySet[GrantRead]:
    """What anybody did with an asset's data under the grants the company sees, latest first."""
    rows: QuerySet[GrantRead] = GrantRead.objects.filter(grant__asset=asset_id)
    return rows.select_related("grant__grantee", "author")


def standing_of(request: DataRequest) -> str:
    """`withdrawn`, `refused`, `ended`, `accepted` or `open`; needs its answers."""
    answers: list[Any] = list(request.answers.all())
    said = {(row.author_id, row.kind) for row in answers}
    kinds = {kind for _author, kind in said}
    if request.withdrawn_at is not None:
        return "withdrawn"
    if "refused" in kinds:
        return "refused"
    if "ended" in kinds:
        return "ended"
    yes = {author for author, kind in said if kind == "accepted"}
    if request.is_share:
        yes.add(request.author_id)
    return "accepted" if request.deciders <= yes else "open"

"""Writes of data grants: given, ended, taken back. What was delivered under them goes with them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from apps.assets.domain.mounting import Layout
from apps.assets.events import DataGranted, GrantsEnded
from apps.assets.models import Asset, DataGrant, GrantedSeries
from apps.assets.operations.common import must_be_own
from apps.assets.queries.grants import not_over
from apps.events.operations import publish, record
from apps.tenancy.context import current_company
from apps.tenancy.queries import known_company_ids

Kind = DataGrant.Kind


def build_grant(
    asset: Asset, grantee_id: int, kind: str, channels: Sequence[str], resolution: str, **terms: Any
) -> DataGrant:
    """A grant of the current company that is not stored."""
    company = current_company()
    is_values = kind == Kind.VALUES
    return DataGrant(
        author=company, asset=asset, grantee_id=grantee_id, kind=kind, asset_label=asset.name,
        channels=list(channels) if is_values else [],
        channel_facts=facts_of(asset, channels) if is_values else {},
        resolution=resolution if is_values else "", parties=parties_of(asset, grantee_id),
        **{**terms, "purpose": terms["purpose"][:200],
           "time_zone": terms.get("time_zone") or company.time_zone},
    )  # fmt: skip


def parties_of(asset: Asset, grantee_id: int) -> list[int]:
    """Who sees a grant and its log: both companies, and who uses the asset."""
    user = [] if asset.customer_id is None else [asset.customer_id]
    return sorted({asset.author_id, grantee_id, *user})


def facts_of(asset: Asset, channels: Iterable[str]) -> dict[str, dict[str, str]]:
    """By code the title, kind and unit of those channels that the asset's type has."""
    wanted = set(channels)
    return {
        row.code: {"title": row.title, "kind": row.kind, "unit": row.unit}
        for row in Layout.from_dict(asset.layout).channels if row.code in wanted
    }  # fmt: skip


def unmarked(asset: Asset, channels: Iterable[str] | None = None) -> list[str]:
    """The channels (all of them by default) that are neither personal nor a trade secret."""
    rows = Layout.from_dict(asset.layout).channels
    marked = {row.code for row in rows if row.mark}
    named = {row.code for row in rows} if channels is None else set(channels)
    return sorted(named - marked)


@transaction.atomic
def give_data(
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
    actor: Any = None,
) -> DataGrant:
    """Let another company read an own asset's data without being asked. The same again is once.

    Refused where another company uses the asset and readings are meant: that takes its yes, hence
    a request. Raises ValidationError.
    """
    must_be_own(asset)
    Asset.objects.select_for_update(of=("self",)).get(pk=asset.pk)
    if grantee_id not in known_company_ids():
        raise ValidationError({"grantee": _("Choose a company from your partners.")})
    judge_terms(asset, grantee_id, kind, channels, resolution, valid_from, valid_until, now)
    if kind == Kind.VALUES and asset.customer_id not in (None, asset.author_id, grantee_id):
        raise ValidationError(
            _("%(company)s uses this asset: its data are given at a request that it accepts, too.")
            % {"company": asset.customer}
        )
    since = _own_use_since(asset, None) if kind == Kind.VALUES else None
    start = valid_from if since is None else max(valid_from, since)
    if valid_until is not None and valid_until <= start:
        raise ValidationError({"valid_until": _("Another company used the asset until then.")})
    grant = build_grant(
        asset, grantee_id, kind, sorted(set(channels)), resolution, purpose=purpose,
        valid_from=start, valid_until=valid_until, revocable=True,
    )  # fmt: skip
    grant.origin = DataGrant.Origin.GIVEN
    stood = DataGrant.objects.written_by(current_company()).filter(
        not_over(grant.valid_from), asset=asset, grantee_id=grantee_id, origin=grant.origin,
        kind=kind, resolution=grant.resolution, revoked_at=None,
    ).first()  # fmt: skip
    if stood is not None:
        if all(getattr(stood, name) == getattr(grant, name) for name in ("channels", "purpose")):
            return stood
        raise ValidationError(
            _("Such a grant stands already. Take it back before you give another.")
        )
    grant.save(force_insert=True)
    tell_granted([grant], now, actor)
    return grant


def judge_terms(
    asset: Asset,
    grantee_id: int,
    kind: str,
    channels: Sequence[str],
    resolution: str,
    valid_from: datetime,
    valid_until: datetime | None,
    now: datetime,
) -> None:
    """What holds of every grant outside of contracts. Raises ValidationError on its fields."""
    refused: dict[str, str] = {}
    known = {row.code for row in Layout.from_dict(asset.layout).channels}
    if grantee_id == asset.author_id:
        refused["grantee"] = _("That company collects the data itself.")
    if kind == Kind.VALUES and not channels:
        refused["channels"] = _("Choose at least one channel.")
    elif kind == Kind.VALUES and set(channels) - known:
        refused["channels"] = _("Choose channels of this asset.")
    if kind == Kind.VALUES and resolution not in DataGrant.Resolution.values:
        refused["resolution"] = _("Choose a resolution.")
    if valid_until is not None and valid_until <= max(valid_from, now):
        refused["valid_until"] = _("Choose a later end: after the beginning, and not past.")
    if refused:
        raise ValidationError(dict(refused))


def _own_use_since(asset: Asset, user: int | None) -> datetime | None:
    """Since when an asset has been used by who uses it now; None: for ever.

    What an earlier user's use generated is not for the present one to give away.
    """
    uses = DataGrant.objects.filter(asset=asset, origin=DataGrant.Origin.USE)
    if user is not None:
        return uses.filter(grantee=user).order_by("-valid_from").values_list(
            "valid_from", flat=True
        ).first()  # fmt: skip
    return uses.order_by("-valid_until").values_list("valid_until", flat=True).first()


def born_of_request(request: Any, asset: Asset, now: datetime) -> DataGrant | None:
    """The grant of a request that everybody asked has accepted; none of a time wholly before the
    present user's."""
    values = request.kind == Kind.VALUES
    since = _own_use_since(asset, request.user_id) if values else None
    start = request.valid_from if since is None else max(request.valid_from, since)
    if request.valid_until is not None and request.valid_until <= start:
        return None
    grant = build_grant(
        asset, request.grantee_id, request.kind, request.channels, request.resolution,
        purpose=request.purpose, valid_from=start, valid_until=request.valid_until,
        revocable=not request.is_share,
    )  # fmt: skip
    grant.origin, grant.request = DataGrant.Origin.REQUEST, request
    grant.parties = sorted({*grant.parties, *request.parties})
    grant.save(force_insert=True)
    tell_granted([grant], now)
    return grant


def tell_granted(grants: Sequence[DataGrant], now: datetime, actor: Any = None) -> None:
    """Note new grants in the history of all who see them, and have data delivered under them."""
    for grant in grants:
        record(
            action="data_granted", subject=grant.public_id, now=now, actor=actor,
            also=grant.parties,
            details={"asset": grant.asset_public_id, "channels": grant.channels},
        )  # fmt: skip
    publish_granted(grants, now)


def publish_granted(grants: Sequence[DataGrant], now: datetime) -> None:
    delivered = [grant.id for grant in grants if grant.resolution in ("hourly", "daily")]
    if delivered:
        event = DataGranted(tuple(delivered))
        publish(name=event.name, payload=event.payload, now=now)


@transaction.atomic
def end_grants(
    *, contract_id: UUID, now: datetime, valid_until: datetime | None = None,
    assets: Iterable[UUID] | None = None,
) -> list[DataGrant]:  # fmt: skip
    """End every living grant of a contract (on these assets), from now or at a later instant."""
    living = DataGrant.objects.filter(contract_id=contract_id)
    if assets is not None:
        living = living.filter(asset__in=list(assets))
    return end_living(living, valid_until or now, now)


def end_living(grants: Any, until: datetime, now: datetime) -> list[DataGrant]:
    """End those of the current company's grants that would live longer. Returns them."""
    rows = grants.written_by(current_company()).filter(not_over(until)).order_by("id")
    ended = list(rows.select_for_update(of=("self",)))
    for grant in ended:
        grant.valid_until = max(until, grant.valid_from)
    DataGrant.objects.bulk_update(ended, ["valid_until"], batch_size=500)
    _drop_series([grant for grant in ended if grant.valid_until <= now])
    publish_ended(ended, now)
    return ended


@transaction.atomic
def revoke_grant(*, grant: DataGrant, now: datetime, actor: Any = None) -> DataGrant:
    """Take an own grant back at once. Idempotent. Raises ValidationError."""
    if grant.author_id != current_company().pk:
        raise ValidationError(_("Only the company that granted access may revoke it."))
    locked: DataGrant = DataGrant.objects.select_for_update(of=("self",)).get(pk=grant.pk)
    if locked.revoked_at is not None:
        return locked
    if not locked.revocable:
        raise ValidationError(
            _("This grant cannot be taken back: it stands with what it was born of.")
        )
    return take_back(locked, now, actor)


def take_back(grant: DataGrant, now: datetime, actor: Any = None) -> DataGrant:
    grant.revoked_at = now
    grant.save(update_fields=["revoked_at"])
    _drop_series([grant])
    record(
        action="grant_revoked", subject=grant.public_id, now=now, actor=actor, also=grant.parties
    )  # fmt: skip
    publish_ended([grant], now)
    return grant


def _drop_series(grants: Sequence[DataGrant]) -> None:
    if grants:
        GrantedSeries.objects.written_by(current_company()).filter(grant__in=grants).delete()


@transaction.atomic
def drop_ended_series(*, now: datetime) -> int:
    """Delete what was delivered under own grants that time has ended. Returns how many grants."""
    delivered = GrantedSeries.objects.filter(grant=OuterRef("pk"))
    over = DataGrant.objects.written_by(current_company()).filter(
        Q(valid_until__lte=now) | Q(revoked_at__isnull=False), Exists(delivered),
        resolution__in=["hourly", "daily"],
    )  # fmt: skip
    found = list(over)
    _drop_series(found)
    return len(found)


def publish_ended(grants: Sequence[DataGrant], now: datetime) -> None:
    """To everybody who sees them."""
    if grants:
        event = GrantsEnded(tuple(grant.id for grant in grants))
        parties = {key for grant in grants for key in grant.parties}
        publish(name=event.name, payload=event.payload, now=now, to=parties)

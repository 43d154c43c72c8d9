"""Writes of data grants."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.assets.events import GrantsEnded
from apps.assets.models import Asset, DataGrant
from apps.assets.operations.common import must_be_own
from apps.events.operations import publish, record
from apps.tenancy.context import current_company


@transaction.atomic
def grant_data(
    *,
    asset: Asset,
    grantee_id: int,
    contract_id: UUID,
    channels: Sequence[str],
    resolution: str,
    purpose: str,
    valid_from: datetime,
    now: datetime,
    valid_until: datetime | None = None,
) -> DataGrant:
    """Let another company read channels of an own asset. Idempotent by contract, asset, grantee and
    resolution; the channels of the later call hold."""
    must_be_own(asset)
    company = current_company()
    facts = {
        "channels": sorted(set(channels)),
        "purpose": purpose[:200],
        "valid_from": valid_from,
        "valid_until": valid_until,
        "revoked_at": None,
        "parties": sorted({company.pk, grantee_id}),
    }
    grant, made = DataGrant.objects.update_or_create(
        author=company,
        contract_id=contract_id,
        asset=asset,
        grantee_id=grantee_id,
        resolution=resolution,
        defaults=facts,
    )
    if made:
        record(
            action="data_granted",
            subject=grant.public_id,
            now=now,
            also=[grantee_id],
            details={"asset": asset.public_id, "channels": facts["channels"]},
        )
    return grant


@transaction.atomic
def end_grants(
    *, contract_id: UUID, now: datetime, valid_until: datetime | None = None,
    assets: Iterable[UUID] | None = None,
) -> list[DataGrant]:  # fmt: skip
    """End every living grant of a contract (on these assets), from now or at a later instant."""
    until = valid_until or now
    living = DataGrant.objects.written_by(current_company()).filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=until), contract_id=contract_id
    )
    if assets is not None:
        living = living.filter(asset__in=list(assets))
    ended = list(living.select_for_update())
    for grant in ended:
        grant.valid_until = until
    DataGrant.objects.bulk_update(ended, ["valid_until"])
    _publish_ended(ended, now)
    return ended


@transaction.atomic
def revoke_grant(*, grant: DataGrant, now: datetime, actor: Any = None) -> DataGrant:
    """Take an own grant back at once. Idempotent."""
    if grant.author_id != current_company().pk:
        raise ValidationError(_("Only the company that granted access may revoke it."))
    if grant.revoked_at is None:
        grant.revoked_at = now
        grant.save(update_fields=["revoked_at"])
        record(
            action="grant_revoked",
            subject=grant.public_id,
            now=now,
            actor=actor,
            also=[grant.grantee_id],
        )
        _publish_ended([grant], now)
    return grant


def _publish_ended(grants: Sequence[DataGrant], now: datetime) -> None:
    if grants:
        event = GrantsEnded(tuple(grant.id for grant in grants))
        publish(
            name=event.name,
            payload=event.payload,
            now=now,
            to=[current_company().pk, *(grant.grantee_id for grant in grants)],
        )

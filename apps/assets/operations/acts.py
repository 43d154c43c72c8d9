"""What companies say happened to an asset: appended, and withdrawn by another row."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.assets.models import Asset, LifecycleAct, Purchase
from apps.assets.queries.counting import out_of_use, retirements
from apps.common.period import local_date
from apps.events.operations import record
from apps.subscriptions.domain.limits import Counted
from apps.subscriptions.operations import require_room
from apps.tenancy.context import current_company

LONGEST_NOTE = 200


@transaction.atomic
def record_act(
    *, asset: Asset, kind: str, happened_on: date, now: datetime, actor: Any, note: str = "",
    also: Iterable[int] = (),
) -> LifecycleAct:  # fmt: skip
    """Write into a seen asset's life. The same again is the same. Raises ValidationError.

    `also`: companies that see it besides those of the passport.
    """
    company = current_company()
    if kind not in LifecycleAct.Kind.values:
        raise ValidationError({"kind": _("This is nothing that happens to an asset.")})
    if happened_on > local_date(now, company.time_zone):
        raise ValidationError({"happened_on": _("This lies in the future.")})
    act, made = LifecycleAct.objects.get_or_create(
        author=company, asset=asset, kind=kind, happened_on=happened_on, withdraws=None,
        note=note.strip()[:LONGEST_NOTE],
        defaults={
            "parties": sorted({company.pk, *asset.parties, *also}), "author_name": company.name,
            "said_by": str(actor)[:200], "said_at": now,
        },
    )  # fmt: skip
    if made:
        _tell("act_recorded", asset, act, now, actor)
    elif act.withdrawals.exists():
        raise ValidationError({"note": _("You withdrew this entry. Say in a note what is new.")})
    return act


@transaction.atomic
def withdraw_act(*, act_id: UUID, reason: str, now: datetime, actor: Any) -> LifecycleAct:
    """Say that an own entry never happened; both stay. Twice is once.

    Raises LifecycleAct.DoesNotExist; and ValidationError where an asset is in use again by it, and the plan
    has no room.
    """
    own = LifecycleAct.objects.written_by(current_company())
    act: LifecycleAct = own.select_related("asset").get(pk=act_id, withdraws=None)
    if _brings_back(act, now):
        require_room(what=Counted.ASSETS, added=1, now=now)
    row, made = LifecycleAct.objects.get_or_create(
        author=current_company(), withdraws=act,
        defaults={
            "parties": act.parties, "asset_id": act.asset_id, "author_name": act.author_name,
            "kind": act.kind, "happened_on": act.happened_on,
            "note": reason.strip()[:LONGEST_NOTE], "said_by": str(actor)[:200], "said_at": now,
        },
    )  # fmt: skip
    if made:
        _tell("act_withdrawn", act.asset, act, now, actor)
    withdrawal: LifecycleAct = row
    return withdrawal


def _brings_back(act: LifecycleAct, now: datetime) -> bool:
    """Whether this is all that keeps an own asset out of use."""
    own = retirements().filter(asset=act.asset_id)
    is_all = own.filter(pk=act.pk).exists() and not own.exclude(pk=act.pk).exists()
    return is_all and act.asset_id in out_of_use(now)


def _tell(action: str, asset: Asset, act: LifecycleAct, now: datetime, actor: Any) -> None:
    record(
        action=action, subject=asset.public_id, now=now, actor=actor, also=act.parties,
        details={"act": act.kind},
    )  # fmt: skip


@transaction.atomic
def note_purchase(
    *, asset_id: UUID, asset_label: str, seller: int, price_minor: int, currency: str,
    bought_at: datetime, transfer: str,
) -> Purchase:  # fmt: skip
    """In the new owner's company: what it paid, without tax. Twice is once."""
    company = current_company()
    row: Purchase = Purchase.objects.get_or_create(
        author=company, transfer=transfer,
        defaults={
            "parties": sorted({company.pk, seller}), "asset_id": asset_id,
            "asset_label": asset_label, "seller_id": seller, "price_minor": price_minor,
            "currency": currency, "bought_at": bought_at,
        },
    )[0]  # fmt: skip
    return row

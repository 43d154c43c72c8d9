"""Readings that customers declare: said by the customer, passed on by the provider, stored by who collects."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.assets.models import Asset
from apps.common.period import midnight, parse_instant
from apps.common.quantity import canonical, format_quantity, parse_decimal
from apps.events.operations import publish, record
from apps.metering.domain.declaring import Said, falls, is_unusual
from apps.metering.events import ReadingDeclared, ReadingPassedOn
from apps.metering.models import DeclaredReading, MeteringOrder
from apps.metering.operations.answering import NOT_COLLECTED, answer_first
from apps.metering.operations.collecting import may_be_metered
from apps.metering.queries.declared import Declarable
from apps.telemetry.domain.sources import DECLARED
from apps.telemetry.operations import Outcome, SaidReading, take_declared
from apps.tenancy.context import current_company


@transaction.atomic
def declare_reading(
    *, place: Declarable, read_on: date, value: Decimal, now: datetime, reason: str = "",
    actor: Any = None,
) -> DeclaredReading:  # fmt: skip
    """In the customer's company: what the counter showed at the end of a local day.

    The same again is the same row; another value of that day replaces it and needs a reason. Raises
    ValidationError by field (read_on, value, reason): the future, before the item, a value that
    falls, that rises far faster than ever without a reason, or out of bounds.
    """
    at = midnight(read_on + timedelta(days=1), place.contract.time_zone)
    before = next((row for row in place.in_force if row.read_at == at), None)
    if before is not None and before.value == value:
        _must_not_be_doubted(place, before)
        return before
    _must_be_in_time(place, at, now)
    _must_be_plausible(place, Said(at, value), reason)
    if before is not None and not reason.strip():
        raise ValidationError(
            {"reason": _("This day is declared already. Say why another value is right.")}
        )
    row = _row(place, Said(at, value), before, reason)
    row.said_by, row.said_at = str(actor or "")[:200], now
    _save(row)
    event = ReadingDeclared((row.pk,))
    publish(name=event.name, payload=event.payload, now=now, to=[row.provider_id])
    record(
        action="metering.declared_reading", subject=row.public_id, now=now, actor=actor,
        details={"item": str(row.item_id), "read_at": at.isoformat(), "value": canonical(value),
                 "reason": row.reason},
    )  # fmt: skip
    return row


@transaction.atomic
def pass_on_readings(*, reading_ids: Iterable[UUID], said_by: int, now: datetime) -> int:
    """In the provider's company: hand what its customer declared to who collects. Returns how many.

    Only of items whose own order says that this customer declares.
    """
    count = 0
    for row in DeclaredReading.objects.written_by(said_by).filter(pk__in=list(reading_ids)):
        own = MeteringOrder.objects.written_by(current_company())
        order = own.filter(item_id=row.item_id, customer_id=said_by).first()
        if order is None or DECLARED not in order.agreed_meter.sources:
            continue
        event = ReadingPassedOn(
            row.item_id, canonical(row.value), row.read_at.isoformat(), row.generation,
            row.reason, row.said_by,
        )  # fmt: skip
        publish(name=event.name, payload=event.payload, now=now, to=[order.collector_id])
        count += 1
    return count


@transaction.atomic
def take_reading(*, payload: Mapping[str, Any], passed_on_by: int, now: datetime) -> str:
    """In the collector's company: store what was declared, and answer it; the outcome.

    `refused` without an order: then there is nobody to answer.
    """
    company = current_company()
    orders = MeteringOrder.objects.filter(author=passed_on_by, collector=company)
    order = orders.filter(item_id=UUID(str(payload["item"]))).first()
    if order is None:
        return "refused"
    said = SaidReading(
        order.asset_id, order.channel_code, order.unit, parse_decimal(payload["value"]),
        parse_instant(str(payload["read_at"])), int(payload["generation"]), str(payload["reason"]),
        str(payload["said_by"]),
    )  # fmt: skip
    outcome = Outcome(0, "refused", NOT_COLLECTED)
    if _may_hand_on(order, passed_on_by):
        outcome = take_declared(said=said, now=now)
    answer_first(order, said.read_at, said.generation, outcome, now)
    return outcome.status


def _may_hand_on(order: MeteringOrder, passed_on_by: int) -> bool:
    if passed_on_by == current_company().pk:
        return True
    asset = Asset.objects.written_by(current_company()).filter(pk=order.asset_id).first()
    return DECLARED in order.agreed_meter.sources and may_be_metered(asset, passed_on_by)


def _must_not_be_doubted(place: Declarable, row: DeclaredReading) -> None:
    if any(told.row.pk == row.pk for told in place.doubted):
        text = _(
            "This value is declared already and does not count. If it is right, ask %s to release it."
        )
        raise ValidationError({"value": text % place.contract.author.name})


def _must_be_in_time(place: Declarable, at: datetime, now: datetime) -> None:
    if at > now:
        raise ValidationError({"read_on": _("This day is not over yet.")})
    if place.needed and at < place.needed[0]:
        day = date_format(place.day_of(place.needed[0]), "DATE_FORMAT")
        raise ValidationError({"read_on": _("Nothing is counted before the end of %s.") % day})


def _must_be_plausible(place: Declarable, said: Said, reason: str) -> None:
    other = falls(said, place.said)
    if other is not None:
        words = {
            "day": date_format(place.day_of(other.at), "DATE_FORMAT"),
            "value": format_quantity(other.value, get_language() or "en"),
        }
        raise ValidationError(
            {
                "value": _("A counter never falls: at the end of %(day)s it showed %(value)s.")
                % words
            }
        )
    others = [item for item in place.said if item.at != said.at]
    if is_unusual(said, others) and not reason.strip():
        raise ValidationError(
            {"value": _("More than ten times as fast as ever. If it is right, say why.")}
        )


def _row(
    place: Declarable, said: Said, before: DeclaredReading | None, reason: str
) -> DeclaredReading:
    company, item, contract = current_company(), place.item, place.contract
    return DeclaredReading(
        author=company, parties=sorted({company.pk, contract.author_id}),
        provider_id=contract.author_id, contract_id=contract.pk, item_id=item.pk,
        asset_label=item.asset_label, channel_code=item.channel_code, unit=item.unit,
        value=said.value, read_at=said.at, replaces=before, reason=reason.strip()[:200],
        generation=0 if before is None else before.generation + 1,
    )  # fmt: skip


def _save(row: DeclaredReading) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise ValidationError(
            {"read_on": _("Somebody declared this day just now. Look at the page again.")}
        ) from None

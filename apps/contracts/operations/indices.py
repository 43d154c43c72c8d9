"""Price indices: series and their published values, written by who prices with them."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.contracts.domain.index_file import PublishedValue
from apps.contracts.models import PriceIndexSeries, PriceIndexValue
from apps.events.operations import record
from apps.pricing.plan import PricePlan
from apps.tenancy.context import current_company

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@transaction.atomic
def add_series(
    *, code: str, name: str, source: str, now: datetime, actor: Any = None
) -> PriceIndexSeries:
    """A new series. Raises ValidationError by field."""
    company = current_company()
    if not _CODE.fullmatch(code):
        words = _("Letters, digits, dots, hyphens and underscores; at most 40.")
        raise ValidationError({"code": [words]})
    if not name.strip():
        raise ValidationError({"name": [_("Fill this in.")]})
    if PriceIndexSeries.objects.written_by(company).filter(code=code).exists():
        raise ValidationError({"code": [_("There is a price index with this code already.")]})
    series: PriceIndexSeries = PriceIndexSeries.objects.create(
        author=company, parties=[company.pk], code=code, name=name.strip(), source=source.strip(),
        made_at=now,
    )  # fmt: skip
    record(action="price_index_added", subject=series.public_id, now=now, actor=actor)
    return series


@transaction.atomic
def add_values(
    *, series: PriceIndexSeries, values: Sequence[PublishedValue], now: datetime, actor: Any = None
) -> int:
    """Enter published values, all or none. The same again is nothing new; returns how many were.

    Raises ValidationError with a text per value that says otherwise than one that stands.
    """
    series = _locked(series)
    known = {row.reference: row for row in PriceIndexValue.objects.filter(series=series)}
    new = [item for item in values if item.reference not in known]
    others = [
        _("%(reference)s is known as %(value)s already; remove that first.")
        % {"reference": item.reference, "value": f"{known[item.reference].value.normalize():f}"}
        for item in values
        if item.reference in known and not _same(known[item.reference], item)
    ]
    if others:
        raise ValidationError(others)
    PriceIndexValue.objects.bulk_create(
        PriceIndexValue(
            author_id=series.author_id, parties=series.parties, series=series,
            reference=item.reference, value=item.value, published_on=item.published_on,
            entered_at=now,
        )
        for item in new
    )  # fmt: skip
    if new:
        references = ", ".join(item.reference for item in new[:20])
        record(
            action="price_index_values_added", subject=series.public_id, now=now, actor=actor,
            details={"count": len(new), "references": references},
        )  # fmt: skip
    return len(new)


@transaction.atomic
def remove_value(*, value: PriceIndexValue, now: datetime, actor: Any = None) -> None:
    """Take a mistyped value out. What was invoiced with it keeps it in its evidence."""
    record(
        action="price_index_value_removed", subject=value.series.public_id, now=now, actor=actor,
        details={"reference": value.reference, "value": f"{value.value.normalize():f}"},
    )  # fmt: skip
    PriceIndexValue.objects.written_by(current_company()).filter(pk=value.pk).delete()


def must_exist(codes: Iterable[str]) -> None:
    """Raises ValidationError on `plan` for a series the company does not have."""
    wanted = set(codes)
    own = PriceIndexSeries.objects.written_by(current_company()).filter(code__in=wanted)
    missing = sorted(wanted - set(own.values_list("code", flat=True)))
    if missing:
        text = _("There is no price index %(series)s.") % {"series": missing[0]}
        raise ValidationError({"plan": [text]})


def show_series_to(*, plan: PricePlan, parties: Sequence[int]) -> None:
    """The parties of a contract see the series its prices follow, with all values."""
    own = PriceIndexSeries.objects.written_by(current_company()).filter(code__in=plan.series)
    for series in own.select_for_update():
        seen = sorted({*series.parties, *parties})
        if seen != series.parties:
            PriceIndexValue.objects.filter(series=series).update(parties=seen)
            PriceIndexSeries.objects.filter(pk=series.pk).update(parties=seen)


def _locked(series: PriceIndexSeries) -> PriceIndexSeries:
    rows = PriceIndexSeries.objects.written_by(current_company()).select_for_update()
    found: PriceIndexSeries = rows.get(pk=series.pk)
    return found


def _same(row: PriceIndexValue, item: PublishedValue) -> bool:
    return row.value == item.value and row.published_on == item.published_on

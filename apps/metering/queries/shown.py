"""Parts of a component's usage as a page, a program or a file shows them."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from apps.common.quantity import canonical, multiply, subtract
from apps.contracts.wording.sources import source_words, terms_words
from apps.metering.domain.figures import UsageFigures
from apps.metering.domain.of_record import deviation_of
from apps.metering.domain.parts import Edge, Part
from apps.telemetry.domain.sources import DEVICE


def shown_parts(figures: UsageFigures) -> list[dict[str, Any]]:
    """One dict a part, in order; decimals as text, instants as datetimes.

    `leap`: how far the next host's counter stands from this one's where the component moved,
    higher or lower; it bills nothing, because each part counts its own host's difference.
    """
    parts = [_shown(part) for part in figures.parts]
    for (before, part), shown in zip(pairwise(figures.parts), parts[1:], strict=True):
        if before.stay.host != part.stay.host and before.closing and part.opening:
            leap = subtract(part.opening.value, before.closing.value)
            shown["leap"], shown["is_higher"] = canonical(abs(leap)) if leap else None, leap > 0
            shown["left"] = before.stay.host_label
    return parts


def shown_windows(figures: UsageFigures, plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One dict a window of each charge, in the order of the plan: titles, and the quantity."""
    charges = {charge["code"]: charge for charge in plan["charges"]}
    return [
        {
            "charge": charges[item.charge]["title"], "window": window["title"],
            "quantity": canonical(item.quantities.get(window["code"], Decimal(0))),
        }
        for item in figures.windows if item.charge in charges
        for window in charges[item.charge]["windows"]
    ]  # fmt: skip


def shown_meters(figures: UsageFigures) -> list[dict[str, Any]]:
    """One dict a meter that counted in the period, in order: decimals as text, instants and days as
    such; `stands_for`: what its count stands for."""
    return [
        {
            "meter": {
                "since": item.meter.since, "serial": item.meter.serial,
                "accuracy_class": item.meter.accuracy_class,
                "verified_until": item.meter.verified_until,
                "factor": None if item.meter.factor is None else canonical(item.meter.factor),
            },
            "counted": canonical(item.counted) if item.counted else "",
            "stands_for": canonical(multiply(item.counted, item.meter.factor or Decimal(1))),
            "is_expired": item.is_expired,
        }
        for item in figures.meters
    ]  # fmt: skip


def shown_sources(figures: UsageFigures) -> dict[str, Any] | None:
    """Who counted when and why, and what the others say; None where there is one source alone.

    Decimals as text, instants as datetimes.
    """
    found = figures.of_record
    if found is None:
        return None
    return {
        "parts": [
            {
                "source": source_words(item.source), "start": item.start, "end": item.end,
                "quantity": canonical(item.quantity), "stands_in": item.source != DEVICE,
                "silent_since": item.silent_since,
            }
            for item in found.parts
        ],
        "beside": [
            {
                "source": source_words(item.source), "is_beyond": item.is_beyond,
                "quantity": None if item.quantity is None else canonical(item.quantity),
                "deviation": _deviation(item.quantity, figures.quantity),
            }
            for item in found.beside
        ],
        "deviates": found.deviates, "terms": "; ".join(terms_words(found.terms)),
    }  # fmt: skip


def _deviation(other: Decimal | None, quantity: Decimal) -> str | None:
    found = None if other is None else deviation_of(other, quantity)
    return None if found is None else canonical(found)


def _shown(part: Part) -> dict[str, Any]:
    stay = part.stay
    return {
        "host": stay.host_label, "via": list(stay.via), "position": stay.position,
        "start": stay.start, "end": stay.end, "opening": _edge(part.opening),
        "closing": _edge(part.closing),
        "corrections": [
            {"measured_at": item.measured_at, "amount": canonical(item.amount), "kind": item.kind}
            for item in part.corrections
        ],
        "gross": canonical(part.gross), "counted": canonical(part.counted),
        "conditions": [item.to_dict() for item in stay.conditions],
        "factor": canonical(stay.factor), "quantity": canonical(part.quantity),
        "leap": None, "is_higher": False, "left": "",
    }  # fmt: skip


def _edge(edge: Edge | None) -> dict[str, Any] | None:
    if edge is None:
        return None
    return {"value": canonical(edge.value), "interpolated": edge.interpolated}

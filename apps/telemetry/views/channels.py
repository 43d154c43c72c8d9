"""A channel's page: course, readings with belief, jumps; for a grantee through the door."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.assets.models import Asset, DataGrant
from apps.common.templatetags.portal import unit_symbol
from apps.common.timerange import TimeRange, chosen_range
from apps.telemetry.domain.belief import Reading
from apps.telemetry.domain.granted import Slot
from apps.telemetry.door import (
    DoorClosed,
    channel_under_grant,
    grant_for,
    read_under_grant,
    slots_under_grant,
)
from apps.telemetry.models import Channel, Declaration, Disbelief, Discontinuity
from apps.telemetry.queries.belief import disbeliefs_and_limits
from apps.telemetry.queries.derived import channel_and_derived, inputs_of
from apps.telemetry.queries.hours import hours_of
from apps.telemetry.queries.quarantine import disbeliefs_within
from apps.telemetry.queries.readings import latest, series, stored_readings
from apps.telemetry.queries.replaced import Replaced, replaced_readings
from apps.telemetry.wording import in_words

SHOWN = 200
SHOWN_REPLACED = 20
MOST_POINTS = 2000
BEGINNING = "beginning"


@dataclass(frozen=True, slots=True)
class Shown:
    """A reading as the page lists it."""

    measured_at: datetime
    value: Decimal
    received_at: datetime | None = None
    disbelief: Disbelief | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """What a page of a channel shows, and by which right: one's own, or a grant."""

    asset: Asset
    channel: Channel
    grant: DataGrant | None
    span: TimeRange
    now: datetime
    derived: Sequence[Channel] = ()
    # Who holds a grant need not see the asset's own page.
    sees_asset: bool = True

    @property
    def start(self) -> datetime:
        return self.span.period.start

    @property
    def end(self) -> datetime:
        return self.span.period.end

    @property
    def shows_readings(self) -> bool:
        return self.grant is None or self.grant.resolution == DataGrant.Resolution.RAW

    @property
    def shows_hours(self) -> bool:
        return self.grant is None or self.grant.resolution != DataGrant.Resolution.DAILY


def view_of(request: HttpRequest, asset_id: UUID, code: str) -> View:
    """The channel as this company may see it; anything else is the same 404."""
    now = timezone.now()
    asset = Asset.objects.select_related("author").filter(pk=asset_id).first()
    zone = str(timezone.get_current_timezone())
    span = chosen_range(request.GET, now=now, zone=zone)
    if asset and asset.author_id == request.company.pk:  # type: ignore[attr-defined]
        channel, derived = channel_and_derived(asset.pk, code)
        if channel is None:
            raise Http404
        return View(asset, channel, None, span, now, derived)
    grant = grant_for(
        asset_id=asset_id, channel_code=code, resolution="daily", now=now, start=span.period.start,
        end=span.period.end,
    )  # fmt: skip
    if grant is None:
        raise Http404
    try:
        channel = channel_under_grant(grant=grant, channel_code=code, now=now)
        told = asset or Asset(pk=asset_id, name=grant.asset_label)
        return View(told, channel, grant, span, now, sees_asset=asset is not None)
    except DoorClosed:
        raise Http404 from None


@require_GET
@requires("view_readings")
def channel_detail(request: HttpRequest, asset_id: UUID, code: str) -> HttpResponse:
    """The page: own readings with their belief, or what a grant lets through."""
    view = view_of(request, asset_id, code)
    shown = _granted(request, view) if view.grant else _own(view)
    context = {
        "asset": view.asset, "channel": view.channel, "grant": view.grant, "span": view.span,
        "readings": shown, "limit": SHOWN, "shows_readings": view.shows_readings,
        "derivations": [item.to_dict() for item in view.channel.derivations],
        "meters": _meters(view), "sees_asset": view.sees_asset,
        **({} if view.grant else _own_facts(view)),
    }  # fmt: skip
    return render(request, "telemetry/channel_detail.html", context)


def version_key(since: datetime | None) -> str:
    """How an address names a version of a meter."""
    return BEGINNING if since is None else f"{since:%Y%m%dT%H%M%S}-{since.microsecond:06d}"


def _meters(view: View) -> list[dict[str, Any]]:
    """The versions of the meter, the latest first; which of them is not verified any more."""
    today = timezone.localdate(view.now)
    return [
        {
            "version": item, "key": version_key(item.since),
            "is_over": item.verified_until is not None and item.verified_until < today,
        }
        for item in reversed(view.channel.meter_versions)
    ]  # fmt: skip


def _own(view: View) -> list[Shown]:
    rows = stored_readings(view.channel, view.start, view.end, SHOWN)
    if not rows:
        return []
    found = disbeliefs_within(view.channel, rows[-1].measured_at, rows[0].measured_at)
    shown = []
    for row in rows:
        disbelief = found.get((row.measured_at, row.event_key))
        reason = in_words(disbelief.reason, disbelief.params) if disbelief else ""
        shown.append(Shown(row.measured_at, row.value, row.received_at, disbelief, reason))
    return shown


def _granted(request: HttpRequest, view: View) -> list[Shown]:
    """The last readings under the grant. Reading them is logged; both companies see the log."""
    assert view.grant is not None
    if not view.shows_readings:
        return []
    readings = read_under_grant(
        grant=view.grant,
        channel_code=view.channel.code,
        start=view.start,
        end=view.end,
        reader=str(request.user),
        now=view.now,
    )
    return [Shown(item.measured_at, item.value) for item in reversed(readings[-SHOWN:])]


def _own_facts(view: View) -> dict[str, Any]:
    channel = view.channel
    disbelief_count, correction_limit, factor_limit = disbeliefs_and_limits(channel)
    jumps = Discontinuity.objects.filter(channel=channel).order_by("-measured_at")[:20]
    return {
        "last": latest([channel.pk]).get(channel.pk),
        "jumps": jumps,
        "declarations": Declaration.objects.filter(channel=channel).order_by("-declared_at")[:20],
        "disbelief_count": disbelief_count,
        "can_declare": channel.kind == "counter",
        "correction_limit": correction_limit,
        "factor_limit": factor_limit,
        "takes_factor": channel.kind in ("counter", "delta") and not channel.depth,
        "inputs": inputs_of(channel),
        "used_by": view.derived,
        "replaced": _replaced(view),
    }


def _replaced(view: View) -> list[Replaced]:
    """What the channel said before of the span that is shown."""
    return replaced_readings(view.channel, view.start, view.end, SHOWN_REPLACED)


@require_GET
@requires("view_readings")
def channel_chart(request: HttpRequest, asset_id: UUID, code: str) -> HttpResponse:
    """The figure: hourly or daily usage of what is counted, the course of a level."""
    view = view_of(request, asset_id, code)
    counted = view.channel.kind in ("counter", "delta")
    return JsonResponse(_usage_figure(request, view) if counted else _course_figure(request, view))


def _usage_figure(request: HttpRequest, view: View) -> dict[str, Any]:
    bars: dict[str, Decimal] = {}
    zone = timezone.get_current_timezone()
    by_day = (view.end - view.start).days > 4 or not view.shows_hours
    for slot in _slots(request, view):
        local = slot.start.astimezone(zone)
        name = f"{local:%Y-%m-%d}" if by_day else f"{local:%Y-%m-%d %H:00}"
        bars[name] = bars.get(name, Decimal(0)) + slot.usage
    return _figure(view, "bar", list(bars), [float(value) for value in bars.values()])


def _slots(request: HttpRequest, view: View) -> list[Slot]:
    if view.grant is None:
        return hours_of(view.channel, view.start, view.end)
    return slots_under_grant(
        grant=view.grant,
        channel_code=view.channel.code,
        start=view.start,
        end=view.end,
        reader=str(request.user),
        now=view.now,
    )


def _course_figure(request: HttpRequest, view: View) -> dict[str, Any]:
    points = _points(request, view)
    zone = timezone.get_current_timezone()
    times = [f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S}" for instant, _value in points]
    return _figure(view, "scatter", times, [float(value) for _instant, value in points])


def _points(request: HttpRequest, view: View) -> list[tuple[datetime, Decimal]]:
    if not view.grant:
        return series(view.channel, view.start, view.end, MOST_POINTS)
    if not view.shows_readings:
        return [(slot.start, slot.last_value) for slot in _slots(request, view)]
    readings: list[Reading] = read_under_grant(
        grant=view.grant,
        channel_code=view.channel.code,
        start=view.start,
        end=view.end,
        reader=str(request.user),
        now=view.now,
    )
    every = max(1, len(readings) // MOST_POINTS)
    return [(item.measured_at, item.value) for item in readings[::every]]


def _figure(view: View, kind: str, x: list[str], y: list[float]) -> dict[str, Any]:
    symbol = unit_symbol(view.channel.unit)
    trace: dict[str, Any] = {"type": kind, "x": x, "y": y, "name": view.channel.title}
    if kind == "scatter":
        trace |= {
            "mode": "lines",
            "line": {"shape": "hv" if view.channel.kind == "state" else "linear"},
        }
    trace["hovertemplate"] = f"%{{y}} {symbol}<extra></extra>"
    return {
        "data": [trace],
        "layout": {
            "yaxis": {"title": {"text": symbol}},
            "xaxis": {"type": "date"},
            "showlegend": False,
        },
    }

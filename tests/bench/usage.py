"""Usage of a month with counter resets: the portal's query against a window over raw readings."""

from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg

from apps.common.period import month_period
from apps.telemetry.models import Channel
from apps.telemetry.operations import recompute_dirty
from apps.telemetry.queries.usage import Span, quantities_of, usage_of
from apps.tenancy.context import company_context
from tests.bench import people, scene
from tests.bench.figures import Aim, Findings, in_turn, ratios
from tests.bench.stage import Stage, days, timed

ZONE = "Europe/Berlin"
SEPTEMBER = month_period("2026-09", ZONE)
MONTHS = [datetime(2026, month, 1, tzinfo=UTC) for month in (8, 9, 10)]
# Hourly readings since two days before the month, 40 to 46 cycles an hour; one channel in fifty was reset on the 15th.
FILL = """
insert into {schema}.telemetry_level (channel_id, measured_at, value, received_at)
select c.id, t.at, case when c.id % 50 = 0 and t.n >= 398 then (t.n - 398) * (40 + c.id % 7)
    else t.n * (40 + c.id % 7) end, t.at
from {schema}.telemetry_channel c, lateral (
    select n, '2026-08-30 00:00Z'::timestamptz + n * interval '1 hour' as at
    from generate_series(0, 768) n
) t
"""
MARK = """
insert into {schema}.telemetry_channelday (channel_id, day, version, done_version, reading_count)
select c.id, d::date, 1, 0, 0 from {schema}.telemetry_channel c,
    generate_series('2026-08-29'::timestamp, '2026-09-30', '1 day') d
"""
WINDOW = """
select channel_id, sum(case when step < 0 then value else step end) from (
    select channel_id, value, measured_at,
        value - lag(value) over (partition by channel_id order by measured_at) as step
    from {schema}.telemetry_level
    where measured_at >= '{start}' and measured_at <= '{end}'
) s where step is not null group by channel_id
"""


def run(stage: Stage) -> Findings:
    """The same sums by both ways, in turn."""
    findings = Findings("Usage")
    count = 500 if stage.quick else 5_000
    with closing(stage.owner()) as owner:
        provider, customer = scene.party(owner, "provider"), scene.party(owner, "customer")
        scene.make_assets(owner, provider, customer, count, stage.now - days(400))
        make_readings(owner, provider)
        with company_context(people.company_of(provider)):
            worked: list[int] = []
            seconds = timed(lambda: worked.append(recompute_dirty(now=stage.now)))
            findings.add("Marked days worked in, hourly readings, one process",
                worked[0] / seconds, "/s")  # fmt: skip
            for name in ("hourrollup", "channelday", "discontinuity"):
                scene.analyse(owner, [f"{provider.schema}.telemetry_{name}"])
            compare(stage, findings, owner, provider, count)
    return findings


def make_readings(owner: psycopg.Connection[Any], own: scene.Party) -> None:
    for month in MONTHS:
        scene.make_month(owner, own, month)
    for statement in (FILL, MARK):
        owner.execute(statement.format(schema=own.schema))
    scene.analyse(owner, [f"{own.schema}.telemetry_level", f"{own.schema}.telemetry_channelday"])


def compare(
    stage: Stage, findings: Findings, owner: psycopg.Connection[Any], own: scene.Party, count: int
) -> None:
    """Both give the same total, or the figure means nothing."""
    period = SEPTEMBER.start, SEPTEMBER.end
    spans = [Span(one, *period, ZONE) for one in Channel.objects.order_by("id")]
    ours = sum((one.quantity for one in quantities_of(spans)), Decimal(0))
    window = WINDOW.format(schema=own.schema, start=period[0], end=period[1])
    theirs = sum((row[1] for row in owner.execute(window)), Decimal(0))
    if ours != theirs:
        raise RuntimeError(f"usage differs: {ours} by the portal, {theirs} by the window")
    cases = {
        "ours": lambda: timed(lambda: quantities_of(spans)),
        "window": lambda: timed(lambda: owner.execute(window).fetchall()),
        "days": lambda: timed(lambda: usage_of(spans)),
        "evidence": lambda: timed(lambda: usage_of(spans, evidence=True)),
    }
    found = in_turn(cases, 3 if stage.quick else 5)
    findings.add("Usage of a month with resets: window SQL over raw readings ÷ the portal's query",
        ratios(found["window"], found["ours"]), "×", aim=Aim(20, 60))  # fmt: skip
    findings.add("… channels a second", [count / one for one in found["ours"]], "/s")
    findings.add("… with evidence (local days, digest and gaps of all readings): window SQL ÷ ours",
        ratios(found["window"], found["evidence"]), "×")  # fmt: skip
    findings.add("… channels a second by local day", [count / one for one in found["days"]], "/s")
    findings.add("… channels a second with evidence",
        [count / one for one in found["evidence"]], "/s")  # fmt: skip

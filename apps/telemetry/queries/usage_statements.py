"""The statements of `usage`: three for levels and deltas each, made of the same parts.

Asked are channels, each with a calendar (a span and its local days), so that thousands of spans of
one month are told once. Columns of every statement: n, opening (instant, value), first of the span
where there is no opening, closing, whether nothing of it is marked again; then

- quantity: the usage alone,
- days: jumps (instant, kind, amount) and by local day a level's value at its end or the sum of deltas,
- evidence: days, and versions of marked days, reading count, digest, silences (from, to).
"""

from functools import cache

_ASKED = """
with calendars as materialized (
    select * from unnest(
        %(calendars)s::int[], %(since)s::timestamptz[], %(until)s::timestamptz[],
        %(whole_from)s::date[], %(whole_until)s::date[]
    ) as c(calendar, since, until, whole_from, whole_until)
), asked as materialized (
    select a.n, a.channel_id, a.expected, c.*
    from unnest(%(channels)s::int[], %(calendar_of)s::int[], %(expected)s::int[])
        with ordinality as a(channel_id, calendar, expected, n)
    join calendars c using (calendar)
), pieces as materialized (
    select * from unnest(
        %(piece_of)s::int[], %(piece_day)s::date[], %(piece_since)s::timestamptz[],
        %(piece_until)s::timestamptz[]
    ) as p(calendar, day, since, until)
), local_days as materialized (
    select * from unnest(%(day_of)s::int[], %(day_since)s::timestamptz[], %(day_until)s::timestamptz[])
        with ordinality as d(calendar, since, until, place)
)"""
_BELIEVED = """not exists (
    select from {schema}.telemetry_disbelief b
    where b.channel_id = l.channel_id and b.measured_at = l.measured_at and b.event_key is null)"""
_BELIEVED_DELTA = """not exists (
    select from {schema}.telemetry_disbelief b
    where b.channel_id = l.channel_id and b.measured_at = l.counted_at
        and b.event_key = l.event_key)"""
# Mostly the hour just before has a reading: one entry of the index, where looking backwards reads
# a page of it. Where both find something it is the same row.
_HOUR_BEFORE = """(
        select h.last_at as at, h.last_value as value from {schema}.telemetry_hourrollup h
        where h.channel_id = a.channel_id and h.hour = {edge} - interval '1 hour'
    ) union all (
        select h.last_at, h.last_value from {schema}.telemetry_hourrollup h
        where h.channel_id = a.channel_id and h.hour < {edge} order by h.hour desc limit 1
    ) limit 1"""
_LEVEL_BEFORE = f"""
    select l.measured_at as at, l.value from {{schema}}.telemetry_level l
    where l.channel_id = a.channel_id and l.measured_at <= {{edge}} and {_BELIEVED}
    order by l.measured_at desc limit 1"""
_DELTA_BEFORE = f"""
    select l.counted_at as at, l.value from {{schema}}.telemetry_delta l
    where l.channel_id = a.channel_id and l.counted_at < {{edge}} and {_BELIEVED_DELTA}
    order by l.counted_at desc, l.event_key desc limit 1"""
_FIRST = f"""
    select l.measured_at as at, l.value from {{schema}}.telemetry_level l
    where o.at is null and l.channel_id = a.channel_id and l.measured_at > a.since
        and l.measured_at <= a.until and {_BELIEVED}
    order by l.measured_at limit 1"""
_NOTHING = "select null::timestamptz as at, null::numeric as value"
_EDGES = """, edges as materialized (
    select a.*, o.at as opening_at, o.value as opening, f.at as first_at, f.value as first,
        c.at as closing_at, c.value as closing
    from asked a
    left join lateral ({opening}) o on true
    left join lateral ({first}) f on true
    left join lateral ({closing}) c on true
)"""
# A level at exactly midnight belongs to the day that ends there. The day of the opening reading
# counts: a later one may still come between it and the start. A mark that no roll-up has folded
# into its day yet is as good as a day marked again.
_TOUCHED = """{day} >= (({earliest}) at time zone 'UTC')::date
        and {day} <= ((e.until - interval '1 microsecond') at time zone 'UTC')::date"""
_MARKED = f""", marked as (
    select e.n from edges e join {{schema}}.telemetry_mark k on k.channel_id = e.channel_id
        and {_TOUCHED.replace("{day}", "k.day")}
    union
    select e.n from edges e join {{schema}}.telemetry_channelday d on d.channel_id = e.channel_id
        and d.version > d.done_version and {_TOUCHED.replace("{day}", "d.day")}
)"""
_AFTER_OPENING = """{schema}.telemetry_discontinuity x on x.channel_id = e.channel_id
        and x.measured_at > coalesce(e.opening_at, e.first_at) and x.measured_at <= e.until"""
_EDGE_COLUMNS = """
select e.n, e.opening_at, e.opening, e.first_at, e.first, e.closing_at, e.closing, m.n is null"""
_FROM_EDGES = """
from edges e left join marked m on m.n = e.n"""

_LEVEL_QUANTITY = f""", jumps as (
    select e.n, sum(x.amount) as amount from edges e join {_AFTER_OPENING} group by e.n
) {_EDGE_COLUMNS}, e.closing - coalesce(e.opening, e.first) + coalesce(jumps.amount, 0)
{_FROM_EDGES} left join jumps on jumps.n = e.n"""
# Whole UTC days as they are rolled up, the rest of the span by the hour or by the reading.
_DELTA_QUANTITY = f""", amounts as (
    select e.n, d.usage as amount from edges e join {{schema}}.telemetry_channelday d
        on d.channel_id = e.channel_id and d.day >= e.whole_from and d.day < e.whole_until
    union all
    select e.n, r.value from edges e join pieces p on p.calendar = e.calendar
    cross join lateral ({{source}}) r
), total as (select n, sum(amount) as amount from amounts group by n)
{_EDGE_COLUMNS}, total.amount
{_FROM_EDGES} left join total on total.n = e.n"""

_JUMPS = f""", jumps as (
    select e.n, array_agg(x.measured_at order by x.measured_at) as at,
        array_agg(x.kind order by x.measured_at) as kinds,
        array_agg(x.amount order by x.measured_at) as amounts
    from edges e join {_AFTER_OPENING} group by e.n
)"""
_DAYS = """, days as (
    select e.n, array_agg(v.value order by d.place) as values
    from edges e join local_days d on d.calendar = e.calendar
    left join lateral ({value}) v on true
    group by e.n
)"""
_DAY_COLUMNS = ", jumps.at, jumps.kinds, jumps.amounts, days.values"
_FROM_DAYS = """
left join jumps on jumps.n = e.n left join days on days.n = e.n"""
_HOUR_SUM = """
    select sum(h.usage) as value from {schema}.telemetry_hourrollup h
    where h.channel_id = e.channel_id and h.hour >= {span}.since and h.hour < {span}.until"""
_DELTA_SUM = f"""
    select sum(l.value) as value from {{schema}}.telemetry_delta l
    where l.channel_id = e.channel_id and l.counted_at >= {{span}}.since
        and l.counted_at < {{span}}.until and {_BELIEVED_DELTA}"""

_VERSIONS = f""", versions as (
    select e.n, json_object_agg(d.day, d.done_version order by d.day) as versions
    from edges e join {{schema}}.telemetry_channelday d on d.channel_id = e.channel_id
        and {_TOUCHED.replace("{day}", "d.day")}
    group by e.n
)"""
_LEVEL_PIECES = f"""
    select e.n, p.day, l.measured_at as at, l.value, null::bytea as tie
    from edges e join pieces p on p.calendar = e.calendar
    join {{schema}}.telemetry_level l on l.channel_id = e.channel_id
        and l.measured_at > p.since and l.measured_at <= p.until
    where {_BELIEVED}
    union all
    select e.n, ((e.opening_at - interval '1 microsecond') at time zone 'UTC')::date,
        e.opening_at, e.opening, null
    from edges e where e.opening_at is not null"""
_DELTA_PIECES = f"""
    select e.n, p.day, l.counted_at as at, l.value, l.event_key as tie
    from edges e join pieces p on p.calendar = e.calendar
    join {{schema}}.telemetry_delta l on l.channel_id = e.channel_id
        and l.counted_at >= p.since and l.counted_at < p.until
    where {_BELIEVED_DELTA}"""
_LEVEL_OF_DAY = f"""
    select w.n, w.day, w.expected, l.measured_at as at
    from whole w join {{schema}}.telemetry_level l on l.channel_id = w.channel_id
        and l.measured_at > (w.day::timestamp at time zone 'UTC')
        and l.measured_at <= ((w.day + 1)::timestamp at time zone 'UTC')
    where w.is_silent and {_BELIEVED}"""
_DELTA_OF_DAY = f"""
    select w.n, w.day, w.expected, l.counted_at as at
    from whole w join {{schema}}.telemetry_delta l on l.channel_id = w.channel_id
        and l.counted_at >= (w.day::timestamp at time zone 'UTC')
        and l.counted_at < ((w.day + 1)::timestamp at time zone 'UTC')
    where w.is_silent and {_BELIEVED_DELTA}"""
# The text of `canonical.readings_digest`: instants without needless fractions, plain decimals.
_TEXT = "replace((r.at at time zone 'UTC')::text, ' ', 'T') || 'Z,' || trim_scale(r.value)::text || E'\\n'"
# Whole UTC days bring their digest from the roll-up; only the span's edges are read. Silences
# are looked for between the days, and within those whose longest one is longer than expected.
_EVIDENCE = f""", pieced as materialized ({{pieces}}), whole as materialized (
    select e.n, e.channel_id, e.expected, d.day, d.digest, d.reading_count as count, d.first_at,
        d.closing_at as last_at,
        d.longest_silence > e.expected * 1000000::bigint as is_silent
    from edges e join {{schema}}.telemetry_channelday d on d.channel_id = e.channel_id
        and d.day >= e.whole_from and d.day < e.whole_until
    where d.reading_count > 0
), parts as materialized (
    select n, day, digest, count, first_at, last_at from whole
    union all
    select r.n, r.day, sha256(convert_to(string_agg({_TEXT}, '' order by r.at, r.tie), 'UTF8')),
        count(*), min(r.at), max(r.at)
    from pieced r group by r.n, r.day
), digests as (
    select n, sum(count)::bigint as count, encode(sha256(convert_to(string_agg(
        day::text || ',' || encode(digest, 'hex') || E'\\n', '' order by day), 'UTF8')), 'hex')
        as digest
    from parts group by n
), pauses as (
    select p.n, e.expected, p.first_at as until, coalesce(
        lag(p.last_at) over (partition by p.n order by p.day),
        case when e.opening_at is null then e.since end) as since
    from parts p join edges e on e.n = p.n where e.expected is not null
    union all
    select r.n, e.expected, r.at, lag(r.at) over (partition by r.n, r.day order by r.at)
    from pieced r join edges e on e.n = r.n where e.expected is not null
    union all
    select s.n, s.expected, s.at, lag(s.at) over (partition by s.n, s.day order by s.at)
    from ({{of_day}}) s
), silences as (
    select n, array_agg(since order by until) as since, array_agg(until order by until) as until
    from pauses where until - since > expected * interval '1 second' group by n
)"""
_EVIDENCE_COLUMNS = (
    ", versions.versions, digests.count, digests.digest, silences.since, silences.until"
)
_FROM_EVIDENCE = """
left join versions on versions.n = e.n left join digests on digests.n = e.n
left join silences on silences.n = e.n"""


@cache
def quantities(is_delta: bool, hours: bool) -> str:
    """Usage alone; with `hours` the spans begin and end on whole hours."""
    source = _filled(_HOUR_SUM if hours else _DELTA_SUM, span="p")
    quantity = _filled(_DELTA_QUANTITY, source=source) if is_delta else _LEVEL_QUANTITY
    return _edges(is_delta, hours) + quantity


@cache
def days(is_delta: bool, hours: bool, evidence: bool) -> str:
    """Usage by local day; with `hours` all of them begin and end on whole hours."""
    if is_delta:
        value = _filled(_HOUR_SUM if hours else _DELTA_SUM, span="d")
        pieces, of_day = _DELTA_PIECES, _DELTA_OF_DAY
    else:
        # A look-up a day instead of all its hours or readings.
        value = _before(hours, edge="d.until").replace("a.channel_id", "e.channel_id")
        pieces, of_day = _LEVEL_PIECES, _LEVEL_OF_DAY
    start = _edges(is_delta, hours) + _JUMPS + _filled(_DAYS, value=value)
    if not evidence:
        return start + _EDGE_COLUMNS + _DAY_COLUMNS + _FROM_EDGES + _FROM_DAYS
    return "".join([
        start, _filled(_VERSIONS, earliest=_earliest(is_delta)),
        _filled(_EVIDENCE, pieces=pieces, of_day=of_day),
        _EDGE_COLUMNS, _DAY_COLUMNS, _EVIDENCE_COLUMNS,
        _FROM_EDGES, _FROM_DAYS, _FROM_EVIDENCE,
    ])  # fmt: skip


def _edges(is_delta: bool, hours: bool) -> str:
    if is_delta:
        opening, first = _NOTHING, _NOTHING
        closing = _filled(_HOUR_BEFORE if hours else _DELTA_BEFORE, edge="a.until")
    else:
        opening, first = _before(hours, edge="a.since"), _FIRST
        closing = _before(hours, edge="a.until")
    edges = _filled(_EDGES, opening=opening, first=first, closing=closing)
    return _ASKED + edges + _filled(_MARKED, earliest=_earliest(is_delta))


def _before(hours: bool, edge: str) -> str:
    return _filled(_HOUR_BEFORE if hours else _LEVEL_BEFORE, edge=edge)


def _earliest(is_delta: bool) -> str:
    return (
        "e.since" if is_delta
        else "coalesce(e.opening_at, e.since) - interval '1 microsecond'"
    )  # fmt: skip


def _filled(text: str, **parts: str) -> str:
    for name, part in parts.items():
        text = text.replace(f"{{{name}}}", part)
    return text

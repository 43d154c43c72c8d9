"""Intake: readings over HTTP against the same keyed insert sent straight to the database."""

import itertools
import json
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import psycopg
from psycopg.adapt import PyFormat, Transformer

from apps.telemetry.operations.packing import pack_instants, pack_integers, teach
from portal.local import connection as local
from tests.bench import people, scene
from tests.bench.client import Load, load, request
from tests.bench.figures import LESS, Aim, Findings, ratios
from tests.bench.profile import profile_of
from tests.bench.stage import Stage, Web, processor_seconds

ASSETS = 10_000
BATCH = 1_000
CLIENTS = 4
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
MONTHS = 12

DIRECT_TABLE = """
create schema bench;
create table bench.level (like {schema}.telemetry_level including constraints, primary key (channel_id, measured_at))
    partition by range (measured_at);
create table bench.heap (like {schema}.telemetry_level);
"""
DIRECT = """
insert into bench.level (channel_id, measured_at, value, received_at)
select c, t, v, %s from unnest(%s, %s, %s) as s(c, t, v) on conflict do nothing
"""
COPY_HEAP = (
    "copy bench.heap (channel_id, measured_at, value, received_at) from stdin (format binary)"
)


class NumericArray(bytes):
    """numeric[] in binary form, encoded before the clock starts."""


class _NumericDumper(psycopg.adapt.Dumper):
    format = psycopg.pq.Format.BINARY
    oid = 1231

    def dump(self, obj: Any) -> bytes:
        return bytes(obj)


def run(stage: Stage) -> Findings:
    """Readings a second, their share of the limit, and how long a request takes."""
    findings = Findings("Intake")
    with closing(stage.owner()) as owner:
        provider, customer = scene.party(owner, "provider"), scene.party(owner, "customer")
        scene.make_assets(owner, provider, customer, ASSETS, stage.now - timedelta(days=700))
        make_direct(owner, provider)
        key = people.intake_key(stage, provider)
        with stage.web() as web:
            Intake(stage, findings, owner, provider, web, key).measure()
    findings.profiles["One request of 1,000 readings, in one process"] = profile(
        stage, provider, key
    )
    return findings


def make_direct(owner: psycopg.Connection[Any], provider: scene.Party) -> None:
    """Tables of the same shape without the portal around them, and all months there are."""
    owner.execute("reset role")
    owner.execute(f"grant create on database {owner.info.dbname} to peruse_owner")
    owner.execute("set role peruse_owner")
    owner.execute(DIRECT_TABLE.format(schema=provider.schema))
    for month in range(MONTHS):
        first = FIRST.replace(month=1 + month)
        scene.make_month(owner, provider, first)
        after = (first + timedelta(days=32)).replace(day=1)
        owner.execute(
            f"create table bench.level_{month} partition of bench.level "
            f"for values from ('{first.isoformat()}') to ('{after.isoformat()}')"
        )


class Intake:
    """The rounds: HTTP, direct and COPY in turn."""

    def __init__(
        self, stage: Stage, findings: Findings, owner: psycopg.Connection[Any],
        provider: scene.Party, web: Web, key: str,
    ) -> None:  # fmt: skip
        self.stage, self.findings, self.owner, self.web = stage, findings, owner, web
        self.provider, self.key = provider, key
        self.channels = {
            asset: channel
            for channel, asset in owner.execute(
                f"select id, asset_id from {provider.schema}.telemetry_channel order by id"
            )
        }
        self.numbers = [
            self.channels[scene.key("asset", provider.id, n)] for n in range(1, ASSETS + 1)
        ]
        self.http_hours, self.direct_hours = itertools.count(), itertools.count()
        self.loads: list[Load] = []
        self.web_costs: list[float] = []
        self.database_costs: list[float] = []

    def measure(self) -> None:
        rounds, requests = (3, 100) if self.stage.quick else (5, 200)
        self.http(20, BATCH)
        self.direct(20)
        self.loads.clear()
        self.web_costs.clear()
        self.database_costs.clear()
        self.memory = self.web.memory()
        http, direct, large, copied, daily = [], [], [], [], []
        for _ in range(rounds):
            http.append(self.http(requests, BATCH))
            direct.append(self.direct(requests))
            large.append(self.http(requests // 10, 10 * BATCH, counted=False))
            copied.append(self.copy(requests * BATCH))
            daily.append(self.http_days(requests))
        self.note(http, direct, large, copied, daily)
        self.check()

    def note(self, http: Any, direct: Any, large: Any, copied: Any, daily: Any) -> None:
        add = self.findings.add
        add("HTTP intake, 1,000 readings a request ÷ the same keyed insert sent directly",
            ratios(http, direct, 100), "%", aim=Aim(40, 70))  # fmt: skip
        add("… in readings per second", http, "/s", aim=Aim(80_000, 150_000))
        add("… the direct insert, for comparison", direct, "/s")
        add("… p95 of such a request, 4 clients", [one.p95 for one in self.loads], "ms",
            aim=Aim(80, 50, LESS))  # fmt: skip
        add("… processor time for 1,000 readings, web process", self.web_costs, "ms")
        add("… processor time for 1,000 readings, its database process", self.database_costs, "ms")
        add("… 24 readings of each asset together, ÷ direct", ratios(daily, direct, 100), "%")
        add("10,000 a request ÷ raw binary COPY into a bare heap", ratios(large, copied, 100), "%",
            aim=Aim(6, 12))  # fmt: skip
        add("… in readings per second", large, "/s")
        add("… the raw COPY, for comparison", copied, "/s")
        add("Memory of a web worker after requests of 1,000", self.memory, "MiB",
            aim=Aim(150, 100, LESS))  # fmt: skip
        add("… after requests of 10,000 (1.8 MB), four at a time", self.web.memory(), "MiB")
        add("Bytes on disk per reading, current month", self.bytes_per_reading(), "B",
            aim=Aim(125, 115, LESS))  # fmt: skip

    # --- over HTTP
    def http(self, requests: int, size: int, counted: bool = True) -> float:
        """Readings a second; each request one instant of `size` assets."""
        bodies = [self.prepared(assets, hours) for assets, hours in self.wide(requests, size)]
        return self._sent(bodies, size, counted)

    def http_days(self, requests: int) -> float:
        """The same number of readings, but each asset sends 24 together."""
        each = BATCH // 24
        bodies = []
        for _ in range(requests):
            first, day = self._next_day(each)
            bodies.append(self.prepared(range(first, first + each), range(day, day + 24)))
        return self._sent(bodies, each * 24, counted=False)

    def _next_day(self, each: int) -> tuple[int, int]:
        """Assets in turn, on days that nobody else writes to (the last months)."""
        number = next(self.day_numbers)
        per_day = ASSETS // each
        return 1 + number % per_day * each, 24 * (200 + number // per_day)

    day_numbers = itertools.count()

    def _sent(self, bodies: list[bytes], size: int, counted: bool) -> float:
        web, before = self.web.processor_seconds(), self.backends_seconds()
        found = load(self.web.port, bodies, CLIENTS, b'"accepted":%d,' % size)
        if counted:
            self.loads.append(found)
            per_batch = 1000 * BATCH / (len(bodies) * size)
            self.web_costs.append((self.web.processor_seconds() - web) * per_batch)
            after = self.backends_seconds()
            spent = sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())
            self.database_costs.append(spent * per_batch)
        return len(bodies) * size / found.seconds

    def backends_seconds(self) -> dict[int, float]:
        """Processor time of each of the database's processes that serve the portal."""
        rows = self.owner.execute(
            "select pid from pg_stat_activity where datname = current_database() and usename = %s",
            [local.parameters("app")["USER"]],
        ).fetchall()
        return {pid: processor_seconds([pid]) for (pid,) in rows}

    def wide(self, requests: int, size: int) -> Iterator[tuple[range, range]]:
        """Assets of each request and its hour; all assets before the next hour."""
        for _ in range(-(-requests * size // ASSETS)):
            hour = next(self.http_hours)
            for first in range(1, ASSETS + 1, size):
                yield range(first, first + size), range(hour, hour + 1)

    def prepared(self, assets: range, hours: range) -> bytes:
        body = batch(self.provider.id, assets, hours)
        return request("POST", "/api/v1/events", f"{self.provider.slug}.peruse.localhost", body, [
            "Content-Type: application/cloudevents-batch+json", f"Authorization: Bearer {self.key}",
        ])  # fmt: skip

    # --- without the portal
    def direct(self, batches: int) -> float:
        """Readings a second over two connections, everything encoded beforehand."""
        hours = [next(self.direct_hours) for _ in range(-(-batches * BATCH // ASSETS))]
        wanted = [self._encoded(hour, first) for hour in hours for first in range(0, ASSETS, BATCH)]
        waiting = iter(wanted)
        workers = [threading.Thread(target=self._insert, args=(waiting,)) for _ in range(2)]
        start = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return len(wanted) * BATCH / (time.perf_counter() - start)

    def _insert(self, waiting: Iterator[list[Any]]) -> None:
        with self.stage.owner() as connection:
            cursor = psycopg.Cursor(connection)
            teach(cursor)
            cursor.adapters.register_dumper(NumericArray, _NumericDumper)
            for values in waiting:
                cursor.execute(DIRECT, [self.stage.now, *values], prepare=True)

    def _encoded(self, hour: int, first: int) -> list[Any]:
        numbers = np.array(self.numbers[first : first + BATCH], dtype=np.int64)
        micros = np.full(BATCH, int((FIRST + timedelta(hours=hour)).timestamp() * 1_000_000))
        values = [Decimal(value_at(first + n + 1, hour)) for n in range(BATCH)]
        dumper = Transformer().get_dumper(values, PyFormat.BINARY)
        encoded = NumericArray(dumper.dump(values) or b"")
        return [pack_integers(numbers), pack_instants(micros), encoded]

    def copy(self, rows: int) -> float:
        """Readings a second of one binary COPY without any key."""
        data = binary_rows(self.numbers, rows, self.stage.now)
        self.owner.execute("truncate bench.heap")
        start = time.perf_counter()
        with self.owner.cursor().copy(COPY_HEAP) as copy:
            copy.write(data)
        return rows / (time.perf_counter() - start)

    def bytes_per_reading(self) -> float:
        row = self.owner.execute(
            "select sum(pg_total_relation_size(i.inhrelid))::float8 / "
            f"(select count(*) from {self.provider.schema}.telemetry_level) from pg_inherits i "
            f"where i.inhparent = '{self.provider.schema}.telemetry_level'::regclass"
        ).fetchone()
        return float(row[0]) if row else 0.0

    def check(self) -> None:
        """Every reading that was acknowledged is there, and its day is marked."""
        schema = self.provider.schema
        unmarked = self.owner.execute(
            "select count(*) from (select distinct channel_id, "
            "((measured_at at time zone 'UTC') - interval '1 microsecond')::date as day "
            f"from {schema}.telemetry_level) l where not exists (select from "
            f"{schema}.telemetry_mark m where m.channel_id = l.channel_id and m.day = l.day)"
        ).fetchone()
        if not unmarked or unmarked[0]:
            raise RuntimeError(f"{unmarked} readings whose day is not marked")


def value_at(asset: int, hour: int) -> str:
    return f"{hour * 7 + asset % 5}.{asset % 1000:03d}"


def batch(company: int, assets: range, hours: range) -> bytes:
    """A CloudEvents batch."""
    events = [
        {
            "specversion": "1.0", "id": f"{asset}-{hour}", "source": "gateway/7",
            "type": "peruse.reading", "subject": f"{scene.asset_id(company, asset)}/cycles",
            "time": (FIRST + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "data": {"value": value_at(asset, hour)},
        }
        for asset in assets for hour in hours
    ]  # fmt: skip
    return json.dumps(events, separators=(",", ":")).encode()


def binary_rows(numbers: list[int], rows: int, now: datetime) -> bytes:
    """Rows as PostgreSQL's binary COPY reads them."""
    epoch = datetime(2000, 1, 1, tzinfo=UTC)
    received = int((now - epoch).total_seconds() * 1_000_000)
    numeric = psycopg.types.numeric.DecimalBinaryDumper(Decimal)
    values = [bytes(numeric.dump(Decimal(value_at(n, 700))) or b"") for n in range(1000)]
    parts = [b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)]
    for row in range(rows):
        when = int((FIRST - epoch + timedelta(hours=row // ASSETS)).total_seconds() * 1_000_000)
        value = values[row % 1000]
        parts.append(
            struct.pack("!hiiiqi", 4, 4, numbers[row % ASSETS], 8, when, len(value))
            + value + struct.pack("!iq", 8, received)
        )  # fmt: skip
    parts.append(struct.pack("!h", -1))
    return b"".join(parts)


def profile(stage: Stage, provider: scene.Party, key: str) -> str:
    """Where one request's time goes, functions by their own time."""
    from django.test import Client

    client = Client(HTTP_HOST=f"{provider.slug}.peruse.localhost")
    bodies = iter([batch(provider.id, range(1, 1001), range(h, h + 1)) for h in range(4000, 4025)])

    def send() -> None:
        answer = client.post(
            "/api/v1/events", next(bodies), headers={"Authorization": f"Bearer {key}"},
            content_type="application/cloudevents-batch+json",
        )  # fmt: skip
        if answer.status_code != 200:
            raise RuntimeError(answer.content[:600])

    send()
    return profile_of(send, times=20)

"""Bodies that nobody should send, and some that are good, from a seeded source of chance."""

import json
from random import Random
from typing import Any

KINDS = [
    "application/cloudevents+json", "application/cloudevents-batch+json", "application/json",
    "text/plain",
]  # fmt: skip
# Literals: written into the body as they are, whether JSON allows them or not.
VALUES = [
    "1", "12.5", '"7.25"', "0.000000000001", "999999999999999999", "-4", "NaN", "Infinity", "-Infinity",
    "1e999", "1E+1000000", "1e-999999", '"1E+1000000"', '"NaN"', '"٣"', '"1_000"', '" 1"', '""', "null",
    "true", "[]", "{}", "[1]", '{"value":1}', "9" * 400, "0." + "1" * 400, '"' + "9" * 5000 + '"', "01",
    "+1", ".5", "1.", "0x10", '"\\u0000"', '"\\ud800"', '"\\"', "-0", "-0.0", "1e3", '"١٢"',
]  # fmt: skip
TIMES = [
    '"2026-10-01T10:00:00Z"', '"2026-10-0%dT1%d:%d0:00Z"', '"2026-10-01T10:00:00"', '"yesterday"',
    '"2026-13-45T99:99:99Z"', '"9999-12-31T23:59:59Z"', '"0001-01-01T00:00:00+14:00"', "17", "null",
    '"2026-10-01T10:00:60Z"', '"2026-10-01T10:00:00.123456789Z"', '"2026-10-01T10:00:00+99:99"', '""',
    '"\\u0000"', "[]", "1e999", '"2026-W40-1T00:00:00Z"', '"-2026-10-01T10:00:00Z"',
]  # fmt: skip
TEXTS = [
    '"1.0"',
    '"x"',
    '""',
    "null",
    "1",
    "[]",
    '"\\u0000"',
    '"' + "é" * 300 + '"',
    '"\\ud83d\\ude00"',
    "{}",
]
CHANNELS = ["cycles", "energy", "pressure", "running", "nothing", "", "../x", "\\u0000", "é" * 100]


def odd_body(chance: Random, asset: str, number: int) -> tuple[str, bytes]:
    """A content type and a body."""
    kind = chance.choices(KINDS, [6, 6, 3, 1])[0]
    form = chance.random()
    if form < 0.08:
        return kind, bytes(chance.randrange(256) for _ in range(chance.randrange(200)))
    if form < 0.12:
        depth = chance.choice([10, 900, 5000, 60_000])
        return kind, chance.choice([b"[", b'{"a":', b'[{"data":']) * depth
    count = chance.choice([0, 1, 2, 5, 20]) if "batch" in kind else 1
    events = [_event(chance, asset, f"{number}-{place}") for place in range(count)]
    body = f"[{','.join(events)}]" if "batch" in kind or chance.random() < 0.1 else "".join(events)
    return kind, _damaged(chance, body.encode("utf-8", "surrogatepass"))


def _event(chance: Random, asset: str, name: str) -> str:
    if chance.random() < 0.03:
        return chance.choice(VALUES)
    fields = [
        ("specversion", _or_odd(chance, '"1.0"', TEXTS)), ("id", _or_odd(chance, json.dumps(name), TEXTS)),
        ("source", _or_odd(chance, '"/fuzz"', TEXTS)), ("type", _or_odd(chance, '"reading"', TEXTS)),
        ("subject", _or_odd(chance, f'"{asset}/{chance.choice(CHANNELS)}"', TEXTS)),
        ("time", _time(chance)), ("data", _data(chance)),
    ]  # fmt: skip
    if chance.random() < 0.1:
        fields.pop(chance.randrange(len(fields)))
    if chance.random() < 0.1:
        fields.append(chance.choice(fields))  # a key that stands twice
    if chance.random() < 0.1:
        fields.append(("extra", "[" * 500 + "]" * 500))
    return "{" + ",".join(f'"{key}":{value}' for key, value in fields) + "}"


def _time(chance: Random) -> str:
    if chance.random() < 0.7:
        day, hour, minute = chance.randrange(1, 10), chance.randrange(10), chance.randrange(6)
        return TIMES[1] % (day, hour, minute)
    return chance.choice([text for text in TIMES if "%" not in text])


def _data(chance: Random) -> str:
    if chance.random() < 0.05:
        return chance.choice(VALUES)
    value = str(chance.randrange(10**6)) if chance.random() < 0.4 else chance.choice(VALUES)
    more = chance.choice(["", "", "", ',"unit":"kPa"', ',"unit":"%"', ',"unit":7', ',"start":"x"'])
    return f'{{"value":{value}{more}}}'


def _or_odd(chance: Random, good: str, odd: list[str]) -> str:
    return good if chance.random() < 0.95 else chance.choice(odd)


def _damaged(chance: Random, body: bytes) -> bytes:
    if not body or chance.random() < 0.85:
        return body
    place = chance.randrange(len(body))
    changed: Any = bytes([chance.randrange(256)])
    return chance.choice([body[:place], body[:place] + changed + body[place + 1 :], body + changed])

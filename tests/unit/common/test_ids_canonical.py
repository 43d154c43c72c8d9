import hashlib
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.canonical import (
    NotCanonical,
    canonical_json,
    digest,
    instant_text,
    readings_digest,
)
from apps.common.ids import BadId, decode, decode_any, encode, new_id


def test_uuid7_of_the_norms_example() -> None:
    # RFC 9562, appendix A.6: 2022-02-22T19:22:22Z, rand_a cc3, rand_b 18c4dc0c0c07398f.
    rand_b = 0x18C4DC0C0C07398F
    random = (0xCC3 << 62 | rand_b).to_bytes(10, "big")
    expected = uuid.UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    assert new_id(0x017F22E279B0, random) == expected
    assert new_id(datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC), random) == expected


def test_later_keys_sort_later() -> None:
    keys = [new_id(1_700_000_000_000 + step) for step in range(50)]
    assert keys == sorted(keys)
    assert [encode("inv", key) for key in keys] == sorted(encode("inv", key) for key in keys)
    assert {key.version for key in keys} == {7}


@given(st.uuids())
def test_encoded_and_back(key: uuid.UUID) -> None:
    text = encode("ctr", key)
    assert len(text) == 30
    assert decode("ctr", text) == key == decode_any(text)


@pytest.mark.parametrize(
    "text",
    ["", "inv_", "inv_" + "0" * 25, "inv_" + "0" * 27, "inv_8" + "0" * 25, "inv_" + "u" * 26,
     "INV_" + "0" * 26, "inv_0" + "O" * 25, "inv-" + "0" * 26, "inv_" + "0" * 26 + "\n"],
)  # fmt: skip
def test_other_texts_are_no_ids(text: str) -> None:
    with pytest.raises(BadId):
        decode_any(text)


def test_an_id_of_another_kind_is_refused() -> None:
    with pytest.raises(BadId):
        decode("inv", encode("ctr", uuid.UUID(int=1)))
    with pytest.raises(BadId):
        new_id(1 << 48)


def test_canonical_json() -> None:
    value = {"b": [Decimal("1.50"), None, True], "a": "ü", "d": date(2026, 3, 1)}
    assert canonical_json(value) == '{"a":"ü","b":["1.5",null,true],"d":"2026-03-01"}'.encode()
    assert digest({}) == hashlib.sha256(b"{}").hexdigest()


NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001


@pytest.mark.parametrize("value", [1.5, {"a": [0.1]}, {1: 2}, {1, 2}, object(), NAIVE])
def test_what_has_no_exact_form_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical_json(value)


def test_instants_are_written_in_utc() -> None:
    zone = timezone(timedelta(hours=5, minutes=45))
    assert instant_text(datetime(2026, 3, 1, 5, 45, tzinfo=zone)) == "2026-03-01T00:00:00Z"
    half = datetime(2026, 3, 1, 0, 0, 0, 500000, tzinfo=UTC)
    assert instant_text(half) == "2026-03-01T00:00:00.5Z"


def test_readings_digest_has_the_stated_bytes() -> None:
    readings = [
        (datetime(2026, 3, 1, tzinfo=UTC), Decimal("1.50")),
        (datetime(2026, 3, 1, 7, tzinfo=UTC), Decimal(3)),
        (datetime(2026, 3, 2, tzinfo=UTC), Decimal("2E+1")),
    ]
    earlier = hashlib.sha256(b"2026-03-01T00:00:00Z,1.5\n").hexdigest()
    later = hashlib.sha256(b"2026-03-01T07:00:00Z,3\n2026-03-02T00:00:00Z,20\n").hexdigest()
    text = f"2026-02-28,{earlier}\n2026-03-01,{later}\n"
    assert readings_digest(readings, is_delta=False) == hashlib.sha256(text.encode()).hexdigest()
    first = hashlib.sha256(b"2026-03-01T00:00:00Z,1.5\n2026-03-01T07:00:00Z,3\n").hexdigest()
    last = hashlib.sha256(b"2026-03-02T00:00:00Z,20\n").hexdigest()
    text = f"2026-03-01,{first}\n2026-03-02,{last}\n"
    assert readings_digest(readings, is_delta=True) == hashlib.sha256(text.encode()).hexdigest()


def test_readings_digest_is_one_of_order_and_of_nothing() -> None:
    readings = [(datetime(2026, 3, 1, hour, tzinfo=UTC), Decimal(1)) for hour in (7, 9)]
    assert readings_digest(reversed(readings), is_delta=False) != readings_digest(
        readings, is_delta=False
    )
    assert readings_digest([], is_delta=False) == hashlib.sha256(b"").hexdigest()

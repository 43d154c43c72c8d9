"""A robot billed by the cycle: from its healthy morning, and from the same morning made sick."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOW
from tests.real.invoicing import agree, bill, evidence, plan, verify, with_one_digit_changed
from tests.real.test_cobot_ur3 import FILE, MAPPING, derived, robot

__all__ = ["robot"]
pytestmark = pytest.mark.real

PRICE = Decimal("0.37")
PLAN = plan("Cycles", {"model": "per_unit", "code": "cycles", "unit": "{cycle}",
                       "unit_price": str(PRICE)})  # fmt: skip
SICK: dict[str, Any] = {
    "asset": "UR3-1",
    "separator": ";",
    "time": {"columns": ["time"]},
    "columns": [{"column": "count", "channel": "cycles"}],
}


@pytest.fixture
def contract(robot: Any, provider: Any, cast: dict[str, Any]) -> Any:
    return agree(
        provider, cast["customer"], title="Per cycle", starts_on=date(2022, 10, 1),
        items=[("UR3-1", "cycles", "cycles")], plan=PLAN,
    )  # fmt: skip


@pytest.fixture
def sick(recording: Callable[[str], Path], tmp_path: Path) -> Path:
    target = tmp_path / "sick.csv"
    derived(recording(FILE), target)
    return target


def the_invoice() -> tuple[Any, dict[str, Any]]:
    """October's only invoice, and its only line explained."""
    from apps.billing.queries.explaining import explain_line

    (invoice,) = bill(["2022-10"])
    (line,) = invoice.lines.all()
    return invoice, explain_line(line, "en")


def usage_in(told: dict[str, Any]) -> dict[str, Any]:
    (usage,) = told["usage"]
    return usage


def test_104_cycles_are_billed_from_1_to_105(
    contract: Any, recording: Callable[[str], Path], take_file: Callable[..., Any],
    provider: Any, tmp_path: Path,
) -> None:  # fmt: skip
    take_file(recording(FILE), "cobot", MAPPING)
    invoice, told = the_invoice()
    usage = usage_in(told)
    assert (usage["opening"]["value"], usage["closing"]["value"]) == ("1", "105")
    assert (usage["quantity"], told["quantity"]) == ("104", "104")
    assert (usage["corrections"], usage["reading_count"]) == ([], 2869)
    assert invoice.net_minor == 104 * 37
    content = evidence(invoice)
    assert verify(content, provider, tmp_path).status == 0
    assert verify(with_one_digit_changed(content, b"104"), provider, tmp_path).status == 1


def test_nothing_is_billed_from_a_falling_value(
    contract: Any, sick: Path, take_file: Callable[..., Any], provider: Any, tmp_path: Path
) -> None:
    take_file(sick, "sick", SICK)
    invoice, told = the_invoice()
    usage = usage_in(told)
    assert (told["quantity"], invoice.net_minor) == ("104", 104 * 37)
    # The morning and one late row; three steps back and all after the restart are left out.
    assert usage["reading_count"] == 2869 + 1 - 3
    assert verify(evidence(invoice), provider, tmp_path).status == 0


def test_what_was_not_believed_is_on_its_page_with_its_reason(
    contract: Any, sick: Path, take_file: Callable[..., Any], client_of: Callable[..., Any],
    provider: Any,
) -> None:  # fmt: skip
    from apps.telemetry.models import Disbelief

    take_file(sick, "sick", SICK)
    the_invoice()
    doubted = list(Disbelief.objects.order_by("measured_at"))
    assert [row.reason for row in doubted] == ["falling"] * 13
    page = client_of(provider).get("/data/not-believed/").content.decode()
    said = Counter(re.findall(r"Below the reading before it \((\d+)\)", page))
    assert said == Counter(row.params["previous"] for row in doubted)
    assert said["105"] == 10


def test_arrival_backwards_gives_the_same_invoice(
    contract: Any, sick: Path, take_file: Callable[..., Any], tmp_path: Path
) -> None:
    """The whole file upside down: each reading is older than the one before it."""
    head, *rows = sick.read_text().splitlines()
    backwards = tmp_path / "backwards.csv"
    backwards.write_text("\n".join([head, *reversed(rows)]) + "\n")
    take_file(backwards, "sick", SICK)
    invoice, told = the_invoice()
    assert (told["quantity"], usage_in(told)["reading_count"]) == ("104", 2867)
    assert invoice.net_minor == 104 * 37


def test_a_declared_exchange_of_the_controller_is_billed_and_explained(
    contract: Any, robot: Any, sick: Path, take_file: Callable[..., Any], provider: Any,
    tmp_path: Path,
) -> None:  # fmt: skip
    from apps.telemetry.models import Channel, Disbelief
    from apps.telemetry.operations import recompute_dirty
    from apps.telemetry.operations.judging import declare

    take_file(sick, "sick", SICK)
    while recompute_dirty(now=NOW):
        pass
    restart = Disbelief.objects.order_by("measured_at")[3].measured_at
    channel = Channel.objects.get(asset_id=robot.pk, code="cycles")
    declare(
        channel=channel, kind="reset", measured_at=restart, reason="Controller exchanged",
        by="technician", now=NOW,
    )  # fmt: skip
    invoice, told = the_invoice()
    usage = usage_in(told)
    assert told["quantity"] == str(104 + 10)
    (jump,) = usage["corrections"]
    assert jump["instant"] - restart < timedelta(minutes=1)
    # From 105 back to 1: the new controller counted its first cycle from zero.
    assert jump["amount"] == "105"
    assert usage["closing"]["value"] == "10"
    assert verify(evidence(invoice), provider, tmp_path).status == 0

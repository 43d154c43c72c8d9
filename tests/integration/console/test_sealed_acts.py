"""The operator's own acts are chained: what is changed, removed or rewritten with its seals is found."""

from pathlib import Path
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from apps.accounts.models import User
from apps.console.models import OperatorAct, OperatorCheck, OperatorSeal
from apps.console.operations import note_act
from apps.console.operations.sealing import accept_acts, seal_acts, verify_acts
from apps.tenancy.context import as_owner, as_platform, no_company
from tests.conftest import NOW


@pytest.fixture(autouse=True)
def heads(settings: Any, tmp_path: Path) -> Path:
    settings.PERUSE_AUDIT_HEADS = tmp_path / "outside" / "heads.json"
    return tmp_path / "outside" / "operator-heads.json"


def act(operator: User, count: int = 3) -> list[OperatorAct]:
    with no_company(), as_platform():
        for number in range(count):
            note_act(action="console.entered", by=operator, now=NOW, subject=str(number))
        return list(OperatorAct.objects.order_by("id"))


def seal() -> int:
    with no_company(), as_platform():
        return seal_acts(now=NOW)


def faults() -> list[str]:
    with no_company(), as_platform():
        return verify_acts(now=NOW)


def tamper(statement: str) -> None:
    """What only somebody with the database in their hands can do."""
    with no_company(), as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        for table in ("console_operatoract", "console_operatorseal"):
            cursor.execute(f"alter table {table} disable trigger user")
        cursor.execute(statement)
        for table in ("console_operatoract", "console_operatorseal"):
            cursor.execute(f"alter table {table} enable trigger user")


def test_a_chain_that_nobody_touched_holds(operator: User, heads: Path) -> None:
    act(operator)
    assert seal() == 3
    assert seal() == 0
    act(operator, 2)
    assert seal() == 2
    assert faults() == []
    assert heads.exists()
    with no_company(), as_platform():
        check = OperatorCheck.objects.first()
        assert check is not None
        assert (check.seals, check.rows, check.faults) == (2, 5, [])


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("update console_operatoract set reason = 'another' where subject = '1'", "was changed"),
        ("delete from console_operatoract where subject = '1'", "was removed"),
        ("update console_operatorseal set digest = repeat('0', 64)", "was changed"),
        ("delete from console_operatorseal", "the chain ends before seal 1"),
    ],
)
def test_what_was_changed_is_found_and_named(operator: User, statement: str, said: str) -> None:
    act(operator)
    seal()
    tamper(statement)
    assert any(said in fault for fault in faults())


def test_without_seals_nothing_is_found(operator: User) -> None:
    """The control."""
    act(operator)
    tamper("delete from console_operatoract where subject = '1'")
    assert faults() == []


def test_a_rewritten_chain_does_not_fit_its_head_until_it_is_accepted(operator: User) -> None:
    act(operator)
    seal()
    tamper("delete from console_operatorseal")
    tamper("update console_operatoract set reason = 'another' where subject = '1'")
    assert seal() == 3
    assert any("is not the one whose digest is kept outside" in fault for fault in faults())
    with no_company(), as_platform():
        accept_acts()
    assert faults() == []


def test_a_lost_head_is_a_finding_until_it_is_accepted(operator: User, heads: Path) -> None:
    act(operator)
    seal()
    heads.unlink()
    act(operator, 1)
    assert seal() == 1
    assert faults() == ["no head of this chain is kept outside the database"]
    assert not heads.exists(), "the next seal does not make up for it"
    with no_company(), as_platform():
        accept_acts()
    assert faults() == []


def test_companies_cannot_touch_the_seals(operator: User) -> None:
    act(operator)
    seal()
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        OperatorSeal.objects.count()

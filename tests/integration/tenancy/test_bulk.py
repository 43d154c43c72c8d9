"""Rows written in bulk are those that were meant, whatever stands in them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.common.fields import uuid7
from apps.events.models import AuditRow, Job
from apps.tenancy.bulk import RowsMissing, insert_all
from apps.tenancy.context import company_context

NOW = datetime(2026, 11, 5, 9, 0, 0, 250, tzinfo=timezone(timedelta(hours=2)))
# PostgreSQL holds no NUL and no lone surrogates.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=40)
AWKWARD = ["", "\\", "\\N", "\\.", "\t", "\n", "\r", "\r\n", "a\\tb", '"', "ä€😀", "{1,2}", "null"]


@pytest.fixture
def company(cast: dict[str, Any]) -> Iterator[Any]:
    with company_context(cast["provider"]):
        yield cast["provider"]


def row(company: Any, subject: str, details: Any) -> AuditRow:
    return AuditRow(
        author=company, parties=[company.pk], at=NOW, action="test.bulk", subject=subject,
        details=details, actor=subject,
    )  # fmt: skip


def read_back(rows: list[AuditRow]) -> list[AuditRow]:
    found = AuditRow.objects.in_bulk([item.id for item in rows])
    return [found[item.id] for item in rows]


def test_awkward_texts_come_back_as_they_were(company: Any) -> None:
    rows = [row(company, text, {text: [text, None, 1, True]}) for text in AWKWARD]
    assert insert_all(AuditRow, rows) == len(AWKWARD)
    for sent, text in zip(read_back(rows), AWKWARD, strict=True):
        assert (sent.subject, sent.actor, sent.actor_id, sent.at) == (text, text, None, NOW)
        assert sent.details == {text: [text, None, 1, True]}
        assert sent.at.astimezone(UTC).microsecond == 250


@settings(
    max_examples=40, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(st.lists(st.tuples(TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3)), max_size=5))
def test_any_text_comes_back(company: Any, texts: list[tuple[str, dict[str, str]]]) -> None:
    rows = [row(company, text, details) for text, details in texts]
    assert insert_all(AuditRow, rows) == len(rows)
    assert [(item.subject, item.details) for item in read_back(rows)] == texts


def test_more_rows_than_one_write_holds(company: Any) -> None:
    rows = [row(company, str(number), {}) for number in range(1203)]
    assert insert_all(AuditRow, rows) == 1203
    assert [item.subject for item in read_back(rows)] == [str(number) for number in range(1203)]


def test_another_author_s_row_is_refused_and_none_is_written(
    company: Any, cast: dict[str, Any]
) -> None:
    rows = [row(company, "own", {}), row(cast["customer"], "foreign", {})]
    with pytest.raises(Exception, match="row-level security"), transaction.atomic():
        insert_all(AuditRow, rows)
    assert not AuditRow.objects.filter(id__in=[item.id for item in rows]).exists()


def test_rows_the_database_leaves_out_are_an_error(
    company: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fewer(list[Any]):
        def __len__(self) -> int:
            return super().__len__() + 1

    with pytest.raises(RowsMissing, match="2 rows sent, 1 taken"), transaction.atomic():
        insert_all(AuditRow, Fewer([row(company, "one", {})]))


def test_a_time_without_a_zone_is_refused(company: Any) -> None:
    late = row(company, "naive", {})
    late.at = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="without a zone"), transaction.atomic():
        insert_all(AuditRow, [late])


def test_a_missing_value_is_null(company: Any) -> None:
    job = Job(
        author=company, parties=[company.pk], company=company, kind="test", run_after=NOW,
        created_at=NOW, result=None, dedupe=None,
    )  # fmt: skip
    insert_all(Job, [job])
    found = Job.objects.get(id=job.id)
    assert (found.result, found.dedupe, found.payload) == (None, None, {})


class AuditTuple(NamedTuple):
    """Neither the action's details nor who did it are named: the model's defaults stand."""

    id: UUID
    author_id: int
    parties: list[int]
    at: datetime
    action: str


def test_named_tuples_are_rows_with_the_model_s_defaults(company: Any) -> None:
    sent = [AuditTuple(uuid7(), company.pk, [company.pk], NOW, f"test.{n}") for n in range(2)]
    assert insert_all(AuditRow, sent) == 2
    found = AuditRow.objects.in_bulk([item.id for item in sent])
    for item in sent:
        row = found[item.id]
        assert (row.action, row.at, row.parties) == (item.action, NOW, [company.pk])
        assert (row.details, row.actor, row.actor_id, row.subject) == ({}, "", None, "")


def test_a_column_that_does_not_exist_is_refused(company: Any) -> None:
    class Odd(NamedTuple):
        id: UUID
        colour: str

    with pytest.raises(TypeError, match="AuditRow has no columns colour"), transaction.atomic():
        insert_all(AuditRow, [Odd(uuid7(), "red")])


def test_rows_name_their_keys(company: Any) -> None:
    class Keyless(NamedTuple):
        author_id: int

    with pytest.raises(TypeError, match="name their key"), transaction.atomic():
        insert_all(AuditRow, [Keyless(company.pk)])

"""Many rows in two statements: COPY into a temporary table, then INSERT … SELECT.

COPY does not go through row-level security, hence the temporary table; the INSERT does.
The rows are written as COPY's text form here: a column's type is known, so no value is asked for
its own, which is most of what a general driver spends on a row.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import islice
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import Field, JSONField, Model

Write = Callable[[Any], str]
Column = Callable[[Sequence[Any]], list[str]]
# Rows handed to the driver at once: enough to be rare, little enough to be no memory.
ROWS_AT_ONCE = 500
NULL = r"\N"


class RowsMissing(RuntimeError):
    """The database took fewer rows than were sent."""


def insert_all(model: type[Model], rows: Sequence[Any]) -> int:
    """Insert the rows in the caller's transaction. Returns how many; raises RowsMissing.

    Unsaved instances, or named tuples of columns (`author_id`): a tenth of an instance's cost.
    A column that a named tuple does not name has the model's default, the key excepted.
    """
    if not rows:
        return 0
    names = ", ".join(connection.ops.quote_name(str(f.column)) for f in model._meta.concrete_fields)
    table, incoming = model._meta.db_table, f"incoming_{model._meta.db_table}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"create temp table if not exists {incoming} (like public.{table}) on commit drop"
        )
        with cursor.copy(f"copy pg_temp.{incoming} ({names}) from stdin") as copy:
            for text in _texts(model, rows):
                copy.write(text)
        cursor.execute(
            f"insert into public.{table} ({names}) select {names} from pg_temp.{incoming}"
        )
        inserted: int = cursor.rowcount
        cursor.execute(f"delete from pg_temp.{incoming}")
    if inserted != len(rows):
        raise RowsMissing(f"{table}: {len(rows)} rows sent, {inserted} taken")
    return inserted


def _texts(model: type[Model], rows: Sequence[Any]) -> Iterator[str]:
    """Rows as lines of COPY's text form, some hundred at a time."""
    kind: Any = type(rows[0])
    columns = _columns(model, kind)
    left = iter(rows)
    while part := list(islice(left, ROWS_AT_ONCE)):
        texts = [column(part) for column in columns]
        yield "".join(["\t".join(row) + "\n" for row in zip(*texts, strict=True)])


@cache
def _columns(model: type[Model], kind: Any) -> tuple[Column, ...]:
    """How each column of such rows is written."""
    fields = model._meta.concrete_fields
    named = getattr(kind, "_fields", None) or [field.attname for field in fields]
    if unknown := set(named) - {field.attname for field in fields}:
        raise TypeError(f"{model.__name__} has no columns {', '.join(sorted(unknown))}")
    if model._meta.pk is not None and model._meta.pk.attname not in named:
        raise TypeError(f"rows of {model.__name__} name their key themselves")
    return tuple(_column(field) if field.attname in named else _same(field) for field in fields)


def _column(field: "Field[Any, Any]") -> Column:
    take, write = attrgetter(field.attname), _writer(field)

    def texts(part: Sequence[Any]) -> list[str]:
        return [NULL if value is None else write(value) for value in map(take, part)]

    return texts


def _same(field: "Field[Any, Any]") -> Column:
    value = field.get_default()
    text = NULL if value is None else _writer(field)(value)
    return lambda part: [text] * len(part)


def _writer(field: "Field[Any, Any]") -> Write:
    while field.is_relation:
        field = field.target_field  # type: ignore[attr-defined]
    if isinstance(field, JSONField):
        return _json
    if isinstance(field, ArrayField):
        return _whole_numbers
    try:
        return WRITERS[field.get_internal_type()]
    except KeyError:
        raise TypeError(f"columns of {field} cannot be written in bulk") from None


def _text(value: str) -> str:
    if "\\" in value or "\n" in value or "\t" in value or "\r" in value:
        value = value.replace("\\", "\\\\").replace("\n", "\\n")
        return value.replace("\t", "\\t").replace("\r", "\\r")
    return str(value)


def _json(value: Any) -> str:
    # JSON holds no line break or tab of its own; its escapes begin with a backslash.
    return msgspec.json.encode(value).decode().replace("\\", "\\\\")


def _whole_numbers(values: Sequence[int]) -> str:
    return "{" + ",".join([str(int(value)) for value in values]) + "}"


def _whole_number(value: Any) -> str:
    return str(int(value))


def _decimal(value: Decimal) -> str:
    return str(value)


def _uuid(value: UUID | str) -> str:
    return value.hex if type(value) is UUID else UUID(str(value)).hex


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a time without a zone")
    return value.isoformat()


def _day(value: date) -> str:
    return value.isoformat()


def _yes(value: Any) -> str:
    return "t" if value else "f"


WRITERS: dict[str, Write] = {
    "AutoField": _whole_number, "BigAutoField": _whole_number, "BigIntegerField": _whole_number,
    "BooleanField": _yes, "CharField": _text, "DateField": _day, "DateTimeField": _instant,
    "DecimalField": _decimal, "IntegerField": _whole_number, "SmallIntegerField": _whole_number,
    "TextField": _text, "UUIDField": _uuid,
}  # fmt: skip

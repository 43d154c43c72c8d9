"""One statement that answers several questions at once, for pages that are opened all day."""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from apps.tenancy.context import current_company


def one_row(sql: str, **given: Any) -> dict[str, Any]:
    """The statement's only row by its columns' names; `%(own)s` is the current company's key.

    Raises NoCompany outside of one.
    """
    values: Mapping[str, Any] = {"own": current_company().pk, **given}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        names = [column.name for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))

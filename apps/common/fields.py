"""Field types every app uses: ids, quantities, unit prices and money in minor units."""

import time
import uuid
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.common import ids

QUANTITY_BOUND = Decimal(10) ** 18


def uuid7() -> uuid.UUID:
    """A new time-ordered key (RFC 9562, version 7)."""
    return ids.new_id(time.time_ns() // 1_000_000)


class QuantityField(models.DecimalField):
    """A physical quantity: 18 digits before the point, 12 after it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=30, decimal_places=12)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("max_digits")
        kwargs.pop("decimal_places")
        return name, path, args, kwargs


class MinorField(models.BigIntegerField):
    """Money in minor units of the row's currency (cents for EUR, yen for JPY)."""

    default_validators = [MinValueValidator(-(10**15)), MaxValueValidator(10**15)]


class PublicIdConverter:
    """URL part such as `inv_01h2…`; the view receives the UUID. Another form is a 404."""

    regex = "[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}"

    def to_python(self, value: str) -> uuid.UUID:
        return ids.decode_any(value)

    def to_url(self, value: str) -> str:
        return str(value)


@models.ForeignObject.register_lookup
@models.Field.register_lookup
class Among(models.Lookup):
    """`rows.filter(contract__among=keys)`: `in` for thousands of keys, sent as one array.

    `in` writes a place for each key, which Django, the driver and PostgreSQL read one by one.
    """

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, before = self.process_lhs(compiler, connection)
        prepare = self.lhs.output_field.get_db_prep_value
        keys = [prepare(key, connection, prepared=False) for key in self.rhs]
        return f"{column} = any(%s)", [*before, keys]

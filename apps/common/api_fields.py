"""Fields of the API: exact instants and numbers."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from apps.common.period import parse_instant
from apps.common.quantity import BadValue, canonical, parse_decimal


@extend_schema_field({"type": "string", "format": "date-time"})
class InstantField(serializers.Field[Any, Any, Any, Any]):
    """RFC 3339 with an offset."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return parse_instant(data)
        except BadValue:
            raise ValidationError("write RFC 3339 with an offset: 2026-03-01T12:00:00Z") from None

    def to_representation(self, value: Any) -> str:
        return str(value.isoformat())


@extend_schema_field({"type": "string", "pattern": r"^-?\d{1,18}(\.\d{1,12})?$"})
class ExactNumber(serializers.Field[Any, Any, Any, Any]):
    """A decimal, as text or whole number; never a float."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return parse_decimal(data)
        except BadValue as bad:
            raise ValidationError(f"no exact number: {bad.reason}") from None

    def to_representation(self, value: Any) -> str:
        return canonical(value)

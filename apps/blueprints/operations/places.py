"""Where in a part of a scenario something is refused, so that its fault names the line."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError

from apps.common.quantity import BadValue


class RefusedAt(ValidationError):
    """Refused at a place within its part, such as `items[2].measure`."""

    def __init__(self, place: str, message: Any) -> None:
        self.place = place
        super().__init__(message)


@contextmanager
def at(place: str, words: Mapping[str, Any]) -> Iterator[None]:
    """Tell a BadValue raised inside with its place; `words` by reason."""
    try:
        yield
    except BadValue as error:
        raise RefusedAt(place, str(words.get(error.reason, error.reason))) from None


def place_of(error: ValidationError) -> str:
    """Where it was refused; of a single field, its name; empty: the part as a whole."""
    if isinstance(error, RefusedAt):
        return error.place
    fields = list(getattr(error, "error_dict", {}))
    return str(fields[0]) if len(fields) == 1 and fields[0] != "__all__" else ""

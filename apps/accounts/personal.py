"""What is stored of one person, whatever table it stands in, as plain values."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Field, Model, Q

from apps.accounts.models import Invitation, User
from apps.tenancy.schemas import tenant_labels

# Of no use to the person and of use to who finds the file.
SECRET = frozenset(
    {"password", "secret_hash", "token_hash", "code_hash", "browser_hash", "data", "session_key"}
)
# Columns that hold a person's key without a foreign key.
_KEYS = ("actor_id", "requested_by", "declarer")


def stored_of(person: User) -> dict[str, list[dict[str, Any]]]:
    """Rows by table: the person's own row, all that point to it, and all that say their name.

    Run as the platform for shared tables, and in each company for its own (`own_rows`).
    """
    found = {User._meta.db_table: [_plain(person)]}
    for model in shared_models():
        rows = [_plain(row) for row in _rows(model, person)]
        if rows:
            found[model._meta.db_table] = rows
    return found


def own_rows(person: User) -> dict[str, list[dict[str, Any]]]:
    """Rows of the current company's own tables that name the person."""
    found = {}
    for model in apps.get_models():
        if model._meta.app_label in tenant_labels():
            rows = [_plain(row) for row in _rows(model, person)]
            if rows:
                found[model._meta.db_table] = rows
    return found


def shared_models() -> Iterator[type[Model]]:
    """All shared tables but people's."""
    for model in apps.get_models():
        if model is not User and model._meta.app_label not in tenant_labels():
            yield model


def _rows(model: type[Model], person: User) -> Any:
    wanted = _points_to(model, person) | _says(model, person)
    if model is Invitation:
        wanted |= Q(email=person.email)
    if not wanted:
        return ()
    manager = getattr(model, "all_parties", model._default_manager)
    return manager.filter(wanted).order_by("pk")


def _points_to(model: type[Model], person: User) -> Q:
    wanted = Q()
    for field in model._meta.concrete_fields:
        is_key = field.name in _KEYS or field.name.endswith("_by_id")
        if field.related_model is User or (is_key and field.related_model is None):
            wanted |= Q(**{field.attname: person.pk})
    return wanted


def _says(model: type[Model], person: User) -> Q:
    """Columns such as `signed_by` and `actor` hold “Name <address>”."""
    wanted = Q()
    for field in model._meta.concrete_fields:
        if field.get_internal_type() == "CharField" and (
            field.name.endswith("_by") or field.name in ("actor", "reader")
        ):
            wanted |= Q(**{field.name: str(person)})
    return wanted


def _plain(row: Model) -> dict[str, Any]:
    return {field.name: _value(row, field) for field in row._meta.concrete_fields if _told(field)}


def _told(field: "Field[Any, Any]") -> bool:
    return field.name not in SECRET and not field.name.endswith("_sealed")


def _value(row: Model, field: "Field[Any, Any]") -> Any:
    value = getattr(row, field.attname)
    plain = value is None or isinstance(value, str | int | bool | float | list | dict)
    return value if plain else str(value)

"""What is stored of one person, whatever table it stands in, as plain values."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import DateField, Field, Model, Q

from apps.accounts.door import in_own_companies
from apps.accounts.models import Invitation, User
from apps.tenancy.context import Inside, as_platform, no_company
from apps.tenancy.queries import active_companies
from apps.tenancy.schemas import tenant_labels

# Of no use to the person and of use to who finds the file.
SECRET = frozenset(
    {"password", "secret_hash", "token_hash", "code_hash", "browser_hash", "data", "session_key"}
)
# Columns that hold a person's key without a foreign key.
_KEYS = ("actor_id", "requested_by", "declarer")


def everything_of(person: User, inside: Inside) -> dict[str, Any]:
    """Rows of all shared tables, and of each company's own ones by its address name.

    `inside(company)`: a context in which the company itself asks. For the operator.
    """
    with no_company(), as_platform():
        said: dict[str, Any] = {"shared": stored_of(person), "companies": {}}
        companies = list(active_companies())
    for company in companies:
        with inside(company):
            if rows := own_rows(person):
                said["companies"][company.slug] = rows
    return said


def as_json(said: dict[str, Any]) -> str:
    """What is told of a person, as the text of a file."""
    return json.dumps(said, ensure_ascii=False, indent=1, default=str)


def stored_of(
    person: User, models: Iterable[type[Model]] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Rows by table: the person's own row, all that point to it, and all that say their name.

    Run as the platform for all shared tables, and in each company for its own (`own_rows`).
    """
    found = {User._meta.db_table: [_plain(person)]}
    for model in shared_models() if models is None else models:
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


def told_to_themselves(person: User) -> dict[str, Any]:
    """The person's own account whole, and where else their name stands: table, key, columns, times.

    Asked outside of any company, as the person; then in each of theirs: what else a row says is the
    company's. The operator's export (`everything_of`) tells all, also of companies they left.
    """
    models = [model for model in shared_models() if _may_be_read(model)]
    account = stored_of(person, models)

    def mentions() -> dict[str, list[dict[str, Any]]]:
        return {
            model._meta.db_table: rows
            for model in apps.get_models()
            if model._meta.db_table not in account and _may_be_read(model)
            if (rows := [_mention(row, person) for row in _rows(model, person)])
        }

    return {"account": account, "named": in_own_companies(person, mentions)}


def _may_be_read(model: type[Model]) -> bool:
    """Whether the role in force may; asked once a table, rights do not change under a process."""
    table = model._meta.db_table
    if table not in _readable:
        with connection.cursor() as cursor:
            cursor.execute(
                "select coalesce(has_table_privilege(to_regclass(%s), 'select'), false)", [table]
            )
            _readable[table] = bool(cursor.fetchone()[0])
    return _readable[table]


_readable: dict[str, bool] = {}


def _mention(row: Model, person: User) -> dict[str, Any]:
    """A row's key, the columns that name the person, and when."""
    names = {person.pk, str(person), person.email}
    model = type(row)
    naming = {field.name for field in (*_key_fields(model), *_name_fields(model))} | {"email"}
    told = _plain(row)
    shown = {
        field.name
        for field in model._meta.concrete_fields
        if field.primary_key or isinstance(field, DateField)
    }
    shown |= {name for name in naming & told.keys() if told[name] in names}
    return {name: value for name, value in told.items() if name in shown}


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
    for field in _key_fields(model):
        wanted |= Q(**{field.attname: person.pk})
    return wanted


def _key_fields(model: type[Model]) -> Iterator[Any]:
    for field in model._meta.concrete_fields:
        is_key = field.name in _KEYS or field.name.endswith("_by_id")
        if field.related_model is User or (is_key and field.related_model is None):
            yield field


def _says(model: type[Model], person: User) -> Q:
    wanted = Q()
    for field in _name_fields(model):
        wanted |= Q(**{field.name: str(person)})
    return wanted


def _name_fields(model: type[Model]) -> Iterator[Any]:
    """Columns such as `signed_by` and `actor` hold “Name <address>”."""
    for field in model._meta.concrete_fields:
        if field.get_internal_type() == "CharField" and (
            field.name.endswith("_by") or field.name in ("actor", "reader")
        ):
            yield field


def _plain(row: Model) -> dict[str, Any]:
    return {field.name: _value(row, field) for field in row._meta.concrete_fields if _told(field)}


def _told(field: "Field[Any, Any]") -> bool:
    return field.name not in SECRET and not field.name.endswith("_sealed")


def _value(row: Model, field: "Field[Any, Any]") -> Any:
    value = getattr(row, field.attname)
    plain = value is None or isinstance(value, str | int | bool | float | list | dict)
    return value if plain else str(value)

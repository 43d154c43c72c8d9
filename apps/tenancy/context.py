"""Who is asking: the current company, person and database role of this thread's connection."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, cast

from django.db import connection
from django_tenants.utils import tenant_context

from apps.tenancy.backend.base import APP, OWNER, PLATFORM, DatabaseWrapper

if TYPE_CHECKING:
    from apps.tenancy.models import Company


class NoCompany(RuntimeError):
    """A question about a company's rows was asked outside of any company."""


def _wrapper() -> DatabaseWrapper:
    return cast("DatabaseWrapper", connection)


def current_company_id() -> int | None:
    """The current company's key, or None."""
    return _wrapper().company_id


def current_company() -> "Company":
    """The current company; raises NoCompany outside of one."""
    if current_company_id() is None:
        raise NoCompany("no company is current")
    return cast("Company", _wrapper().tenant)


@contextmanager
def company_context(company: "Company") -> Iterator["Company"]:
    """Everything inside asks as this company."""
    with tenant_context(company):
        yield company


@contextmanager
def no_company() -> Iterator[None]:
    """Everything inside asks as nobody: fenced tables show no rows."""
    from django_tenants.utils import schema_context

    with schema_context("public"):
        yield


@contextmanager
def person_context(person_id: int | None) -> Iterator[None]:
    """Everything inside asks as this person, beside the current company."""
    wrapper = _wrapper()
    before, wrapper.person_id = wrapper.person_id, person_id
    try:
        yield
    finally:
        wrapper.person_id = before


def set_person(person_id: int | None) -> None:
    """Name the person for the rest of this request (the middleware takes it back)."""
    _wrapper().person_id = person_id


def role_name() -> str:
    """The database role in force."""
    return _wrapper().role


@contextmanager
def _acting_as(role: str) -> Iterator[None]:
    wrapper = _wrapper()
    before, wrapper.role = wrapper.role, role
    try:
        yield
    finally:
        wrapper.role = before


def as_owner() -> "_GeneratorContext":
    """Act as the owner of tables: migrations and provisioning only (operations login)."""
    return _acting_as(OWNER)


def as_platform() -> "_GeneratorContext":
    """Act as the platform: reads by its own policies (operations login)."""
    return _acting_as(PLATFORM)


def as_app() -> "_GeneratorContext":
    """Act as an ordinary portal process again."""
    return _acting_as(APP)


@contextmanager
def acting_as(company: "Company") -> Iterator[None]:
    """The platform's processes as the company itself, with the rights of the portal's own."""
    with as_app(), company_context(company):
        yield


# `acting_as`, given to operations that do not enter companies by themselves.
Inside = Callable[["Company"], AbstractContextManager[object]]

if TYPE_CHECKING:
    _GeneratorContext = AbstractContextManager[None]

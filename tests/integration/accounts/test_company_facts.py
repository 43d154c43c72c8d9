"""A company's own page: what it may write of itself, and what is refused with its reason."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client

from apps.accounts.operations import describe_company
from apps.tenancy.context import company_context
from apps.tenancy.models import Company
from tests.conftest import NOW
from tests.integration.billing.scene import make_asset, make_contract

FORM = {
    "street": "Werft 1", "postcode": "24143", "city": "Kiel", "vat_id": "DE 136695976",
    "tax_number": "20/292/01234", "register_entry": "HRB 4711, Amtsgericht Kiel",
    "contact_name": "Ada", "phone": "+49 431 1", "email": "post@example.com", "language": "de",
    "scheme": "0204", "e_address": "04011000-12345-03", "time_zone": "Europe/Berlin",
}  # fmt: skip


def test_what_was_typed_is_kept_and_shown(
    cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    company = cast["provider"]
    director = client_of(company, "director")
    assert (
        director.post("/company/facts/", {**FORM, "phone": "+49 431 123"})["Location"]
        == "/company/"
    )
    shown = director.get("/company/").content.decode()
    for text in ("Werft 1", "DE136695976", "HRB 4711", "Leitweg-ID 04011000-12345-03", "Ada"):
        assert text in shown
    with company_context(company):
        row = Company.objects.get(pk=company.pk)
        assert (row.e_address, row.name) == ("0204:04011000-12345-03", company.name)
        other = Company.objects.get(pk=cast["maker"].pk)
        assert other.street != "Werft 1"
    assert client_of(company, "viewer").get("/company/").status_code == 200
    assert client_of(company, "viewer").get("/company/facts/").status_code == 403


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("vat_id", "DE136695977", "no VAT id"),
        ("vat_id", "ATU13585627", "no VAT id"),
        ("e_address", "04011000-12345-04", "does not fit"),
        ("e_address", "", "or neither"),
        ("phone", "x1", "fewer than three digits"),
        ("email", "nobody", "valid email"),
    ],
)
def test_wrong_numbers_are_refused_and_change_nothing(
    cast: dict[str, Any], client_of: Callable[..., Client], field: str, value: str, reason: str
) -> None:
    form = {**FORM, "phone": "+49 431 123", field: value}
    answer = client_of(cast["provider"], "director").post("/company/facts/", form)
    assert answer.status_code == 422
    assert reason in answer.content.decode()
    with company_context(cast["provider"]):
        assert Company.objects.get(pk=cast["provider"].pk).street != "Werft 1"


def test_the_time_zone_changes_until_something_counts_in_it(
    cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    provider = cast["provider"]
    director = client_of(provider)

    def sent(zone: str) -> tuple[int, str]:
        form = {**FORM, "phone": "+49 431 123", "time_zone": zone}
        status = director.post("/company/facts/", form).status_code
        with company_context(provider):
            return status, Company.objects.get(pk=provider.pk).time_zone

    assert sent("Europe/Lisbon") == (302, "Europe/Lisbon")
    assert sent("Europe/Atlantis") == (422, "Europe/Lisbon")
    assert sent("Europe/Warsaw") == (302, "Europe/Warsaw")
    make_contract(provider, cast["customer"], [make_asset(provider)])
    # The form keeps what stands, and the operation refuses another.
    assert sent("Europe/Lisbon") == (302, "Europe/Warsaw")
    assert "count their days in it" in director.get("/company/facts/").content.decode()
    for company in (provider, cast["customer"]):
        with company_context(company), pytest.raises(ValidationError) as refused:
            describe_company(facts={"time_zone": "Asia/Tokyo"}, now=NOW, actor="Anna")
        assert list(refused.value.error_dict) == ["time_zone"]


def test_the_database_lets_a_company_write_these_of_its_own_row_alone(cast: dict[str, Any]) -> None:
    with company_context(cast["provider"]), connection.cursor() as cursor:
        cursor.execute(
            "select public.peruse_describe_company(%s::jsonb)",
            ['{"street": "x", "postcode": "", "city": "", "vat_id": "", "email": "", "phone": "", '
             '"tax_number": "", "register_entry": "", "contact_name": "", "language": "de", '
             '"e_address": "", "name": "Another", "state": "suspended"}'],
        )  # fmt: skip
    with company_context(cast["maker"]):
        row = Company.objects.get(pk=cast["provider"].pk)
        assert (row.street, row.name, row.state) == ("x", cast["provider"].name, "active")

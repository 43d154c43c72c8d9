"""Service levels are signed with the contract, printed, and refused at the field that cannot be."""

from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import translation

from apps.contracts.domain.service import NO_PROMISE, ServiceHours, ServiceLevels
from apps.contracts.forms.service import ServiceFields, service_initial
from apps.contracts.models import Contract
from apps.contracts.queries import content_of, content_sha256
from apps.contracts.wording.changes import content_changes
from apps.contracts.wording.service import service_words
from tests.integration.contracts.test_sheet import text_of
from tests.integration.metering.conftest import PLAN, Works

WORKDAYS = ServiceHours("mon_fri", time(7), time(17))
PROMISED = ServiceLevels(4, 24, 48, Decimal("97.5"), WORKDAYS)


def test_they_are_part_of_what_is_signed_and_stay(works: Works) -> None:
    without, agreed = works.draft(), works.draft(title="Promised", service=PROMISED)
    assert "service" not in content_of(without)
    assert content_of(agreed)["service"] == {
        "answer_hours": 4, "on_site_hours": 24, "repair_hours": 48, "availability": "97.5",
        "hours": {"days": "mon_fri", "opens": "07:00", "closes": "17:00"},
    }  # fmt: skip
    assert Contract.objects.get(pk=agreed.pk).service_levels == PROMISED
    assert without.service_levels == NO_PROMISE
    assert content_sha256(agreed) != content_sha256(without)
    in_force = works.contract(title="In force", service=PROMISED)
    for service in (None, {"answer_hours": 5}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Contract.objects.filter(pk=in_force.pk).update(service=service)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (ServiceLevels(answer_hours=0), "answer_hours"),
        (ServiceLevels(repair_hours=8_761), "repair_hours"),
        (ServiceLevels(answer_hours=8, on_site_hours=4), "on_site_hours"),
        (ServiceLevels(on_site_hours=8, repair_hours=4), "repair_hours"),
        (ServiceLevels(availability=Decimal(0)), "availability"),
        (ServiceLevels(availability=Decimal("100.1")), "availability"),
        (ServiceLevels(availability=Decimal(95), hours=WORKDAYS), "service_days"),
        (ServiceLevels(4, hours=ServiceHours("sundays")), "service_days"),  # type: ignore[arg-type]
        (ServiceLevels(4, hours=ServiceHours("all", time(17), time(7))), "service_closes"),
        (ServiceLevels(4, hours=ServiceHours("all", time(7), time(7))), "service_closes"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    works: Works, given: ServiceLevels, field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        works.draft(service=given)
    assert set(refused.value.message_dict) == {field}


@pytest.mark.parametrize(
    "levels",
    [
        NO_PROMISE, PROMISED, ServiceLevels(answer_hours=1), ServiceLevels(availability=Decimal(90)),
        ServiceLevels(8, hours=ServiceHours("mon_sat")),
        ServiceLevels(8, hours=ServiceHours("all", time(6), time(0))),
    ],
)  # fmt: skip
def test_stored_and_shown_in_the_form_they_come_back_the_same(levels: ServiceLevels) -> None:
    contract = Contract(service=levels.to_dict() or None)
    assert contract.service_levels == levels
    shown = {name: value for name, value in service_initial(contract).items() if value is not None}
    form = ServiceFields(shown)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["service"] == levels
    assert form.has_service == bool(levels)


def test_both_read_them_on_page_and_sheet_and_what_an_offer_changes(
    works: Works, client_of: Callable[..., Any]
) -> None:
    contract = works.contract(service=PROMISED)
    for company in (works.provider, works.customer):
        client = client_of(company)
        page = client.get(f"/contracts/{contract.public_id}/").content.decode()
        for text in (page, text_of(client, contract)):
            assert "An answer within 4 hours of a report." in text
            assert "Hours count: Monday to Friday, 07:00 to 17:00." in text
            assert "at least 97.5\u00a0%" in text
    content: dict[str, Any] = {"items": [], "plan": PLAN, "service": {"answer_hours": 4}}
    [change] = content_changes(content, {**content, "service": {"answer_hours": 8}})
    assert (change.label, len(change.before)) == ("Service levels", 2)


def test_in_words_of_either_language() -> None:
    late = ServiceLevels(1, hours=ServiceHours("mon_sat", time(6), time(0)))
    contract = Contract(service=late.to_dict(), starts_on=date(2026, 1, 1))
    assert service_words(contract) == [
        "An answer within 1 hour of a report.", "Hours count: Monday to Saturday, 06:00 to 24:00.",
    ]  # fmt: skip
    with translation.override("de"):
        assert service_words(contract)[0] == "Antwort innerhalb von 1 Stunde nach einer Meldung."

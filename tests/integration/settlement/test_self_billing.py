"""Who writes the documents of a pair: agreed once for a day, never changed, ended from a day on."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.settlement.models import AgreementAnswer, SelfBillingAgreement
from apps.settlement.operations import (
    AgreementFacts,
    answer_agreement,
    end_agreement,
    offer_agreement,
)
from apps.tenancy.context import company_context
from tests.integration.billing.scene import NOW

TODAY = NOW.date()


def facts(first: date = TODAY, last: date | None = None, **more: Any) -> AgreementFacts:
    given = {"tax_status": "standard", "tax_proof": "Certificate 12", "tax_proof_on": TODAY}
    return AgreementFacts(first, last, **{**given, "objection_days": 14, **more})


def offer(provider: Any, partner: Any, *args: Any, **more: Any) -> SelfBillingAgreement:
    with company_context(provider):
        return offer_agreement(
            partner=partner, facts=facts(*args, **more), now=NOW, actor="test"
        )  # fmt: skip


def reply(agreement: SelfBillingAgreement, accepted: bool = True) -> AgreementAnswer:
    with company_context(agreement.partner):
        return answer_agreement(
            agreement_id=agreement.pk, accepted=accepted, now=NOW, actor="test"
        )  # fmt: skip


def end(agreement: SelfBillingAgreement, today: date = TODAY) -> SelfBillingAgreement:
    with company_context(agreement.author):
        return end_agreement(agreement_id=agreement.pk, today=today, now=NOW, actor="test")


@pytest.fixture
def partner(cast: dict[str, Any]) -> Any:
    return cast["maker"]


def test_it_holds_on_its_days_once_the_partner_accepts(provider: Any, partner: Any) -> None:
    last = TODAY + timedelta(days=10)
    agreement = offer(provider, partner, TODAY, last)
    assert (agreement.standing, agreement.holds_on(TODAY)) == ("offered", False)
    assert reply(agreement).pk == reply(agreement, accepted=False).pk
    with company_context(provider):
        seen = SelfBillingAgreement.objects.select_related("answer").get()
    around = [TODAY - timedelta(days=1), TODAY, last, last + timedelta(days=1)]
    assert [seen.holds_on(day) for day in around] == [False, True, True, False]


def test_one_agreement_of_a_pair_at_a_time(provider: Any, partner: Any, cast: Any) -> None:
    first = offer(provider, partner, TODAY, TODAY + timedelta(days=10))
    with pytest.raises(ValidationError, match="End or withdraw it first"):
        offer(provider, partner, TODAY + timedelta(days=10))
    offer(provider, partner, TODAY + timedelta(days=11))
    offer(provider, cast["financier"], TODAY)
    end(first)
    assert offer(provider, partner, TODAY, TODAY + timedelta(days=10)).pk != first.pk
    with company_context(provider):
        assert SelfBillingAgreement.objects.filter(partner=partner).count() == 3


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"last": TODAY - timedelta(days=1)}, "valid_until"),
        ({"objection_days": 0}, "objection_days"),
        ({"objection_days": 366}, "objection_days"),
    ],
)
def test_what_does_not_fit_is_refused(
    provider: Any, partner: Any, given: dict[str, Any], place: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        offer(provider, partner, **given)
    assert set(refused.value.message_dict) == {place}
    with company_context(provider):
        assert not SelfBillingAgreement.objects.exists()


def test_accepted_it_ends_today_else_it_is_withdrawn(provider: Any, partner: Any) -> None:
    accepted = offer(provider, partner)
    reply(accepted)
    assert end(accepted).valid_until == TODAY
    later = offer(provider, partner, TODAY + timedelta(days=1))
    assert end(later).withdrawn_at == NOW
    assert end(later).withdrawn_at == NOW
    with pytest.raises(ValidationError, match="withdrawn"):
        reply(later)


def test_only_its_partner_answers_and_content_stays(
    provider: Any, partner: Any, cast: dict[str, Any]
) -> None:
    agreement = offer(provider, partner)
    for other in (provider, cast["financier"]):
        with company_context(other), pytest.raises(SelfBillingAgreement.DoesNotExist):
            answer_agreement(agreement_id=agreement.pk, accepted=True, now=NOW, actor="test")
    with company_context(provider):
        rows = SelfBillingAgreement.objects.filter(pk=agreement.pk)
        for change in ({"tax_proof": "other"}, {"objection_days": 3}):
            with pytest.raises(IntegrityError, match="keeps its content"), transaction.atomic():
                rows.update(**change)
        assert rows.update(valid_until=TODAY) == 1
        with pytest.raises(IntegrityError, match="keeps its content"), transaction.atomic():
            rows.update(valid_until=TODAY + timedelta(days=1))


def test_pages_of_both_sides(
    provider: Any, partner: Any, client_of: Callable[..., Any], cast: dict[str, Any]
) -> None:
    client, other = client_of(provider), client_of(partner)
    assert "No self-billing agreements yet" in client.get("/self-billing/").content.decode()
    typed = {"partner": partner.pk, "valid_from": "2026-10-01", "tax_status": "small",
             "tax_proof": "Tax office, 12/345", "tax_proof_on": "2026-09-01",
             "objection_days": "0"}  # fmt: skip
    refused = client.post("/self-billing/new/", typed)
    assert refused.status_code == 422
    assert "Tax office, 12/345" in refused.content.decode()
    assert client.post("/self-billing/new/", typed | {"objection_days": "14"}).status_code == 302
    with company_context(provider):
        path = f"/self-billing/{SelfBillingAgreement.objects.get().public_id}/"
    assert "Tax office, 12/345" in other.get(path).content.decode()
    assert client_of(cast["financier"]).get(path).status_code == 404
    assert client.post(f"{path}answer/", {"answer": "accept"}).status_code == 404
    other.post(f"{path}answer/", {"answer": "perhaps"})
    with company_context(partner):
        assert not AgreementAnswer.objects.exists()
    assert other.post(f"{path}answer/", {"answer": "accept"}).status_code == 302
    assert "End agreement" in client.get(path).content.decode()
    assert other.post(f"{path}end/").status_code == 404
    assert client.post(f"{path}end/").status_code == 302
    assert "/self-billing/sba_" in other.get("/self-billing/").content.decode()

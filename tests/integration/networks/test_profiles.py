"""What a company tells about itself, and who reads it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.events.operations import run_waiting_jobs
from apps.networks.models import CompanyProfile
from apps.networks.operations import save_profile
from apps.networks.queries import profile_of
from apps.tenancy.context import company_context

ABOUT = "We keep lines clean."


@pytest.fixture
def told(cast: dict[str, Any], now: datetime) -> None:
    with company_context(cast["provider"]):
        save_profile(
            about=ABOUT, website="https://provider.example", shown=["vat_id", "address"], now=now,
            actor="Anna",
        )  # fmt: skip


def test_partners_read_it_and_nobody_else(told: None, cast: dict[str, Any]) -> None:
    for slug in ("customer", "maker", "provider"):
        with company_context(cast[slug]):
            profile = profile_of(cast["provider"].pk)
            assert profile is not None
            assert profile.shown == ["address", "vat_id"]
    with company_context(cast["stranger"]):
        assert profile_of(cast["provider"].pk) is None


def test_the_page_shows_what_was_chosen_and_a_stranger_gets_404(
    told: None, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    text = client_of(cast["customer"]).get("/companies/provider/").content.decode()
    assert ABOUT in text
    assert "DE123456789" in text
    assert "Teststadt" in text
    assert "office@provider.example" not in text
    stranger = client_of(cast["stranger"])
    foreign, absent = stranger.get("/companies/provider/"), stranger.get("/companies/nobody/")
    assert foreign.status_code == absent.status_code == 404
    assert ABOUT not in foreign.content.decode()


def test_a_company_that_tells_nothing_shows_its_country_alone(
    cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    text = client_of(cast["customer"]).get("/companies/provider/").content.decode()
    assert "Provider Services GmbH" in text
    assert "Teststadt" not in text


def test_a_new_partner_reads_it_from_then_on(
    told: None, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    client_of(cast["stranger"]).post("/partners/new/", {"slug": "provider"})
    with company_context(cast["provider"]):
        run_waiting_jobs(now=timezone.now())
    with company_context(cast["stranger"]):
        assert profile_of(cast["provider"].pk) is not None


def test_it_is_written_by_its_company_alone(
    told: None, cast: dict[str, Any], now: datetime, client_of: Callable[..., Any]
) -> None:
    with company_context(cast["customer"]):
        assert CompanyProfile.objects.filter(author=cast["provider"]).update(about="No") == 0
    with company_context(cast["provider"]):
        with pytest.raises(ValidationError, match="no such fact"):
            save_profile(about="x", website="", shown=["iban"], now=now, actor="Anna")
        assert profile_of(cast["provider"].pk).about == ABOUT  # type: ignore[union-attr]
    assert client_of(cast["provider"], "viewer").get("/company-profile/").status_code == 403
    client = client_of(cast["provider"])
    refused = client.post("/company-profile/", {"about": "New", "website": "no address"})
    assert refused.status_code == 422
    assert "New" in refused.content.decode()
    client.post("/company-profile/", {"about": "New", "shown": ["email"]})
    text = client_of(cast["customer"]).get("/companies/provider/").content.decode()
    assert "office@provider.example" in text
    assert ABOUT not in text

"""The pages of payments: what a person sees, does, and is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.payments.models import BankAccount, BankEntry, Mandate, Payment, PayoutBatch
from apps.payments.models.payouts import Way
from apps.payments.operations import draft_payouts
from apps.tenancy.context import company_context
from tests.integration.payments.camt import booking, statement
from tests.integration.payments.conftest import with_account
from tests.integration.payments.test_bank import expect
from tests.integration.payments.test_payouts import LONG_AGO, item


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def drafted(cast: dict[str, Any], by: Any) -> PayoutBatch:
    with company_context(cast["provider"]):
        return draft_payouts(
            items=[item(cast["maker"])], method=Way.SEPA, currency="EUR", now=timezone.now(),
            drafted_by=by,
        )  # fmt: skip


def test_a_batch_is_approved_and_sent(
    cast: dict[str, Any], person_of: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    provider = cast["provider"]
    for slug in ("provider", "maker"):
        with_account(cast[slug], timezone.now() - LONG_AGO)
    path = f"/payouts/{drafted(cast, person_of(provider, 'finance')).public_id}/"
    drafter, second = client_of(provider, "finance"), client_of(provider, "director")
    told = "You drafted this batch; a second person approves it."
    assert told in drafter.get(path).content.decode()
    page = drafter.post(path + "approval/")
    assert page.status_code == 422
    assert page.content.decode().count(told) == 2, "as the answer, and where the button would be"
    with company_context(provider):
        assert PayoutBatch.objects.get().state == "drafted"
    assert second.post(path + "approval/").status_code == 302
    assert second.get(path + "file/").status_code == 404
    assert second.post(path + "sending/").status_code == 302
    file = second.get(path + "file/")
    assert file["Content-Type"] == "application/xml"
    assert b'<InstdAmt Ccy="EUR">123.45</InstdAmt>' in file.content
    assert "DE62 3704 0044 0532 0130 01" in second.get(path).content.decode()


def test_bank_accounts_and_mandates(cast: dict[str, Any], client_of: Callable[..., Any]) -> None:
    customer, client = cast["customer"], client_of(cast["customer"])
    wrong = client.post(
        "/payment-settings/accounts/", {"holder_name": "Foods", "iban": "DE00 1234"}
    )
    assert wrong.status_code == 422
    assert 'value="DE00 1234"' in wrong.content.decode(), "what was typed is kept"
    given = {"holder_name": "Foods", "iban": "DE89 3704 0044 0532 0130 00", "creditor_id": ""}
    assert client.post("/payment-settings/accounts/", given).status_code == 302
    second = {**given, "iban": "DE62370400440532013001"}
    assert client.post("/payment-settings/accounts/", second).status_code == 302
    with company_context(customer):
        main, other = BankAccount.objects.all()
        assert (main.is_main, other.is_main) == (True, False)
    assert client.post(f"/bank-accounts/{other.public_id}/priority/").status_code == 302
    client.post(f"/bank-accounts/{main.public_id}/closing/")
    with company_context(customer):
        assert [row.pk for row in BankAccount.objects.filter(closed_at=None)] == [other.pk]
    with company_context(cast["provider"]):
        assert [row.iban for row in BankAccount.objects.all()] == ["DE62370400440532013001"]
    client.post("/payment-settings/mandates/", {"creditor": cast["provider"].pk})
    with company_context(cast["provider"]):
        mandate = Mandate.objects.get()
    assert (
        mandate.reference in client_of(cast["provider"]).get("/payment-settings/").content.decode()
    )
    stranger = {"creditor": cast["stranger"].pk}
    assert client.post("/payment-settings/mandates/", stranger).status_code == 422
    client.post(f"/mandates/{mandate.public_id}/revocation/")
    with company_context(cast["provider"]):
        assert Mandate.objects.get().state == "revoked"
    theirs = client_of(cast["provider"]).post(f"/mandates/{mandate.public_id}/revocation/")
    assert theirs.status_code == 404


def test_a_viewer_changes_nothing(cast: dict[str, Any], client_of: Callable[..., Any]) -> None:
    client = client_of(cast["provider"], "viewer")
    assert client.get("/payment-settings/").status_code == 200
    for path in ("/payment-settings/accounts/", "/payment-settings/stripe/", "/bank-statements/"):
        assert client.post(path).status_code == 403
    assert client.get("/payouts/").status_code == 403


def upload(client: Any, content: bytes) -> Any:
    return client.post("/bank-statements/", {"file": SimpleUploadedFile("s.xml", content)})


def test_a_statement_is_brought_in_and_the_rest_assigned_by_hand(
    cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    provider, client = cast["provider"], client_of(cast["provider"], "finance")
    with company_context(provider):
        expect(cast["customer"], a=11_900, b=4_000)
    content = statement(
        booking("119.00", text="RE-2026-a", ref="B1"), booking("40.00", text="<b>?</b>", ref="B2")
    )
    assert upload(client, content).status_code == 302
    page = client.get("/bank-entries/?state=unmatched").content.decode()
    assert "1 entry is left to you." in page
    with company_context(provider):
        entry = BankEntry.objects.get(state="unmatched")
    path = f"/bank-entries/{entry.public_id}/"
    page = client.get(path).content.decode()
    assert "&lt;b&gt;" in page
    assert "RE-2026-b" in page
    assert client.post(path + "assignment/", {"reference": "inv_none"}).status_code == 302
    assert client.post(path + "assignment/", {"reference": "inv_b"}).status_code == 302
    with company_context(provider):
        assert Payment.objects.count() == 2
    assert "RE-2026-b" in client.get("/payments/").content.decode()
    assert upload(client, b"<no").status_code == 422
    assert client_of(cast["customer"], "finance").get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/payments/", "/bank-entries/", "/payouts/", "/payment-settings/"]
)
def test_pages_ask_little_and_speak_german(
    cast: dict[str, Any], client_of: Callable[..., Any], person_of: Callable[..., Any], path: str
) -> None:
    with_account(cast["provider"], timezone.now())
    drafted(cast, person_of(cast["provider"], "finance"))
    client = client_of(cast["provider"])
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(path).status_code == 200
    assert len(asked) <= 14, [query["sql"][:90] for query in asked]


def test_stripe_is_connected_by_a_link(
    cast: dict[str, Any], client_of: Callable[..., Any], stripe_fake: Any
) -> None:
    client = client_of(cast["provider"])
    assert client.post("/payment-settings/stripe/").status_code == 302
    page = client.get("/payment-settings/stripe/").content.decode()
    assert f"{stripe_fake.base}/setup/acct_" in page
    assert "Go on" in client.get("/payment-settings/").content.decode()


def test_without_a_provider_the_page_says_so(
    cast: dict[str, Any], client_of: Callable[..., Any], settings: Any
) -> None:
    settings.STRIPE_API_KEY = ""
    answer = client_of(cast["provider"]).post("/payment-settings/stripe/")
    assert answer.status_code == 422
    assert "not set up in this installation" in answer.content.decode()


def test_who_approves_sees_the_account_before(
    cast: dict[str, Any], person_of: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    provider = cast["provider"]
    path = f"/payouts/{drafted(cast, person_of(provider, 'finance')).public_id}/"
    second = client_of(provider, "director")
    assert "DE62" not in second.get(path).content.decode()
    with_account(cast["maker"], timezone.now() - LONG_AGO)
    with CaptureQueriesContext(connection) as queries:
        page = second.get(path).content.decode()
    assert "DE62 3704 0044 0532 0130 01" in page
    assert len(queries) <= 12

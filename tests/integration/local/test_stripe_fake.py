"""The stand-in for Stripe, driven by Stripe's own library."""

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stripe

from portal.local.stripe.encoding import decoded
from portal.local.stripe.server import Fake

SECRET = "whsec_fake"
# Made up; the stand-in wants the form of a test key, and the tests look that it is never written.
KEY = "sk_test_of_this_machine"


class Listener:
    """Takes messages as the portal would; `answers` are the next statuses, then 200."""

    def __init__(self) -> None:
        self.taken: list[stripe.Event] = []
        self.answers: list[int] = []
        listener = self

        class Take(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                event = stripe.Webhook.construct_event(
                    body, self.headers["Stripe-Signature"], SECRET
                )
                status = listener.answers.pop(0) if listener.answers else 200
                if status == 200:
                    listener.taken.append(event)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def wait_for(self, kind: str, count: int = 1, seconds: float = 8) -> list[Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = [event for event in self.taken if event.type == kind]
            if len(found) >= count:
                return found
            time.sleep(0.02)
        raise AssertionError(f"{kind} came {len(found)} times: {[e.type for e in self.taken]}")


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def fake(tmp_path: Path, listener: Listener) -> Iterator[Fake]:
    made = Fake(
        ("127.0.0.1", 0), endpoints=[(listener.url, SECRET)], path=tmp_path / "stripe.json"
    ).start()
    yield made
    made.stop()


@pytest.fixture
def api(fake: Fake) -> Any:
    return client_of(fake).v1


def client_of(fake: Fake, key: str = KEY) -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": fake.base}, max_network_retries=0)


def session(api: Any, **more: Any) -> Any:
    line = {"quantity": 2, "price_data": {"currency": "eur", "unit_amount": 550,
                                          "product_data": {"name": "Invoice RE-1"}}}  # fmt: skip
    return api.checkout.sessions.create(
        {"mode": "payment", "line_items": [line], "success_url": "http://portal.example/done",
         "payment_method_types": ["card", "sepa_debit"], "metadata": {"company": "7"},
         "payment_intent_data": {"metadata": {"company": "8"}}, **more}
    )  # fmt: skip


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


OPENER = urllib.request.build_opener(NoRedirect)


def fill_in(url: str, **fields: str) -> tuple[int, str]:
    """What a person does on a page: status and the text or the address it leads to."""
    body = urllib.parse.urlencode(fields).encode() if fields else None
    try:
        with OPENER.open(url, body) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Location") or error.read().decode()


def put_forward(api: Any, seconds: int) -> None:
    clock = api.test_helpers.test_clocks.create({"frozen_time": int(time.time())})
    to = clock.frozen_time + seconds
    api.test_helpers.test_clocks.advance(clock.id, {"frozen_time": to})


def test_a_card_pays_on_the_page(api: Any, listener: Listener) -> None:
    made = session(api)
    assert (made.amount_total, made.status, made.payment_status) == (1100, "open", "unpaid")
    page = fill_in(made.url)[1]
    assert "Invoice RE-1" in page
    assert "11.00 EUR" in page
    assert fill_in(made.url, card="4242 4242 4242 4242") == (303, "http://portal.example/done")
    done = api.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent.latest_charge"]})
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert done.payment_intent.latest_charge.amount == 1100
    told = listener.wait_for("payment_intent.succeeded")[0].data.object
    assert (told.metadata["company"], told.amount_received) == ("8", 1100)
    assert listener.wait_for("checkout.session.completed")[0].data.object.metadata["company"] == "7"
    assert fill_in(made.url)[0] == 410


def test_a_declined_card_is_said_and_tried_again(api: Any, listener: Listener) -> None:
    made = session(api)
    status, page = fill_in(made.url, card="4000000000000002")
    assert status == 402
    assert "Your card was declined." in page
    failed = listener.wait_for("payment_intent.payment_failed")[0].data.object
    assert fill_in(made.url, card="4242424242424242")[0] == 303
    assert listener.wait_for("payment_intent.succeeded")[0].data.object.id == failed.id


def test_a_bank_that_asks(api: Any, listener: Listener) -> None:
    made = session(api)
    status, page = fill_in(made.url, card="4000002500003155")
    assert status == 200
    assert "Your bank asks" in page
    assert fill_in(made.url, card="4000002500003155", asked="no")[0] == 402
    assert fill_in(made.url, card="4000002500003155", asked="yes")[0] == 303
    listener.wait_for("payment_intent.succeeded")


def test_a_direct_debit_takes_its_time(api: Any, listener: Listener) -> None:
    made = session(api)
    assert fill_in(made.url, iban="DE89 3704 0044 0532 0130 00")[0] == 303
    assert api.checkout.sessions.retrieve(made.id).payment_status == "unpaid"
    listener.wait_for("payment_intent.processing")
    put_forward(api, 60)
    assert api.checkout.sessions.retrieve(made.id).payment_status == "paid"
    listener.wait_for("checkout.session.async_payment_succeeded")


def test_a_direct_debit_comes_back(api: Any, listener: Listener) -> None:
    fill_in(session(api).url, iban="DE62370400440532013001")
    fill_in(session(api).url, iban="DE35370400440532013002")
    put_forward(api, 60)
    listener.wait_for("payment_intent.payment_failed")
    assert listener.wait_for("charge.dispute.closed")[0].data.object.status == "lost"


def test_a_page_expires(api: Any, listener: Listener) -> None:
    made = session(api)
    put_forward(api, 25 * 3600)
    assert api.checkout.sessions.retrieve(made.id).status == "expired"
    listener.wait_for("checkout.session.expired")


def test_only_an_open_page_can_be_expired(api: Any, listener: Listener) -> None:
    made, paid = session(api), session(api)
    assert api.checkout.sessions.expire(made.id).status == "expired"
    listener.wait_for("checkout.session.expired")
    assert fill_in(made.url, card="4242424242424242")[0] != 303, "it takes no money any more"
    fill_in(paid.url, card="4242424242424242")
    for one, status in ((made, "expired"), (paid, "complete")):
        with pytest.raises(stripe.InvalidRequestError, match=f"has a status of `{status}`"):
            api.checkout.sessions.expire(one.id)


def test_a_mandate_is_saved_and_collected_later(api: Any) -> None:
    customer = api.customers.create({"name": "Customer Foods GmbH"})
    made = api.checkout.sessions.create(
        {"mode": "setup", "customer": customer.id, "payment_method_types": ["sepa_debit"],
         "success_url": "http://portal.example/", "currency": "eur"}
    )  # fmt: skip
    fill_in(made.url, iban="DE89370400440532013000")
    done = api.checkout.sessions.retrieve(made.id, {"expand": ["setup_intent"]})
    assert api.mandates.retrieve(done.setup_intent.mandate).status == "active"
    intent = api.payment_intents.create(
        {"amount": 900, "currency": "eur", "customer": customer.id, "confirm": True,
         "off_session": True, "payment_method": done.setup_intent.payment_method,
         "payment_method_types": ["sepa_debit"]}
    )  # fmt: skip
    assert intent.status == "processing"
    put_forward(api, 60)
    assert api.payment_intents.retrieve(intent.id).status == "succeeded"


def test_the_same_key_gets_the_same_answer(api: Any) -> None:
    asked = {"amount": 500, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    first = api.payment_intents.create(asked, {"idempotency_key": "once"})
    assert api.payment_intents.create(asked, {"idempotency_key": "once"}).id == first.id
    with pytest.raises(stripe.IdempotencyError):
        api.payment_intents.create({**asked, "amount": 501}, {"idempotency_key": "once"})
    assert len(api.payment_intents.list().data) == 1


def test_refusals_have_stripes_shape(api: Any, fake: Fake) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent") as absent:
        api.payment_intents.retrieve("pi_none")
    assert (absent.value.http_status, absent.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.CardError) as declined:
        api.payment_intents.create(
            {"amount": 5, "currency": "eur", "confirm": True,
             "payment_method": "pm_card_visa_chargeDeclined"}
        )  # fmt: skip
    assert declined.value.code == "card_declined"
    with pytest.raises(stripe.AuthenticationError):
        client_of(fake, "wrong").v1.customers.list()
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        api.coupons.list()
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: currency"):
        api.payment_intents.create({"amount": 5})


def test_lists_have_pages(api: Any) -> None:
    names = [f"c{number}" for number in range(25)]
    for name in names:
        api.customers.create({"name": name})
    page = api.customers.list({"limit": 10})
    assert [one.name for one in page.data] == names[:-11:-1]
    assert page.has_more
    assert [one.name for one in page.auto_paging_iter()] == names[::-1]
    assert not api.customers.list({"limit": 100}).has_more


def test_refunds_end_at_the_amount(api: Any, listener: Listener) -> None:
    intent = api.payment_intents.create(
        {"amount": 1000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    )
    api.refunds.create({"payment_intent": intent.id, "amount": 400})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        api.refunds.create({"payment_intent": intent.id, "amount": 601})
    api.refunds.create({"charge": intent.latest_charge})
    amounts = [event.data.object.amount for event in listener.wait_for("refund.created", 2)]
    assert amounts == [400, 600]


def test_money_reaches_a_connected_account_and_comes_back(api: Any, fake: Fake) -> None:
    account = api.accounts.create(
        {"type": "express", "country": "DE", "metadata": {"company": "7"}}
    )
    asked = {"amount": 700, "currency": "eur", "destination": account.id}
    with pytest.raises(stripe.InvalidRequestError, match="capability"):
        api.transfers.create(asked)
    link = api.account_links.create(
        {"account": account.id, "type": "account_onboarding", "return_url": "http://p.example/back",
         "refresh_url": "http://p.example/again"}
    )  # fmt: skip
    assert fill_in(link.url, ok="1") == (303, "http://p.example/back")
    with pytest.raises(stripe.InvalidRequestError, match="insufficient available funds"):
        api.transfers.create(asked)
    api.payment_intents.create(
        {"amount": 1000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    )
    moved = api.transfers.create(asked)
    assert api.balance.retrieve().available[0].amount == 300
    own = client_of(fake).v1.balance.retrieve({}, {"stripe_account": account.id})
    assert own.available[0].amount == 700
    api.transfers.reversals.create(moved.id, {"amount": 200})
    assert api.transfers.retrieve(moved.id).amount_reversed == 200
    assert api.balance.retrieve().available[0].amount == 500


def test_messages_come_doubled_late_and_after_failures(
    api: Any, fake: Fake, listener: Listener
) -> None:
    fake.delivery.copies, fake.delivery.late = 3, 0.3
    api.customers.create({"name": "c"})
    same = {event.id for event in listener.wait_for("customer.created", 3)}
    assert len(same) == 1
    fake.delivery.copies, fake.delivery.late = 1, 0
    listener.answers = [503]
    api.products.create({"name": "p"})
    api.customers.create({"name": "d"})
    assert len({event.id for event in listener.wait_for("customer.created", 4)}) == 2


def test_it_remembers_after_a_restart(
    api: Any, fake: Fake, listener: Listener, tmp_path: Path
) -> None:
    customer = api.customers.create({"name": "c"}, {"idempotency_key": "k"})
    again = Fake(("127.0.0.1", 0), path=tmp_path / "stripe.json").start()
    try:
        second = client_of(again).v1
        assert second.customers.retrieve(customer.id).name == "c"
        assert second.customers.create({"name": "c"}, {"idempotency_key": "k"}).id == customer.id
    finally:
        again.stop()


def test_no_key_and_no_secret_is_kept_or_logged(
    api: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    session(api)
    out = capfd.readouterr()
    kept = (tmp_path / "stripe.json").read_text()
    for text in (out.out, out.err, kept):
        assert KEY not in text
        assert SECRET not in text
    assert json.loads(kept)["things"]


@pytest.mark.parametrize(
    ("text", "values"),
    [("a=1&b[c]=2", {"a": "1", "b": {"c": "2"}}), ("a[0][x]=1&a[1][x]=2", {"a": [{"x": "1"}, {"x": "2"}]}),
     ("expand[]=a&expand[]=b", {"expand": ["a", "b"]}), ("a=&b=%C3%A4", {"a": "", "b": "ä"}), ("", {})],
)  # fmt: skip
def test_the_form_encoding(text: str, values: dict[str, Any]) -> None:
    assert decoded(text) == values

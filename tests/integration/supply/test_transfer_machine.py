"""After any sequence of offer, withdrawal, answer and payment an asset has exactly one owner at any
instant, without gap or overlap, and it is who a plain list says."""

from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.assets.models import Asset
from apps.billing.models import Invoice, Receivable
from apps.supply.models import AssetTransfer
from apps.supply.operations import accept_transfer, refuse_transfer, withdraw_transfer
from apps.tenancy.context import company_context
from tests.integration.supply.scene import (
    NOW,
    REGISTERED,
    invoiced,
    make_press,
    offered,
    owners,
    pay,
    sale,
    terms,
    work,
)

TRADERS = ("maker", "provider", "financier")
companies = st.sampled_from(TRADERS)
# None: the company whose turn it is, which makes long lives likely.
anybody = st.sampled_from([None, None, None, *TRADERS])


class Transfers(RuleBasedStateMachine):
    """One press, three companies that all know each other."""

    cast: dict[str, Any]

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        self.stack.enter_context(transaction.atomic())
        self.stack.callback(transaction.set_rollback, True)
        self.now: datetime = NOW
        self.press: Asset = make_press(self.cast)
        # Who owns it since when, and the transfer that is open.
        self.owned = [("maker", REGISTERED)]
        self.open: AssetTransfer | None = None
        self.agreed = False

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    def later(self) -> None:
        self.now += timedelta(hours=1)

    def work(self) -> None:
        work(self.cast, self.now)

    @property
    def owner(self) -> str:
        return self.owned[-1][0]

    @rule(who=anybody, to=companies, price=st.sampled_from([None, 700]), paid=st.booleans())
    def offer(self, who: str | None, to: str, price: int | None, paid: bool) -> None:
        self.later()
        who = who or self.owner
        on = "payment" if paid and price else "acceptance"
        said = {"title_on": on, "note": str(self.now), "price_minor": price}
        what = (sale if price else terms)(self.cast[to], **said)
        fits = who == self.owner and to != who and self.open is None
        try:
            with transaction.atomic():
                made = offered(self.cast[who], self.press, what, self.now)
        except (ValidationError, Asset.DoesNotExist):
            assert not fits
            return
        assert fits
        self.open, self.agreed = made, False

    @precondition(lambda self: self.open is not None)
    @rule(who=anybody)
    def withdraw(self, who: str | None) -> None:
        assert self.open is not None
        self.later()
        who = who or self.owner
        fits = who == self.owner and not self.agreed
        try:
            with company_context(self.cast[who]), transaction.atomic():
                withdraw_transfer(transfer_id=self.open.pk, now=self.now, actor="x")
        except (ValidationError, AssetTransfer.DoesNotExist):
            assert not fits
            return
        assert fits
        self.open = None

    @precondition(lambda self: self.open is not None)
    @rule(who=anybody, yes=st.sampled_from([True, True, False]))
    def answer(self, who: str | None, yes: bool) -> None:
        assert self.open is not None
        self.later()
        who = who or self.open.buyer.slug
        fits = self.open.buyer == self.cast[who] and not self.agreed
        try:
            with company_context(self.cast[who]), transaction.atomic():
                if yes:
                    accept_transfer(transfer_id=self.open.pk, now=self.now, actor="x")
                else:
                    refuse_transfer(transfer_id=self.open.pk, reason="No", now=self.now, actor="x")
        except (ValidationError, AssetTransfer.DoesNotExist):
            assert not fits
            return
        self._noted(who, yes, fits)

    def _noted(self, who: str, yes: bool, fits: bool) -> None:
        assert self.open is not None
        if not fits:  # the same answer again
            assert yes
            assert self.agreed
        elif not yes:
            self.work()
            self.open = None
        elif self.open.title_on == "acceptance":
            self.owned.append((who, self.now))
            self.work()
            self.open = None
        else:
            self.agreed = True

    @precondition(lambda self: self.open is not None and self.agreed)
    @rule(whole=st.booleans())
    def bill_and_pay(self, whole: bool) -> None:
        assert self.open is not None
        self.later()
        self.work()
        seller = self.open.author
        with company_context(seller):
            billed = Invoice.objects.filter(contract__sale=self.open.pk).exists()
        if not billed:
            self.now = max(self.now, datetime(2026, 11, 2, 9, tzinfo=NOW.tzinfo))
            invoiced(seller, self.now)
        with company_context(seller):
            rows = Receivable.objects.select_related("invoice")
            owed = rows.filter(invoice__contract__sale=self.open.pk).first()
        if owed is None:
            return  # sold in a later month: its run is not due
        part = owed.open_minor if whole or owed.open_minor < 2 else 1
        self.later()
        pay(seller, owed.invoice, part, self.now)
        if part == owed.open_minor:
            self.owned.append((self.open.buyer.slug, self.now))
            self.open = None

    @invariant()
    def one_owner_at_any_instant(self) -> None:
        if not hasattr(self, "press"):
            return
        self.work()
        spans = owners(self.cast, self.press)
        ends = [since for _who, since in self.owned[1:]]
        assert spans == [
            (who, since, until)
            for (who, since), until in zip(self.owned, [*ends, None], strict=True)
        ]
        with company_context(self.cast["provider"]):
            assert Asset.objects.get(pk=self.press.pk).owner == self.cast[self.owner]


def run(cast: dict[str, Any], examples: int, steps: int) -> None:
    machine = type("TransfersHere", (Transfers,), {"cast": cast})
    run_state_machine_as_test(machine, settings=settings(
        max_examples=examples, stateful_step_count=steps, deadline=None,
        suppress_health_check=list(HealthCheck),
    ))  # fmt: skip


def test_some_lives(cast: dict[str, Any]) -> None:
    run(cast, 5, 10)


@pytest.mark.long
def test_many_lives(cast: dict[str, Any]) -> None:
    run(cast, 200, 30)

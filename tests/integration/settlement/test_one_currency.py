"""Two currencies never meet in the ledger: the database refuses what no code would write."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.settlement.models import Account, Transfer
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import issue_all
from tests.integration.billing.scene import NOW
from tests.integration.settlement.scene import agree, percent_of, work


@pytest.mark.parametrize("currency", ["EUR", "USD", "CHF"])
def test_a_transfer_has_the_currency_of_both_accounts(
    billed: Any, provider: Any, cast: dict[str, Any], currency: str
) -> None:
    financier = cast["financier"]
    agree(billed, percent_of(financier, "30"))
    issue_all(provider)
    work(provider)
    with company_context(provider):
        euros = Account.objects.get(partner=financier, purpose="owed")
        dollars = Account.objects.create(
            author=provider, parties=euros.parties, partner=financier, partner_name="F",
            owner_name="P", purpose="payable", currency="USD",
        )  # fmt: skip
        before = Transfer.objects.count()
        with pytest.raises(IntegrityError, match="_currency"), transaction.atomic():
            Transfer.objects.create(
                author=provider, parties=euros.parties, debit=euros, credit=dollars,
                amount_minor=1, currency=currency, cause="payment", cause_id=euros.pk, at=NOW,
            )  # fmt: skip
            connection.cursor().execute("set constraints all immediate")
        assert Transfer.objects.count() == before

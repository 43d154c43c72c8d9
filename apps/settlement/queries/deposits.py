"""Deposits of contracts, as provider and customer see them."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Case, F, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from apps.billing.models import Receivable
from apps.common.fields import MinorField
from apps.contracts.models import Contract
from apps.settlement.domain.deposits import DepositStanding, Step, standing_of
from apps.settlement.models import DepositStep


def contracts_with_deposit() -> QuerySet[Contract]:
    """Contracts of both sides that agree one, drafts left out."""
    rows: QuerySet[Contract] = Contract.objects.filter(deposit_minor__isnull=False)
    return rows.exclude(state=Contract.State.DRAFT)


def with_held(rows: QuerySet[Contract]) -> QuerySet[Contract]:
    """Each with `held_minor`, as `DepositStanding.held` has it."""
    step, amount = "deposit_steps__step", F("deposit_steps__amount_minor")
    signed = Case(
        When(**{step: Step.RECEIVED}, then=amount),
        When(**{f"{step}__in": [Step.RETURNED, Step.DRAWN]}, then=-amount),
        default=Value(0),
        output_field=MinorField(),
    )
    return rows.annotate(held_minor=Coalesce(Sum(signed), Value(0)))


def deposit_standings(contracts: Iterable[Contract]) -> dict[UUID, DepositStanding]:
    """By contract where its deposit stands. One query."""
    agreed = {row.pk: row.deposit_minor or 0 for row in contracts}
    steps: dict[UUID, list[tuple[str, int]]] = {key: [] for key in agreed}
    rows = DepositStep.objects.filter(contract__in=list(agreed)).order_by()
    for key, step, minor in rows.values_list("contract", "step", "amount_minor"):
        steps[key].append((step, minor))
    return {key: standing_of(agreed[key], found) for key, found in steps.items()}


def open_documents(contract: Contract) -> QuerySet[Receivable]:
    """Of this contract, what a deposit may be drawn for; the oldest first."""
    rows: QuerySet[Receivable] = Receivable.objects.filter(
        invoice__contract=contract, currency=contract.currency, open_minor__gt=0
    )
    return rows.select_related("invoice").order_by("due_on", "id")

"""Ends as they take effect, in the provider's company: grants and metering end with them.

Who may end a contract is decided before: by notice or both signatures (`notice`), or because a
party left the network (`leaving`).
"""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.assets.models import Asset
from apps.assets.operations import end_grants
from apps.common.period import local_date, midnight
from apps.contracts.events import ContractEndSet
from apps.contracts.models import Contract, ContractItem
from apps.contracts.operations.common import both, locked
from apps.contracts.operations.covers import withdraw_cover
from apps.contracts.operations.plans import withdraw_proposal
from apps.contracts.queries.covers import open_change
from apps.contracts.queries.plans import open_proposal
from apps.contracts.queries.spans import is_covered_on
from apps.events.operations import publish, record
from apps.tenancy.context import current_company


@transaction.atomic
def end_contract(
    *, contract: Contract, ends_on: date, now: datetime, actor: Any = None,
    decided_at: datetime | None = None,
) -> Contract:  # fmt: skip
    """Let a contract in force end before `ends_on` (exclusive), at the earliest on the day this was
    decided: today, where nothing else is said.

    The same day again changes nothing. Raises ValidationError on `ends_on`.
    """
    contract = locked(contract.pk)
    if contract.ends_on == ends_on:
        return contract
    if contract.state != Contract.State.ACTIVE:
        raise ValidationError({"ends_on": [_("Only a contract in force can be ended.")]})
    today = local_date(decided_at or now, contract.time_zone)
    if ends_on < today or ends_on <= contract.starts_on:
        raise ValidationError({"ends_on": [_("Choose today or a later day after the start.")]})
    if contract.ends_on is not None and ends_on > contract.ends_on:
        raise ValidationError({"ends_on": [_("The contract ends before that day already.")]})
    contract.ends_on = ends_on
    contract.save(update_fields=["ends_on"])
    _take_back_later(contract, now, actor)
    record(
        action="contract_end_set", subject=contract.public_id, now=now, actor=actor,
        also=[contract.customer_id], details={"ends_on": ends_on.isoformat()},
    )  # fmt: skip
    _tell(contract, now)
    return contract


@transaction.atomic
def cancel_unbegun(*, contract: Contract, now: datetime, actor: Any = None) -> Contract:
    """End a contract in force before its first day: it covers none, and nothing is billed or read.

    Twice is once. Raises ValidationError once it has begun.
    """
    contract = locked(contract.pk)
    if contract.state != Contract.State.ACTIVE:
        return contract
    if contract.starts_on < local_date(now, contract.time_zone):
        raise ValidationError(_("This contract has begun; set an end."))
    contract.ends_on, contract.state = contract.starts_on, Contract.State.ENDED
    contract.save(update_fields=["ends_on", "state"])
    _take_back_later(contract, now, actor)
    record(
        action="contract_cancelled", subject=contract.public_id, now=now, actor=actor,
        also=[contract.customer_id],
    )  # fmt: skip
    _tell(contract, now)
    return contract


def _take_back_later(contract: Contract, now: datetime, actor: Any) -> None:
    """Proposals that would begin when the contract is over are taken back."""
    change, proposal = open_change(contract), open_proposal(contract)
    if change is not None and not is_covered_on(contract, change.valid_from):
        withdraw_cover(contract=contract, now=now, actor=actor)
    if proposal is not None and not is_covered_on(contract, proposal.valid_from):
        withdraw_proposal(contract=contract, now=now, actor=actor)


def _tell(contract: Contract, now: datetime) -> None:
    items = ContractItem.objects.filter(contract=contract).values("asset")
    collectors = Asset.objects.filter(pk__in=items).values_list("author", flat=True)
    event = ContractEndSet(contract.pk)
    assert contract.ends_on is not None
    until = midnight(contract.ends_on, contract.time_zone)
    payload = {**event.payload, "ends_at": until.isoformat()}
    publish(name=event.name, payload=payload, now=now, to={*both(contract), *collectors})
    end_grants(contract_id=contract.pk, now=now, valid_until=until)


def close_ended(*, now: datetime) -> int:
    """Mark own contracts whose last day is over as ended. Returns how many."""
    running = Contract.objects.written_by(current_company()).filter(
        state=Contract.State.ACTIVE, ends_on__isnull=False
    )
    over = [
        contract.pk
        for contract in running
        if contract.ends_on is not None and midnight(contract.ends_on, contract.time_zone) <= now
    ]
    for key in over:
        _close(key, now)
    return len(over)


@transaction.atomic
def _close(key: Any, now: datetime) -> None:
    contract = locked(key)
    if contract.state == Contract.State.ACTIVE:
        contract.state = Contract.State.ENDED
        contract.save(update_fields=["state"])
        record(
            action="contract_ended", subject=contract.public_id, now=now,
            also=[contract.customer_id],
        )  # fmt: skip

"""Assets added to and withdrawn from a contract in force: proposed, signed by the customer, adopted."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.common.canonical import exact
from apps.common.period import local_date
from apps.contracts.domain.facts import ContractFacts, ItemFacts
from apps.contracts.events import CoverAccepted, CoverChanged, CoverProposed
from apps.contracts.models import Contract, ContractItem, CoverChange, PlanVersion, Signature
from apps.contracts.operations.common import both, locked
from apps.contracts.operations.credit import must_have_credit
from apps.contracts.operations.grants import ask_for_data
from apps.contracts.operations.groups import name_groups
from apps.contracts.operations.judging import judged_items
from apps.contracts.operations.signing import OfferChanged
from apps.contracts.queries.content import written_item
from apps.contracts.queries.covers import can_be_accepted, change_content, covered_on, open_change
from apps.contracts.queries.spans import is_covered_on
from apps.events.operations import publish, record
from apps.pricing.plan import PricePlan
from apps.tenancy.context import current_company

STATE = CoverChange.State
_STORED = (
    "asset_label", "meter", "channel_code", "unit", "follows_host", "measure", "counting",
    "group_of", "meter_terms",
)  # fmt: skip


@transaction.atomic
def propose_cover(
    *, contract: Contract, added: Sequence[ItemFacts], withdrawn: Collection[UUID],
    valid_from: date, now: datetime, actor: Any, by_finance: bool = False,
) -> CoverChange:  # fmt: skip
    """Sign a change of what a contract in force covers and show it to the customer.

    An open proposal is withdrawn by it; the same one again is that one. Raises ValidationError on
    `valid_from` and `items`; on `customer` where something is added above its credit limit, unless
    `by_finance`.
    """
    contract = locked(contract.pk)
    _judge_day(contract, valid_from, now)
    keys = _withdrawable(contract, withdrawn, valid_from)
    rows = _judged(contract, added, valid_from)
    if not rows and not keys:
        raise ValidationError({"items": [_("Choose what is added or withdrawn.")]})
    written = [_written(row) for row in rows]
    content = change_content(contract, valid_from, written, keys)
    before = open_change(contract)
    if before is not None and before.content_sha256 == content:
        return before
    if rows:
        must_have_credit(contract.customer_id, contract.currency, by_finance)
    if before is not None:
        _close(before, STATE.WITHDRAWN)
    change: CoverChange = CoverChange.objects.create(
        author_id=contract.author_id, parties=both(contract), contract=contract,
        valid_from=valid_from, added=written, withdrawn=keys, content_sha256=content, made_at=now,
    )  # fmt: skip
    _sign(contract, content, now, actor)
    _note("cover_proposed", change, now, actor)
    event = CoverProposed(contract.pk)
    publish(name=event.name, payload=event.payload, now=now, to=[contract.customer_id])
    return change


@transaction.atomic
def withdraw_cover(*, contract: Contract, now: datetime, actor: Any) -> None:
    """Take the open proposal back. Without one nothing happens."""
    contract = locked(contract.pk)
    change = open_change(contract)
    if change is not None:
        _close(change, STATE.WITHDRAWN)
        _note("cover_withdrawn", change, now, actor)


@transaction.atomic
def accept_cover(*, contract_id: UUID, content: str, now: datetime, actor: Any) -> Signature:
    """In the customer's company: sign the change its page showed. Twice is once.

    Raises Contract.DoesNotExist, OfferChanged, ValidationError.
    """
    company = current_company()
    contract = Contract.objects.select_related("author").get(pk=contract_id, customer=company)
    earlier = Signature.objects.filter(author=company, contract=contract, content_sha256=content)
    change = open_change(contract)
    found: Signature | None = earlier.first()
    if found is not None:
        _say_again(contract, change, found, now, actor)
        return found
    if change is None or change.content_sha256 != content:
        raise OfferChanged(_("The offer changed since you opened the page. Look at it again."))
    if not is_covered_on(contract, change.valid_from):
        raise ValidationError(_("The contract ends before that day."))
    if not can_be_accepted(contract, change, now):
        day = date_format(change.valid_from, "DATE_FORMAT")
        raise ValidationError(_("This could be accepted before %(day)s.") % {"day": day})
    signature = _sign(contract, content, now, actor)
    _note("cover_accepted", change, now, actor)
    _tell_accepted(contract, now)
    return signature


def _say_again(
    contract: Contract, change: CoverChange | None, found: Signature, now: datetime, actor: Any
) -> None:
    """A change taken back and made again unchanged keeps its signature; the yes is told again."""
    if change is None or change.content_sha256 != found.content_sha256:
        return
    if can_be_accepted(contract, change, now):
        if found.signed_at < change.made_at:
            _note("cover_accepted", change, now, actor)
        _tell_accepted(contract, now)


def _tell_accepted(contract: Contract, now: datetime) -> None:
    event = CoverAccepted(contract.pk)
    publish(name=event.name, payload=event.payload, now=now, to=[contract.author_id])


@transaction.atomic
def adopt_cover(*, contract_id: UUID, now: datetime) -> bool:
    """In the provider's company: cover what both have signed. False when there is none.

    The customer's signature decides, not the moment of this job: it was in time.
    """
    contract = locked(contract_id)
    change = open_change(contract)
    if change is None or contract.state != Contract.State.ACTIVE:
        return False
    signed = Signature.objects.filter(contract=contract, content_sha256=change.content_sha256)
    if not set(both(contract)) <= set(signed.values_list("author", flat=True)):
        return False
    if not is_covered_on(contract, change.valid_from):
        withdraw_cover(contract=contract, now=now, actor=None)
        return False
    _close(change, STATE.ACCEPTED)
    rows = [_row(change, written) for written in change.added]
    name_groups(rows, contract.pk)
    ContractItem.objects.bulk_create(rows, batch_size=500)
    gone = ContractItem.objects.filter(contract=contract, pk__in=change.withdrawn)
    gone.update(withdrawn_on=change.valid_from)
    ask_for_data(contract, now)
    _note("cover_changed", change, now, None)
    event = CoverChanged(contract.pk)
    publish(name=event.name, payload=event.payload, now=now, to=[contract.author_id])
    return True


def _judge_day(contract: Contract, valid_from: date, now: datetime) -> None:
    """Raises ValidationError on `valid_from`."""
    words = ""
    if contract.state != Contract.State.ACTIVE:
        words = _("Only of a contract in force assets come and go.")
    elif valid_from <= max(local_date(now, contract.time_zone), contract.starts_on):
        words = _("It begins after today, so that the customer can accept it before.")
    elif contract.ends_on is not None and valid_from >= contract.ends_on:
        words = _("The contract ends before that day.")
    if words:
        raise ValidationError({"valid_from": [words]})


def _withdrawable(contract: Contract, withdrawn: Collection[UUID], valid_from: date) -> list[str]:
    standing = {item.pk for item in covered_on(contract, valid_from) if not item.withdrawn_on}
    if not set(withdrawn) <= standing:
        raise ValidationError({"items": [_("Only what is covered on that day is withdrawn.")]})
    return sorted(str(key) for key in withdrawn)


def _judged(contract: Contract, added: Sequence[ItemFacts], valid_from: date) -> list[ContractItem]:
    """Unsaved rows; each channel once for the contract's whole life. Raises ValidationError."""
    version = PlanVersion.objects.filter(contract=contract, valid_from__lte=valid_from)
    latest = version.order_by("-valid_from", "-number").first()
    if not added or latest is None:
        return []
    before = list(ContractItem.objects.filter(contract=contract))
    known = {(item.asset_id, item.meter, item.channel_code) for item in before}
    if any((item.asset_id, item.meter, item.channel_code) in known for item in added):
        raise ValidationError({"items": [_("This contract covers that channel already, or did.")]})
    facts = ContractFacts(contract.customer_id, contract.title, valid_from, contract.ends_on)
    dated = [replace(item, starts_on=valid_from) for item in added]
    plan = PricePlan.from_dict(latest.plan)
    return judged_items(facts, dated, plan, are_all=False)


def _written(row: ContractItem) -> dict[str, Any]:
    """A row as both sign it, with what else is needed to write it."""
    stored = {name: getattr(row, name) for name in _STORED}
    written = exact({**written_item(row), "row": stored})
    assert isinstance(written, dict)
    return written


def _row(change: CoverChange, written: dict[str, Any]) -> ContractItem:
    return ContractItem(
        author_id=change.author_id, parties=change.parties, contract_id=change.contract_id,
        added_by=change, asset_id=UUID(written["asset"]), starts_on=change.valid_from,
        **written["row"],
    )  # fmt: skip


def _sign(contract: Contract, content: str, now: datetime, actor: Any) -> Signature:
    signature, _made = Signature.objects.get_or_create(
        author=current_company(), contract=contract, content_sha256=content,
        defaults={"parties": both(contract), "signed_by": str(actor)[:200], "signed_at": now},
    )  # fmt: skip
    return signature


def _close(change: CoverChange, state: CoverChange.State) -> None:
    change.state = state
    change.save(update_fields=["state"])


def _note(action: str, change: CoverChange, now: datetime, actor: Any) -> None:
    contract = change.contract
    other = [key for key in both(contract) if key != current_company().pk]
    record(
        action=action, subject=contract.public_id, now=now, actor=actor, also=other,
        details={"valid_from": change.valid_from.isoformat(), "content": change.content_sha256},
    )  # fmt: skip

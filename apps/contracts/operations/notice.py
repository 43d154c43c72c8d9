"""How a contract in force is ended: by notice as both signed it, or by an end that both sign."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.common.fields import uuid7
from apps.common.period import local_date
from apps.contracts.events import EndAccepted, EndProposed, NoticeGiven
from apps.contracts.models import Contract, EndNotice, Signature
from apps.contracts.operations.common import both, locked
from apps.contracts.operations.ending import end_contract
from apps.contracts.operations.signing import OfferChanged
from apps.contracts.queries.ends import (
    can_be_signed,
    earliest_end,
    end_content,
    ends_of,
    may_be_given_notice,
    signed_ends,
)
from apps.events.operations import publish, record
from apps.tenancy.context import current_company

KIND = EndNotice.Kind


@transaction.atomic
def give_notice(
    *, contract_id: UUID, ends_on: date, now: datetime, actor: Any, reason: str = ""
) -> EndNotice:
    """In either company: end the contract before `ends_on`, as its notice terms allow. Twice is once.

    Raises Contract.DoesNotExist, ValidationError on `ends_on`.
    """
    contract = _of_party(contract_id)
    given = EndNotice.objects.filter(contract=contract, author=current_company(), kind=KIND.NOTICE)
    found: EndNotice | None = given.filter(ends_on=ends_on).first()
    if found is not None:
        return found
    _must_be_in_force(contract)
    today = local_date(now, contract.time_zone)
    if not may_be_given_notice(contract, ends_on, today):
        raise ValidationError({"ends_on": [_why_not(contract, ends_on, today)]})
    row = _written(contract, KIND.NOTICE, ends_on, reason, now, actor)
    _note("notice_given", row, now, actor)
    if contract.author_id == current_company().pk:
        end_contract(contract=contract, ends_on=ends_on, now=now, actor=actor)
    else:
        event = NoticeGiven(contract.pk)
        publish(name=event.name, payload=event.payload, now=now, to=[contract.author_id])
    return row


@transaction.atomic
def propose_end(
    *, contract_id: UUID, ends_on: date, now: datetime, actor: Any, reason: str = ""
) -> EndNotice:
    """In either company: sign another end and show it to the other side, which has to sign it, too.

    An open proposal of the company's own is withdrawn by it; the same day again is that one. Raises
    Contract.DoesNotExist, ValidationError on `ends_on`.
    """
    contract = _of_party(contract_id)
    _must_be_in_force(contract)
    today = local_date(now, contract.time_zone)
    if ends_on < today or ends_on <= contract.starts_on:
        raise ValidationError({"ends_on": [_("Choose today or a later day after the start.")]})
    if contract.ends_on is not None and ends_on >= contract.ends_on:
        raise ValidationError({"ends_on": [_("The contract ends before that day already.")]})
    before = _own_proposal(contract)
    if before is not None and before.ends_on == ends_on:
        return before
    if before is not None:
        _withdraw(before)
    row = _written(contract, KIND.PROPOSAL, ends_on, reason, now, actor)
    _sign(contract, row.content_sha256, now, actor)
    _note("end_proposed", row, now, actor)
    event = EndProposed(contract.pk)
    publish(name=event.name, payload=event.payload, now=now, to=_other(contract))
    return row


@transaction.atomic
def withdraw_end(*, contract_id: UUID, now: datetime, actor: Any) -> None:
    """Take the company's own proposed end back. Without one nothing happens.

    Raises Contract.DoesNotExist, ValidationError where the other side has signed it already.
    """
    contract = _of_party(contract_id)
    row = _own_proposal(contract)
    if row is None:
        return
    if signed_ends(contract, [row]):
        raise ValidationError(_("The other side has signed this end already."))
    _withdraw(row)
    _note("end_withdrawn", row, now, actor)


@transaction.atomic
def accept_end(*, contract_id: UUID, content: str, now: datetime, actor: Any) -> Signature:
    """In the other company: sign the end its page showed. Twice is once.

    Raises Contract.DoesNotExist, OfferChanged, ValidationError.
    """
    contract, company = _of_party(contract_id), current_company()
    earlier = Signature.objects.filter(author=company, contract=contract, content_sha256=content)
    found: Signature | None = earlier.first()
    row = next((row for row in ends_of(contract) if row.content_sha256 == content), None)
    if found is not None:
        return found
    if row is None or row.author_id == company.pk or row.kind != KIND.PROPOSAL:
        raise OfferChanged(_("The offer changed since you opened the page. Look at it again."))
    if not can_be_signed(contract, row, now):
        raise ValidationError(_("This end cannot be agreed any more. Propose another day."))
    signature = _sign(contract, content, now, actor)
    _note("end_accepted", row, now, actor)
    if contract.author_id == company.pk:
        end_contract(contract=contract, ends_on=row.ends_on, now=now, actor=actor)
    event = EndAccepted(contract.pk)
    publish(name=event.name, payload=event.payload, now=now, to=_other(contract))
    return signature


@transaction.atomic
def adopt_end(*, contract_id: UUID, now: datetime) -> bool:
    """In the provider's company: let the earliest end hold that the customer's notice gives or both
    have signed. False when there is none before the one that holds.

    The moment of the notice, or of the last signature, decides, not that of this job.
    """
    contract = locked(contract_id)
    if contract.state != Contract.State.ACTIVE:
        return False
    rows = ends_of(contract)
    signed = signed_ends(contract, rows)
    for row in sorted(rows, key=lambda row: row.ends_on):
        at = _decided_at(contract, row, signed.get(row.pk))
        if at is not None and (contract.ends_on is None or row.ends_on < contract.ends_on):
            end_contract(
                contract=contract, ends_on=row.ends_on, now=now, actor=row.made_by, decided_at=at
            )
            return True
    return False


def _decided_at(contract: Contract, row: EndNotice, signature: Signature | None) -> datetime | None:
    """When it became an end; None: it is none."""
    if row.kind == KIND.PROPOSAL:
        return None if signature is None else signature.signed_at
    given = local_date(row.made_at, contract.time_zone)
    return row.made_at if may_be_given_notice(contract, row.ends_on, given) else None


def _of_party(contract_id: UUID) -> Contract:
    contract = Contract.objects.select_related("author").get(pk=contract_id)
    if current_company().pk not in both(contract):
        raise Contract.DoesNotExist
    return contract


def _other(contract: Contract) -> list[int]:
    return [key for key in both(contract) if key != current_company().pk]


def _must_be_in_force(contract: Contract) -> None:
    if contract.state != Contract.State.ACTIVE:
        raise ValidationError({"ends_on": [_("Only a contract in force can be ended.")]})


def _why_not(contract: Contract, ends_on: date, today: date) -> str:
    earliest = earliest_end(contract, today)
    if contract.notice_terms is None:
        return _("No notice is agreed: propose the end, and the other side signs it.")
    if earliest is None:
        return _("The contract ends before notice could end it.")
    if ends_on >= earliest:
        return _("Notice ends the contract with a billing period; choose a day that begins one.")
    day = date_format(earliest, "DATE_FORMAT")
    text = _(
        "By notice the contract ends before %(day)s at the earliest. An earlier end is proposed, and the other side signs it."
    )
    return text % {"day": day}


def _own_proposal(contract: Contract) -> EndNotice | None:
    rows = EndNotice.objects.filter(
        contract=contract, author=current_company(), kind=KIND.PROPOSAL, state=EndNotice.State.OPEN
    )
    found: EndNotice | None = rows.first()
    return found


def _withdraw(row: EndNotice) -> None:
    row.state = EndNotice.State.WITHDRAWN
    row.save(update_fields=["state"])


def _written(
    contract: Contract, kind: str, ends_on: date, reason: str, now: datetime, actor: Any
) -> EndNotice:
    row = EndNotice(
        id=uuid7(), author=current_company(), parties=both(contract), contract=contract, kind=kind,
        ends_on=ends_on, reason=reason.strip()[:500], made_by=str(actor)[:200], made_at=now,
    )  # fmt: skip
    row.content_sha256 = end_content(contract, row)
    row.save(force_insert=True)
    return row


def _sign(contract: Contract, content: str, now: datetime, actor: Any) -> Signature:
    signature: Signature = Signature.objects.create(
        author=current_company(), parties=both(contract), contract=contract,
        content_sha256=content, signed_by=str(actor)[:200], signed_at=now,
    )  # fmt: skip
    return signature


def _note(action: str, row: EndNotice, now: datetime, actor: Any) -> None:
    record(
        action=action, subject=row.contract.public_id, now=now, actor=actor,
        also=_other(row.contract),
        details={"ends_on": row.ends_on.isoformat(), "content": row.content_sha256},
    )  # fmt: skip

"""What contracts do when something happened elsewhere."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.assets.operations import end_grants
from apps.common.period import parse_instant
from apps.contracts.models import Contract
from apps.contracts.operations import (
    activate_contract,
    adopt_cover,
    adopt_end,
    adopt_plan,
    agree_split,
    end_with_member,
    grant_wanted,
    shut_out,
)
from apps.events.domain.registry import subscribes
from apps.events.models import Job


@subscribes("contracts.signed", kind="contracts.activate")
def activate(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: both have signed, so it is in force."""
    key = UUID(str(job.payload["contract"]))
    try:
        return {"activated": activate_contract(contract_id=key, now=now)}
    except Contract.DoesNotExist:
        return {"activated": False}


@subscribes("contracts.plan_accepted", kind="contracts.adopt_plan")
def adopt(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: both have signed new prices, so they are a version."""
    key = UUID(str(job.payload["contract"]))
    try:
        return {"adopted": adopt_plan(contract_id=key, now=now)}
    except Contract.DoesNotExist:
        return {"adopted": False}


@subscribes("contracts.cover_accepted", kind="contracts.adopt_cover")
def adopt_assets(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: both have signed which assets come and go."""
    key = UUID(str(job.payload["contract"]))
    try:
        return {"adopted": adopt_cover(contract_id=key, now=now)}
    except Contract.DoesNotExist:
        return {"adopted": False}


@subscribes("contracts.notice_given", kind="contracts.adopt_notice")
@subscribes("contracts.end_accepted", kind="contracts.adopt_end")
def end(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: the customer's notice, or what both have signed, ends a contract."""
    key = UUID(str(job.payload["contract"]))
    try:
        return {"ended": adopt_end(contract_id=key, now=now)}
    except Contract.DoesNotExist:
        return {"ended": False}


@subscribes("contracts.terms_signed", kind="contracts.agree_split")
def agree(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: the last partner's yes puts a split in force."""
    key = UUID(str(job.payload["contract"]))
    try:
        return {"agreed": agree_split(contract_id=key, now=now)}
    except Contract.DoesNotExist:
        return {"agreed": False}


@subscribes("contracts.data_wanted", kind="contracts.grant_data")
def grant(job: Job, now: datetime) -> dict[str, Any]:
    """In the collector's company: grants that a provider's contract needs."""
    return {"grants": grant_wanted(payload=job.payload, asked_by=job.author_id, now=now)}


@subscribes("contracts.end_set", kind="contracts.end_grants")
def shorten_grants(job: Job, now: datetime) -> dict[str, Any]:
    """In the collector's company: its grants for the contract end with it."""
    until = parse_instant(str(job.payload["ends_at"]))
    key = UUID(str(job.payload["contract"]))
    return {"grants": len(end_grants(contract_id=key, now=now, valid_until=until))}


@subscribes("networks.ended", kind="contracts.end_with_member")
def end_with(job: Job, now: datetime) -> dict[str, Any]:
    """In a member's company: contracts it provides end with a party that left the network, and what
    others let that company read."""
    if not job.payload["has_left"]:
        return {"contracts": 0}
    who: Any = {
        "network_id": UUID(str(job.payload["network"])), "company_id": int(job.payload["company"])
    }  # fmt: skip
    left_at = parse_instant(str(job.payload["ended_at"]))
    ended = end_with_member(**who, left_at=left_at, now=now)
    return {"contracts": ended, "shut_out": shut_out(**who, now=now)}

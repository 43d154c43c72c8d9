"""What metering does when something happened elsewhere."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from apps.common.period import parse_instant
from apps.events.domain.registry import subscribes
from apps.events.models import Job
from apps.metering.operations import (
    answer_declared,
    end_orders,
    follow_cover,
    follow_mountings,
    follow_plan,
    narrow_host_data,
    order_usage,
    pass_on_readings,
    record_late,
    record_wanted,
    refresh_provisional,
    take_reading,
    tell_readable,
    want_missing,
)


@subscribes("contracts.activated", kind="metering.write_orders")
def order(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: orders for who collects, which begin the running usage."""
    return {"orders": order_usage(contract_id=UUID(str(job.payload["contract"])), now=now)}


@subscribes("contracts.cover_changed", kind="metering.follow_cover")
def follow_assets(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: orders of what came, and ends of what goes."""
    return {"orders": follow_cover(contract_id=UUID(str(job.payload["contract"])), now=now)}


@subscribes("contracts.plan_adopted", kind="metering.follow_plan")
def follow_prices(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: a new plan version may have other windows of the week."""
    return {"orders": follow_plan(contract_id=UUID(str(job.payload["contract"])), now=now)}


@subscribes("assets.mounted", kind="metering.follow_mounted")
def follow_mounted(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: who collects from a component's new host is told."""
    return {"orders": follow_mountings(mounting_ids=_mountings(job), now=now)}


@subscribes("assets.dismounted", kind="metering.follow_dismounted")
def follow_dismounted(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: a component's stay has ended."""
    return {"orders": follow_mountings(mounting_ids=_mountings(job), now=now)}


@subscribes("assets.mounting_withdrawn", kind="metering.follow_withdrawn")
def follow_withdrawn(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: a component never was where it seemed."""
    return {"orders": follow_mountings(mounting_ids=_mountings(job), now=now)}


@subscribes("contracts.end_set", kind="metering.end_orders")
def end(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: metering ends with the contract."""
    ends_at = parse_instant(str(job.payload["ends_at"]))
    key = UUID(str(job.payload["contract"]))
    return {"orders": end_orders(contract_id=key, ends_at=ends_at, now=now)}


@subscribes("contracts.recipient_left", kind="metering.narrow_host_data")
def narrow(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: who left the network reads nothing more of the hosts either."""
    return {"collectors": narrow_host_data(contract_id=UUID(str(job.payload["contract"])), now=now)}


@subscribes("metering.ordered", kind="metering.begin")
def begin(job: Job, now: datetime) -> dict[str, Any]:
    """In the collector's company: the running usage of newly ordered assets."""
    return {"rows": refresh_provisional(asset_ids=_assets(job), now=now)}


@subscribes("telemetry.rolled_up", kind="metering.provisional")
def refresh(job: Job, now: datetime) -> dict[str, Any]:
    """In the collector's company: running usage follows the readings, and customers hear what is
    believed of what they declared."""
    assets = _assets(job)
    rows = refresh_provisional(asset_ids=assets, now=now)
    return {"rows": rows, "answers": answer_declared(asset_ids=assets, now=now)}


@subscribes("telemetry.rolled_up", kind="metering.late")
def find_late(job: Job, now: datetime) -> dict[str, Any]:
    """In the collector's company: records whose readings moved after they were written."""
    since, assets = date.fromisoformat(str(job.payload["since"])), _assets(job)
    late = record_late(asset_ids=assets, since=since, now=now)
    return {"records": late, "readable": tell_readable(asset_ids=assets, now=now)}


@subscribes("metering.readable", kind="metering.want_missing")
def ask_again(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: billed periods whose collector could not record before."""
    keys = [UUID(str(key)) for key in job.payload["contracts"]]
    return {"records": want_missing(contract_ids=keys, now=now)}


@subscribes("metering.ordered", kind="metering.late_mountings")
def find_late_mountings(job: Job, now: datetime) -> dict[str, Any]:
    """In the collector's company: records of components that a mounting has moved since."""
    return {"records": record_late(asset_ids=_assets(job), since=date.min, now=now)}


@subscribes("metering.wanted", kind="metering.meter")
def meter(job: Job, now: datetime) -> dict[str, Any]:
    """In the collector's company: usage records another company's billing waits for."""
    return record_wanted(payload=job.payload, asked_by=job.author_id, now=now)


@subscribes("metering.reading_declared", kind="metering.pass_on_reading")
def pass_on(job: Job, now: datetime) -> dict[str, Any]:
    """In the provider's company: what its customer declared goes to who collects."""
    keys = [UUID(str(key)) for key in job.payload["readings"]]
    return {"readings": pass_on_readings(reading_ids=keys, said_by=job.author_id, now=now)}


@subscribes("metering.reading_passed_on", kind="metering.take_reading")
def take_passed_on(job: Job, now: datetime) -> dict[str, Any]:
    """In the collector's company: what a provider's customer declared is a reading."""
    return {"outcome": take_reading(payload=job.payload, passed_on_by=job.author_id, now=now)}


def _mountings(job: Job) -> list[UUID]:
    return [UUID(str(key)) for key in job.payload["mountings"]]


def _assets(job: Job) -> list[UUID]:
    return [UUID(str(key)) for key in job.payload["assets"]]

"""Writes the demo: the scenario, its past, and the invoices of the months that are over."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from zoneinfo import ZoneInfo

from django.utils import timezone
from schwifty import IBAN

from apps.accounts.models import ApiKey, User
from apps.accounts.operations import create_person, make_key
from apps.assets.models import Asset
from apps.billing.models import Invoice
from apps.blueprints.domain.scenario import parse
from apps.blueprints.operations import load_scenario
from apps.common.period import add_months
from apps.contracts.domain.facts import ContractFacts
from apps.contracts.models import Contract
from apps.contracts.operations import Cost, OrderLine, accept_one_off, offer_one_off
from apps.contracts.queries import content_sha256
from apps.demo.domain.behaviour import behaviours_of
from apps.demo.domain.history import LATE, LATEST, Told, is_delayed, story
from apps.demo.partners import agree_on_self_billing, write_statements
from apps.demo.queries import PASSWORD, SCENARIO, keys_path
from apps.demo.sale import sell_compressors
from apps.demo.working import bill_month, drain_jobs, issue_drafts
from apps.events.operations import run_waiting_jobs
from apps.payments.operations.accounts import open_account
from apps.payments.queries.accounts import main_account
from apps.settlement.domain.deposits import Step
from apps.settlement.operations import StepFacts, note_deposit
from apps.telemetry.models import Device
from apps.telemetry.operations import RawItem, recompute_dirty, sync_channels, take_in
from apps.tenancy.context import as_app, company_context
from apps.tenancy.models import Company
from apps.tenancy.queries import active_companies, company_by_slug

Say = Callable[[str], None]
BATCH = 5_000
PROVIDER, MAKER, FINANCIER = "clearwash", "rotorwerke", "kontorlease"
MOVED_TIRES = "Tires by the tire kilometre"
WORKSHOP = "truckpoint"
WORK = "Two front tires changed"
WORK_LINES = (
    OrderLine(
        {"en": "Hours of a mechanic", "de": "Mechanikerstunden"}, Decimal("1.5"), Decimal("84.00")
    ),
    OrderLine({"en": "Balancing", "de": "Auswuchten"}, Decimal(2), Decimal("9.50")),
)
ZONE = "Europe/Berlin"
BANK = "37040044"


def first_day(now: datetime) -> date:
    """The first day of the month two months ago."""
    month = now.year * 12 + now.month - 1 - 2
    return date(month // 12, month % 12 + 1, 1)


def story_start(now: datetime) -> date:
    """The day the story begins: that of the contracts that stand, so that loading anew adds nothing."""
    company = company_by_slug(PROVIDER)
    if company is None:
        return first_day(now)
    with as_app(), company_context(company):
        days = Contract.objects.written_by(company).order_by("starts_on")
        return days.values_list("starts_on", flat=True).first() or first_day(now)


def load_demo(*, now: datetime, say: Say) -> None:
    """Bring the demo up to date. Loading it again adds only the time that has passed."""
    say("Companies, machines and contracts")
    start = story_start(now)
    text = scenario_text(start)
    scenario, lines = parse(text)
    load_scenario(scenario=scenario, lines=lines, now=now, progress=lambda part: say(f"  {part}"))
    operator = create_person(
        email="operator@peruse.example",
        name="Platform operator",
        language="en",
        password=PASSWORD,
        now=now,
    )
    User.objects.filter(pk=operator.pk).update(is_staff=True)
    drain_jobs()
    _open_accounts(now)
    with company_context(Company.objects.get(slug=PROVIDER)):
        _write_past(start, now, say)
        _write_keys(now)
        _bill_the_past(start, now, say)
        _take_deposits(now)
    _order_work(start, now, say)
    say("A compressor that its maker sells")
    maker, buyer, provider = (
        Company.objects.get(slug=slug) for slug in (MAKER, FINANCIER, PROVIDER)
    )
    sell_compressors(maker=maker, buyer=buyer, offered_to=provider, start=start, now=now)
    drain_jobs()


def _open_accounts(now: datetime) -> None:
    """Where each company is paid, known for long enough that payouts need not wait."""
    for number, company in enumerate(active_companies(), start=1):
        with as_app(), company_context(company):
            if main_account() is None:
                iban = IBAN.generate("DE", bank_code=BANK, account_code=f"{number:010}")
                known_since = now - timedelta(days=30)
                open_account(
                    iban=str(iban),
                    holder_name=company.name,
                    creditor_id="",
                    now=known_since,
                    actor="demo",
                )


def scenario_text(start: date) -> str:
    """The scenario with its first day, the moment two tires are moved at, and its password.

    The move is at 10:00 UTC on the 14th of the first month; what one truck showed then comes late.
    """
    moved = start.replace(day=14)
    begun = datetime.combine(start, datetime.min.time(), ZoneInfo(ZONE))
    words = {
        "BEGUN": begun.isoformat(), "MOVED": f"{moved}T10:00:00Z", "START": str(start),
        "EVE": str(start - timedelta(days=1)), "LAST": str(add_months(start, 1) - timedelta(days=1)),
        "PASSWORD": PASSWORD,
    }  # fmt: skip
    text = SCENARIO.read_text()
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _beginning(start: date) -> datetime:
    return datetime.combine(start, datetime.min.time(), ZoneInfo(ZONE)).astimezone(UTC)


def _write_past(first: date, now: datetime, say: Say) -> None:
    start = _beginning(first)
    silent = Asset.objects.filter(author__slug=PROVIDER, last_reading_at=None)
    fresh = [asset for asset in silent if behaviours_of(asset.serial)]
    sync_channels(asset_ids=[asset.id for asset in fresh])
    for asset in fresh:
        say(f"Readings of {asset.name}")
        told = (
            one
            for one in story(asset.serial, start, now)
            if not is_delayed(asset.serial, one, start)
        )
        while batch := list(islice(told, BATCH)):
            _take(asset, batch, now)
    if fresh:
        say("Roll-ups")
        take_in(items=list(_odd_items()), source="gateway:hall-3", now=now)
        recompute_dirty(now=now)


def _take(asset: Asset, batch: list[Told], now: datetime) -> None:
    items = [
        RawItem(
            position,
            asset.public_id,
            one.channel,
            one.measured_at.isoformat(),
            one.value,
            id=f"{asset.serial}-{one.channel}-{one.measured_at.isoformat()}",
            interval_start=one.interval_start.isoformat() if one.interval_start else None,
        )
        for position, one in enumerate(batch)
    ]
    take_in(items=items, source=f"device:{asset.serial}", now=now)


def _odd_items() -> Iterator[RawItem]:
    """What a badly set up gateway sends: kept, with the reason, for a person to look at."""
    yield RawItem(
        0,
        "RX75-2207",
        "temperature",
        "2026-11-02T08:00:00+01:00",
        "71.5",
        raw='{"subject":"RX75-2207/temperature","data":{"value":"71.5"}}',
    )
    yield RawItem(
        1,
        "RX75-2207",
        "hours",
        "2026-11-02 08:00:00",
        "11907.2",
        raw='{"subject":"RX75-2207/hours","time":"2026-11-02 08:00:00"}',
    )
    yield RawItem(
        2,
        "D2-1041",
        "detergent",
        "2026-11-02T08:00:00+01:00",
        "NaN",
        raw='{"subject":"D2-1041/detergent","data":{"value":"NaN"}}',
    )


def _write_keys(now: datetime) -> None:
    """A device and a key for each machine; the keys go into a file only the simulator reads."""
    keys: dict[str, str] = json.loads(keys_path().read_text()) if keys_path().exists() else {}
    own = Asset.objects.filter(author__slug=PROVIDER)
    for asset in (asset for asset in own if behaviours_of(asset.serial)):
        device, _made = Device.objects.get_or_create(
            asset_id=asset.id, name="Gateway", defaults={"asset_label": asset.name, "made_at": now}
        )
        known = ApiKey.objects.filter(device_id=device.id, revoked_at=None).exists()
        if not (known and asset.serial in keys):
            keys[asset.serial] = _new_key(device, now)
    descriptor = os.open(keys_path(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(keys, file)


def _new_key(device: Device, now: datetime) -> str:
    _key, secret = make_key(
        name=f"{device.asset_label} {device.name}",
        scope=ApiKey.Scope.INTAKE,
        now=now,
        device_id=device.id,
        device_label=f"{device.asset_label} {device.name}",
    )
    return secret


def _bill_the_past(start: date, now: datetime, say: Say) -> None:
    """Invoices of the two months that are over: the first issued, the second left to approve.

    Once: what comes later is for the people who look at the demo.
    """
    if Invoice.objects.exists():
        return
    agree_on_self_billing(now=now)
    for number, issue in enumerate((True, False)):
        month = start.month + number
        label = f"{start.year + (month - 1) // 12}-{(month - 1) % 12 + 1:02}"
        say(f"Billing run {label}")
        bill_month(label, now)
        if issue:
            issue_drafts(now)
            write_statements(now=now)
            _deliver_late(start, now, say)
            # The tires' correction goes out at once; the other waits for a person.
            issue_drafts(now, contract__title=MOVED_TIRES)
            write_statements(now=now)
            run_waiting_jobs(now=timezone.now())


def _take_deposits(now: datetime) -> None:
    """What contracts agree as a security was asked for and came."""
    for contract in Contract.objects.filter(deposit_minor__isnull=False, deposit_steps=None):
        for step in (Step.ASKED, Step.RECEIVED):
            facts = StepFacts(step, contract.deposit_minor or 0, contract.starts_on)
            note_deposit(contract_id=contract.pk, facts=facts, now=now, actor="demo")


def _order_work(start: date, now: datetime, say: Say) -> None:
    """A workshop changed tires for the provider: a one-off contract, billed with the first month."""
    say("An order of the provider to a workshop")
    provider, workshop = (Company.objects.get(slug=slug) for slug in (PROVIDER, WORKSHOP))
    done_on = start.replace(day=14)
    with company_context(workshop):
        if Contract.objects.written_by(workshop).exists():
            return
        facts = ContractFacts(
            customer_id=provider.pk, title=WORK, starts_on=done_on, order_number="CW-88"
        )
        order = offer_one_off(facts=facts, done_on=done_on, lines=WORK_LINES, now=now, actor="demo")
    with company_context(provider):
        content = content_sha256(Contract.objects.get(pk=order.pk))
        served = Contract.objects.get(title=MOVED_TIRES)
        accept_one_off(
            contract_id=order.pk, content=content, cost=Cost(served.pk), now=now, actor="demo"
        )
    with company_context(workshop):
        run_waiting_jobs(now=timezone.now())
        bill_month(f"{done_on:%Y-%m}", now)
        issue_drafts(now)


def _deliver_late(first: date, now: datetime, say: Say) -> None:
    """What a machine kept while it had no connection: the issued invoice gets a correction."""
    start = _beginning(first)
    for asset in Asset.objects.filter(author__slug=PROVIDER, serial__in=LATE):
        say(f"Late readings of {asset.name}")
        told = story(asset.serial, start, start + LATEST)
        _take(asset, [one for one in told if is_delayed(asset.serial, one, start)], now)
    recompute_dirty(now=now)
    run_waiting_jobs(now=timezone.now())

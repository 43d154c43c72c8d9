"""Meters of a scenario, and what customers read off counters."""

from datetime import datetime

from django.utils.translation import gettext as _

from apps.assets.models import Asset
from apps.blueprints.domain.scenario import MeterPart
from apps.blueprints.domain.terms import DeclaredPart
from apps.blueprints.operations.carrying import instant_of
from apps.blueprints.operations.places import RefusedAt, at
from apps.contracts.models import ContractItem
from apps.metering.operations import declare_reading
from apps.metering.queries.declared import declarable_item
from apps.telemetry.domain.meters import MeterVersion
from apps.telemetry.models import Channel
from apps.telemetry.operations import sync_channels
from apps.telemetry.operations.meters import describe_meter
from apps.tenancy.context import current_company

ACTOR = "scenario"


def load_meter(*, part: MeterPart, now: datetime) -> bool:
    """Say what a channel's meter is, in the company that collects. False when that is known.

    Raises ValidationError of the operation, and RefusedAt.
    """
    channel = _channel(part)
    problems = {"not_positive": _("A factor is above zero."),
                "too_large": _("A factor is below 1,000,000,000."),
                "too_precise": _("A factor has at most six decimals.")}  # fmt: skip
    with at("factor", problems):
        version = MeterVersion(
            None if part.since is None else instant_of(part.since), part.serial,
            part.accuracy_class, part.verified_until, part.factor,
        )  # fmt: skip
    if version in channel.meter_versions:
        return False
    describe_meter(channel=channel, version=version, reason=part.reason, by=ACTOR, now=now)
    return True


def _channel(part: MeterPart) -> Channel:
    asset = Asset.objects.written_by(current_company()).filter(serial=part.asset).first()
    if asset is None:
        text = _("There is no asset with the serial number “%(serial)s”.")
        raise RefusedAt("asset", text % {"serial": part.asset})
    sync_channels(asset_ids=[asset.pk])
    found: Channel | None = Channel.objects.filter(asset_id=asset.pk, code=part.channel).first()
    if found is None:
        words = {"asset": asset.name, "code": part.channel}
        raise RefusedAt("channel", _("%(asset)s has no channel %(code)s") % words)
    return found


def load_declared(*, part: DeclaredPart, now: datetime) -> bool:
    """Declare a reading in the customer's company. False when that day is declared already.

    Raises ValidationError of the operation, and RefusedAt.
    """
    items = ContractItem.objects.filter(
        contract__title=part.contract, contract__customer=current_company(),
        contract__author__slug=part.provider, asset__serial=part.asset, channel_code=part.channel,
    )  # fmt: skip
    item = items.first()
    place = None if item is None else declarable_item(item.pk, now)
    if place is None:
        text = _("No contract “%(title)s” in force has the customer declare this channel.")
        raise RefusedAt("contract", text % {"title": part.contract})
    if any(told.day == part.read_on for told in place.history):
        return False
    declare_reading(
        place=place, read_on=part.read_on, value=part.value, reason=part.reason, now=now,
        actor=ACTOR,
    )  # fmt: skip
    return True

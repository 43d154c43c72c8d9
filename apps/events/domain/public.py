"""The events that other systems may hear by webhook: a stated list that only grows.

Inside, an event carries keys of rows for whoever subscribes. Outside, it has a name that stays, and
the same keys in the prefixed form people copy: no figures and no names, so that a message that
goes astray says nothing. Who hears an event: the companies it was published to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.common.ids import encode

TEST = "test.ping"
# Not chosen on an endpoint but pushed grant by grant, as CloudEvents.
DELIVERED = "data.delivered"


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """`source`: what happened inside. `fields`: of its payload what is told, with the ids' prefix."""

    name: str
    source: str
    fields: Mapping[str, str]


def _one(name: str, source: str, **fields: str) -> PublicEvent:
    return PublicEvent(name, source, fields)


PUBLIC_EVENTS: tuple[PublicEvent, ...] = (
    _one("asset.registered", "assets.registered", assets="ast"),
    _one("asset.changed", "assets.changed", assets="ast"),
    _one("component.mounted", "assets.mounted", mountings="mnt"),
    _one("component.dismounted", "assets.dismounted", mountings="mnt"),
    _one("contract.offered", "contracts.offered", contract="ctr"),
    _one("contract.signed", "contracts.signed", contract="ctr"),
    _one("contract.activated", "contracts.activated", contract="ctr"),
    _one("contract.ending_set", "contracts.end_set", contract="ctr"),
    _one("contract.prices_proposed", "contracts.plan_proposed", contract="ctr"),
    _one("contract.prices_accepted", "contracts.plan_accepted", contract="ctr"),
    _one("data.requested", "assets.data_requested", request="drq"),
    _one("data.grants_ended", "assets.grants_ended", grants="grt"),
    _one("invoice.issued", "billing.issued", invoices="inv"),
    _one("invoice.balance_changed", "billing.receivable_moved", receivables="rcv"),
    _one("invoice.line_disputed", "billing.disputed", lines="lin", documents="inv"),
    _one("invoice.dispute_settled", "billing.dispute_settled", lines="lin", documents="inv"),
    _one("network.invited", "networks.invited", participation="prt"),
    _one("network.joined", "networks.joined", participation="prt"),
    _one("network.left", "networks.ended", participation="prt", network="net"),
    _one("payment.received", "payments.received", payments="pay"),
    _one("payment.failed", "payments.failed", payments="pay"),
    _one("payment.refunded", "payments.refunded", refunds="rfd"),
    _one("payout.paid", "payments.paid_out", payouts="pyo"),
    _one("payout.failed", "payments.payout_failed", payouts="pyo"),
    _one("usage.declared", "metering.reading_declared", readings="dcr"),
    _one("usage.recorded", "metering.recorded", contracts="ctr"),
)  # fmt: skip

NAMES = tuple(event.name for event in PUBLIC_EVENTS)
_BY_SOURCE = {event.source: event for event in PUBLIC_EVENTS}


def public_event(source: str) -> PublicEvent | None:
    """What others may hear when this happens inside; None for most."""
    return _BY_SOURCE.get(source)


def keys_of(event: PublicEvent, payload: Mapping[str, Any]) -> dict[str, list[UUID]]:
    """By field the keys it names, one or several."""
    return {name: _keys(payload.get(name)) for name in event.fields}


def _keys(value: Any) -> list[UUID]:
    texts = [value] if isinstance(value, str) else value or []
    return [UUID(str(text)) for text in texts]


def public_data(
    event: PublicEvent, payload: Mapping[str, Any], seen: Mapping[str, set[UUID]]
) -> dict[str, Any]:
    """The keys the company sees as prefixed ids: `{"invoices": ["inv_…"]}`, `{"contract": "ctr_…"}`."""
    told: dict[str, Any] = {}
    for name, keys in keys_of(event, payload).items():
        ids = [encode(event.fields[name], key) for key in keys if key in seen.get(name, set())]
        if ids:
            told[name] = ids[0] if isinstance(payload[name], str) else ids
    return told

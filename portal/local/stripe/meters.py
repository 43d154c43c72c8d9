"""Meters and their events: what a customer used, counted once by identifier."""

from portal.local.stripe.errors import invalid, missing
from portal.local.stripe.store import Store, Thing, listed

FORMULAS = ("sum", "count", "last")


def new_meter(store: Store, params: Thing) -> Thing:
    for name in ("display_name", "event_name"):
        if not params.get(name):
            raise missing(name)
    if meter_of(store, params["event_name"]) is not None:
        raise invalid("There is already an active meter with this event name.", "event_name")
    formula = (params.get("default_aggregation") or {}).get("formula", "sum")
    if formula not in FORMULAS:
        raise invalid(
            f"Invalid formula: must be one of {', '.join(FORMULAS)}.", "default_aggregation"
        )
    made = store.make(
        "billing.meter", "mtr_test", display_name=params["display_name"],
        event_name=params["event_name"], status="active",
        default_aggregation={"formula": formula},
        customer_mapping={"type": "by_id", "event_payload_key": "stripe_customer_id"},
        value_settings={"event_payload_key": "value"},
    )  # fmt: skip
    store.emit("billing.meter.created", made)
    return made


def meter_of(store: Store, event_name: str) -> Thing | None:
    """The active one that takes this event."""
    for meter in store.all("billing.meter"):
        if meter["event_name"] == event_name and meter["status"] == "active":
            return meter
    return None


def deactivate(store: Store, key: str) -> Thing:
    meter = store.get("billing.meter", key)
    meter["status"] = "inactive"
    store.emit("billing.meter.deactivated", meter)
    return meter


def take_event(store: Store, params: Thing) -> Thing:
    """One amount; the same identifier again is refused, as Stripe does for a day at least."""
    meter = meter_of(store, str(params.get("event_name", "")))
    if meter is None:
        raise invalid("No active meter found for this event name.", "event_name")
    payload = params.get("payload") or {}
    customer = store.get("customer", payload.get("stripe_customer_id"))
    value = str(payload.get("value", ""))
    if not value.lstrip("-").replace(".", "", 1).isdigit():
        raise invalid("The value must be a number.", "payload[value]")
    identifier = str(params.get("identifier") or store.fresh("mev"))
    if any(one["identifier"] == identifier for one in store.all("billing.meter_event")):
        text = f"An event already exists with identifier {identifier}."
        raise invalid(text, "identifier", "resource_already_exists")
    return store.make(
        "billing.meter_event", "mev", event_name=meter["event_name"], identifier=identifier,
        payload={"stripe_customer_id": customer["id"], "value": value},
        timestamp=int(params.get("timestamp") or store.now),
    )  # fmt: skip


def used(store: Store, meter: Thing, customer: str, start: int, end: int) -> float:
    """By the meter's formula over the events of `[start, end)`."""
    values = [
        float(one["payload"]["value"])
        for one in reversed(list(store.all("billing.meter_event")))
        if one["event_name"] == meter["event_name"] and start <= one["timestamp"] < end
        and one["payload"]["stripe_customer_id"] == customer
    ]  # fmt: skip
    formula = meter["default_aggregation"]["formula"]
    if formula == "count":
        return float(len(values))
    return (values[-1] if values else 0.0) if formula == "last" else sum(values)


def summary(store: Store, key: str, params: Thing) -> Thing:
    """A list of one summary over the whole span."""
    for name in ("customer", "start_time", "end_time"):
        if not params.get(name):
            raise missing(name)
    meter = store.get("billing.meter", key)
    start, end = int(params["start_time"]), int(params["end_time"])
    row = {
        "id": f"{key}_{start}", "object": "billing.meter_event_summary", "livemode": False,
        "aggregated_value": used(store, meter, params["customer"], start, end),
        "start_time": start, "end_time": end, "meter": key,
    }  # fmt: skip
    return listed([row], f"/v1/billing/meters/{key}/event_summaries")

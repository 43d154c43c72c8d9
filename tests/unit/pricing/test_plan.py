import copy
from typing import Any

import pytest

from apps.pricing.plan import PricePlan
from apps.pricing.registry import CHARGE_MODELS, Charge, PlanError, charge_model
from tests.unit.pricing.plans import flat, graduated, per_unit, plan

WHOLE: dict[str, Any] = {
    "schema": 1,
    "name": "Pay per kilometre",
    "currency": "EUR",
    "charges": [flat(), per_unit(), graduated(("10", "1", "3"), (None, "0.50"))],
}


def test_a_plan_comes_back_from_its_dict() -> None:
    value = PricePlan.from_dict(WHOLE)
    assert PricePlan.from_dict(value.to_dict()) == value
    assert value.to_dict()["schema"] == 1
    assert value.meters == ("km", "energy")
    assert value.charge("km").title == {"de": "Strecke", "en": "Distance"}


def test_the_hash_is_of_the_value_not_of_its_writing() -> None:
    other = copy.deepcopy(WHOLE)
    other["charges"][1]["unit_price"] = "0.06700"
    assert PricePlan.from_dict(other).hash == PricePlan.from_dict(WHOLE).hash
    other["charges"][1]["unit_price"] = "0.068"
    assert PricePlan.from_dict(other).hash != PricePlan.from_dict(WHOLE).hash


@pytest.mark.parametrize(
    ("path", "value", "place", "reason"),
    [
        (("schema",), 2, "schema", "unknown_version"),
        (("name",), "", "name", "missing_text"),
        (("currency",), "XXX", "currency", "unknown_currency"),
        (("charges",), [], "charges", "empty_list"),
        (("charges",), "x", "charges", "empty_list"),
        (("charges", 0), 5, "charges[0]", "not_an_object"),
        (("charges", 0, "model"), "magic", "charges[0].model", "unknown_model"),
        (("charges", 0, "amount"), "-1", "charges[0].amount", "negative"),
        (("charges", 0, "amount"), None, "charges[0].amount", "missing_number"),
        (("charges", 0, "timing"), "never", "charges[0].timing", "unknown_choice"),
        (("charges", 0, "timing"), ["x"], "charges[0].timing", "unknown_choice"),
        (("charges", 0, "meter"), "km", "charges[0].meter", "meter_not_used"),
        (("charges", 0, "colour"), "red", "charges[0].colour", "unknown_key"),
        (("charges", 0, "code"), "Base Fee", "charges[0].code", "bad_code"),
        (("charges", 0, "code"), "km", "charges[1].code", "repeated_code"),
        (("charges", 0, "title"), {"fr": "x"}, "charges[0].title", "unknown_choice"),
        (("charges", 0, "title"), {1: "x"}, "charges[0].title", "unknown_choice"),
        (("charges", 0, "title"), None, "charges[0].title", "not_an_object"),
        (("charges", 1, "meter"), None, "charges[1].meter", "missing_meter"),
        (("charges", 1, "unit"), "furlong", "charges[1].unit", "unknown_unit"),
        (("charges", 1, "unit_price"), 0.067, "charges[1].unit_price", "not_a_number"),
        (("charges", 1, "unit_price"), "1e-13", "charges[1].unit_price", "too_precise"),
        (("charges", 1, "unit_price"), "1E+1000000", "charges[1].unit_price", "exponent_too_large"),
        (("charges", 1, "pooling"), "some", "charges[1].pooling", "unknown_choice"),
        (("charges", 2, "tiers", 0, "up_to"), None, "charges[2].tiers[0].up_to",
         "last_tier_has_no_end"),
        (("charges", 2, "tiers", 1, "up_to"), "20", "charges[2].tiers[1].up_to",
         "last_tier_has_no_end"),
        (("charges", 2, "tiers", 0, "up_to"), "0", "charges[2].tiers[0].up_to", "edges_must_rise"),
        (("charges", 2, "tiers", 0, "extra"), 1, "charges[2].tiers[0].extra", "unknown_key"),
    ],
)  # fmt: skip
def test_a_bad_plan_names_place_and_reason(
    path: tuple[str | int, ...], value: object, place: str, reason: str
) -> None:
    data: Any = copy.deepcopy(WHOLE)
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(PlanError) as refused:
        PricePlan.from_dict(data)
    assert (refused.value.path, refused.value.reason) == (place, reason)
    assert place in str(refused.value)


def test_a_plan_is_an_object() -> None:
    for data in (None, [], "plan", 5):
        with pytest.raises(PlanError):
            PricePlan.from_dict(data)


def test_a_model_is_registered_once() -> None:
    assert set(CHARGE_MODELS) >= {"flat_fee", "per_unit", "graduated"}
    with pytest.raises(ValueError, match="twice"):
        charge_model("flat_fee")(Charge)


def test_plans_are_frozen() -> None:
    with pytest.raises(AttributeError):
        plan(flat()).name = "other"  # type: ignore[misc]

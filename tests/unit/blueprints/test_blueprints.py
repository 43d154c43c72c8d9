"""Blueprints fit together, and their splits are what the filled places leave of them."""

import json
from pathlib import Path

import msgspec
import pytest

from apps.blueprints.domain.answers import Answers, ContractAnswer, Filling, with_prices
from apps.blueprints.domain.blueprint import blueprint_of, split_among
from apps.blueprints.domain.scenario import Scenario, ScenarioError, parse
from apps.contracts.domain.split import Split
from apps.pricing.plan import PricePlan

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / "apps" / "blueprints" / "files").glob("*.yaml"))
MODELS = {
    "cleaning-service", "services-in-operation", "tire-as-a-service", "equipment-as-a-service",
    "open-marketplace", "closed-marketplace", "empty",
}  # fmt: skip


def read(name):
    return blueprint_of(parse((FILES[0].parent / f"{name}.yaml").read_text())[0])


def test_there_is_one_for_each_business_model():
    assert {path.stem for path in FILES} == MODELS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_blueprint_fits_together(path):
    found = blueprint_of(parse(path.read_text())[0])
    keys = {place: number for number, place in enumerate(found.places, start=1)}
    types = {kind.name: {row.code for row in kind.channels} for kind in found.types}
    hosted = {code for codes in types.values() for code in codes}
    for contract in found.contracts:
        plan = PricePlan.from_dict(contract.plan)
        assert {cover.meter for cover in contract.covers} == set(plan.meters)
        for cover in contract.covers:
            assert cover.channel in (hosted if cover.follows_host else types[cover.type])
        split = split_among(contract.split or {"residual": contract.provider}, keys)
        assert split is not None
        assert Split.from_dict({**split, "currency": "EUR"}).residual == keys[contract.provider]


@pytest.mark.parametrize("code", sorted(MODELS))
def test_a_german_company_gets_german_words(code):
    """Whatever is written down as the company's own: nothing shipped says it in English alone."""
    found = read(code)
    assert found.in_language("en") == found
    words = {row.en: row.de for row in found.head.words}
    spoken = set(_spoken(msgspec.to_builtins([found.network, *found.types, *found.contracts])))
    assert spoken - {""} == set(words)
    german = found.in_language("de")
    assert german.network.name == words[found.network.name]
    assert [kind.name for kind in german.types] == [words[kind.name] for kind in found.types]
    assert [(row.title, row.plan["name"]) for row in german.contracts] == [
        (words[row.title], words[row.plan["name"]]) for row in found.contracts
    ]


def _spoken(value):
    """Every text under a name that people read."""
    if isinstance(value, list):
        for item in value:
            yield from _spoken(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            lines = item if isinstance(item, list) else [item]
            if name in ("name", "title", "description", "purpose", "type", "positions"):
                yield from (line for line in lines if isinstance(line, str))
            yield from _spoken(item)


def test_steps_of_places_that_nobody_fills_are_left_out():
    split = read("tire-as-a-service").contracts[0].split
    assert split is not None
    some = split_among(split, {"provider": 1, "maker": 2})
    assert some == {
        "residual": 1,
        "line_steps": [
            {"code": "makers", "kind": "percent", "percent": "22", "key": "tire_km",
             "charges": ["tire_km"], "parts": [{"party": 2}]},
        ],
        "contract_steps": [],
    }  # fmt: skip
    assert split_among(split, {"maker": 2}) is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("source: maker", "source: king"), "no place is called king"),
        (("company: supplier, roles", "company: plant, roles"), "every place is a member"),
        (("blueprint:\n", "blueprints:\n"), "unknown field"),
        (("amount: \"350.00\"", "amount: \"350.00\""), ""),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(change, why):
    text = (FILES[0].parent / "cleaning-service.yaml").read_text().replace(*change)
    if not why:
        assert blueprint_of(parse(text)[0])
        return
    with pytest.raises((ValueError, ScenarioError), match=why):
        blueprint_of(parse(text)[0])


def test_answers_survive_being_kept():
    answers = Answers(
        "Net", "Why", True, {"a": Filling("ours"), "b": Filling("company", 7), "c": Filling()},
        {0: ContractAnswer(True, "T", None, {"wash": "1.3"})},
    )  # fmt: skip
    assert Answers.from_dict(json.loads(json.dumps(answers.to_dict()))) == answers
    assert answers.companies(1) == {"a": 1, "b": 7}
    assert Answers.from_dict({}) == Answers()


def test_other_prices_stand_where_a_charge_has_a_single_one():
    plan = read("cleaning-service").contracts[0].plan
    changed = with_prices(plan, {"base": "99", "wash": "1.3", "detergent": "5"}, "CHF")
    assert [row.get("amount") or row.get("unit_price") for row in changed["charges"]] == [
        "99", "1.3", None,
    ]  # fmt: skip
    assert PricePlan.from_dict(changed).currency == "CHF"
    assert plan["charges"][0]["amount"] == "350.00"


def test_the_published_schema_is_the_one_the_files_are_read_by():
    published = json.loads((ROOT / "docs" / "scenario-file-1.schema.json").read_text())
    again = "manage.py scenario_schema > docs/scenario-file-1.schema.json"
    assert published == msgspec.json.schema(Scenario), again

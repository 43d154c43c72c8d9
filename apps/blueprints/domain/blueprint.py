"""The head of a blueprint: a scenario file whose companies are places to be filled.

Places are named like companies. The file's first network says who founds it and which roles a place
plays; its types and contracts are made for whoever fills the places.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from apps.blueprints.domain.terms import ContractPart, Slug

if TYPE_CHECKING:
    from apps.blueprints.domain.scenario import MemberPart, NetworkPart, Scenario, TypePart

_Part = TypeVar("_Part", bound=Struct)

Line = Annotated[str, Meta(min_length=1, max_length=200)]
FlowKind = Literal["product", "service", "data", "money"]
NAMED = ("party", "residual")
# Where a file says something in one language that a company writes down as its own.
SPOKEN = frozenset({"name", "title", "description", "positions", "purpose", "type"})


class Words(Struct, forbid_unknown_fields=True, frozen=True):
    """A text in the portal's two languages."""

    en: Annotated[str, Meta(min_length=1, max_length=500)]
    de: Annotated[str, Meta(min_length=1, max_length=500)]

    def text(self, language: str) -> str:
        return self.de if language.startswith("de") else self.en


class PlacePart(Struct, forbid_unknown_fields=True, frozen=True):
    """A place in the network that some company fills; `what`: what it does there."""

    place: Slug
    name: Words
    what: Words


class FlowPart(Struct, forbid_unknown_fields=True, frozen=True):
    """What runs from a place to another."""

    kind: FlowKind
    source: Slug
    target: Slug
    what: Words


class BlueprintPart(Struct, forbid_unknown_fields=True, frozen=True):
    """What a blueprint is, its places and the flows between them.

    `words`: texts of the sections below in both languages, each by its English one as it stands there.
    """

    name: Words
    summary: Words
    places: Annotated[list[PlacePart], Meta(min_length=1)]
    flows: list[FlowPart] = []
    icon: Annotated[str, Meta(pattern="^[a-z0-9-]{1,40}$")] = "network"
    words: list[Words] = []


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A whole blueprint: the head and the file it stands on."""

    head: BlueprintPart
    network: "NetworkPart"
    types: Sequence["TypePart"]
    contracts: Sequence[ContractPart]

    def in_language(self, language: str) -> "Blueprint":
        """With titles, names and purposes as a company of this language writes them."""
        words = {row.en: row.text(language) for row in self.head.words}
        return replace(
            self, network=_said(self.network, words),
            types=[_said(part, words) for part in self.types],
            contracts=[_said(part, words) for part in self.contracts],
        )  # fmt: skip

    @property
    def places(self) -> dict[str, PlacePart]:
        return {place.place: place for place in self.head.places}

    @property
    def members(self) -> dict[str, "MemberPart"]:
        return {member.company: member for member in self.network.members}


def blueprint_of(scenario: "Scenario") -> Blueprint:
    """The blueprint a file holds. Raises ValueError with what is missing or does not fit."""
    if scenario.blueprint is None:
        raise ValueError("the file has no section `blueprint`")
    if len(scenario.networks) != 1:
        raise ValueError("a blueprint has exactly one network")
    found = Blueprint(
        scenario.blueprint, scenario.networks[0], scenario.asset_types, scenario.contracts
    )
    unknown = sorted(set(_named(found)) - set(found.places))
    if unknown:
        raise ValueError(f"no place is called {', '.join(unknown)}")
    if set(found.members) != set(found.places):
        raise ValueError("every place is a member of the network, and every member a place")
    return found


def _said(part: _Part, words: Mapping[str, str]) -> _Part:
    return msgspec.convert(_reworded(msgspec.to_builtins(part), words), type(part))


def _reworded(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_reworded(item, words) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _spoken(item, words) if name in SPOKEN else _reworded(item, words)
        for name, item in value.items()
    }


def _spoken(value: Any, words: Mapping[str, str]) -> Any:
    """A text or the lines of one; what holds both languages itself stays."""
    if isinstance(value, list):
        return [_spoken(item, words) for item in value]
    return words.get(value, value) if isinstance(value, str) else value


def _named(blueprint: Blueprint) -> Iterator[str]:
    yield blueprint.network.founder
    yield from blueprint.members
    for flow in blueprint.head.flows:
        yield from (flow.source, flow.target)
    for kind in blueprint.types:
        yield kind.company
    for contract in blueprint.contracts:
        yield from (contract.provider, contract.customer)
        yield from (row.company for row in contract.data)
        yield from parties_named(contract.split or {})


def parties_named(split: Any) -> Iterator[str]:
    """Places that a split speaks of."""
    if isinstance(split, Mapping):
        for name, item in split.items():
            if name in NAMED and item is not None:
                yield str(item)
            else:
                yield from parties_named(item)
    elif isinstance(split, list):
        for item in split:
            yield from parties_named(item)


def split_among(split: Mapping[str, Any], filled: Mapping[str, int]) -> dict[str, Any] | None:
    """The split for the places that are filled, companies by key; None where nobody takes the rest.

    A step whose every company is missing is left out.
    """
    if split.get("residual") not in filled:
        return None
    kept: dict[str, Any] = {**split, "residual": filled[split["residual"]]}
    for section in ("line_steps", "contract_steps", "bearers", "terms"):
        steps = [_step(step, filled) for step in split.get(section, [])]
        if section in split:
            kept[section] = [step for step in steps if step is not None]
    return kept


def _step(step: Mapping[str, Any], filled: Mapping[str, int]) -> dict[str, Any] | None:
    made = dict(step)
    if "party" in step:
        if step["party"] not in filled:
            return None
        made["party"] = filled[step["party"]]
    if "parts" in step:
        made["parts"] = [
            {**part, "party": filled[part["party"]]} for part in step["parts"]
            if part["party"] in filled
        ]  # fmt: skip
        if not made["parts"]:
            return None
    return made

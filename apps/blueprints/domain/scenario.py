"""The form of a scenario file: companies, people, types, assets, profiles and contracts in one YAML.

`parse` gives a `Scenario` or raises `ScenarioError` with every line that is wrong. Plain values: what
they mean is judged by the operations that take them.
"""

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

from apps.blueprints.domain.blueprint import BlueprintPart
from apps.blueprints.domain.terms import Code, ContractPart, DeclaredPart, Slug, Text

Position = Literal["director", "finance", "operations", "technician", "viewer"]


class CompanyPart(Struct, forbid_unknown_fields=True, frozen=True):
    """A tenant; `slug` is its address name."""

    slug: Slug
    name: Text
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    street: str = ""
    postcode: str = ""
    city: str = ""
    vat_id: str = ""
    email: str = ""
    tax_number: str = ""
    register_entry: str = ""
    contact_name: str = ""
    phone: str = ""
    e_address: str = ""
    language: Literal["en", "de"] = "en"
    time_zone: str = "Europe/Berlin"
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "EUR"


class PersonPart(Struct, forbid_unknown_fields=True, frozen=True):
    """A person and their position in one company; list them again for a second company."""

    email: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$")]
    name: Text
    company: Slug
    position: Position
    language: Literal["en", "de"] = "en"
    password: str | None = None


class ChannelPart(Struct, forbid_unknown_fields=True, frozen=True):
    """One channel of an asset type; rates per hour in the channel's unit.

    `formula`: what it is derived from, such as `time_above(current, 1)`. `usage_unit`: what its
    meter's factor turns a counted unit into.
    """

    code: Code
    title: Text
    kind: Literal["counter", "delta", "gauge", "state"]
    unit: Annotated[str, Meta(min_length=1, max_length=20)]
    register_size: Decimal | None = None
    restarts_from_zero: bool = False
    max_rate_per_hour: Decimal | None = None
    expected_interval_seconds: Annotated[int, Meta(gt=0)] | None = None
    formula: Annotated[str, Meta(max_length=1000)] = ""
    formula_step: Decimal | None = None
    formula_hold_seconds: Annotated[int, Meta(gt=0)] | None = None
    formula_since: datetime.date | None = None
    mark: Literal["", "secret", "personal"] = ""
    usage_unit: Annotated[str, Meta(max_length=20)] = ""


RoleName = Literal[
    "manufacturer", "owner", "provider", "customer", "maintenance", "supplier", "integrator",
    "marketplace", "platform",
]  # fmt: skip


class MemberPart(Struct, forbid_unknown_fields=True, frozen=True):
    """A company and the roles it plays; with `joined` false it is asked and has not answered."""

    company: Slug
    roles: Annotated[list[RoleName], Meta(min_length=1)]
    joined: bool = True


class NetworkPart(Struct, forbid_unknown_fields=True, frozen=True):
    """A value network; its founder stands among the members with its own roles."""

    founder: Slug
    name: Text
    members: list[MemberPart]
    purpose: Annotated[str, Meta(max_length=500)] = ""
    members_meet: bool = False


class ProfileTextPart(Struct, forbid_unknown_fields=True, frozen=True):
    """What a company tells its partners about itself; `shown`: which of its facts it shows them."""

    company: Slug
    about: Annotated[str, Meta(max_length=1000)] = ""
    website: Annotated[str, Meta(max_length=200)] = ""
    shown: list[Literal["address", "contact", "email", "phone", "vat_id", "register"]] = []


class TypePart(Struct, forbid_unknown_fields=True, frozen=True):
    """A kind of asset of one company. `positions`: lines as the form takes them, `code; title`."""

    company: Slug
    name: Text
    channels: list[ChannelPart] = []
    manufacturer: str = ""
    description: str = ""
    is_component: bool = False
    positions: list[Text] = []


class AssetPart(Struct, forbid_unknown_fields=True, frozen=True):
    """One asset; the other companies are address names."""

    company: Slug
    type: Text
    name: Text
    serial: Annotated[str, Meta(min_length=1, max_length=80)]
    site: str = ""
    manufacturer: Slug | None = None
    owner: Slug | None = None
    provider: Slug | None = None
    customer: Slug | None = None
    in_service_on: datetime.date | None = None


class MountingPart(Struct, forbid_unknown_fields=True, frozen=True):
    """A component on a host of one company's, both by serial number; instants with their offset.

    `value`: what the host's counter showed then; left out where nobody read it.
    """

    company: Slug
    component: Annotated[str, Meta(min_length=1, max_length=80)]
    host: Annotated[str, Meta(min_length=1, max_length=80)]
    position: Annotated[str, Meta(min_length=1, max_length=20)]
    mounted_at: str
    mounted_value: Decimal | None = None
    dismounted_at: str | None = None
    dismounted_value: Decimal | None = None


class MeterPart(Struct, forbid_unknown_fields=True, frozen=True):
    """The meter behind a channel from an instant on; without one from the beginning. See meters.md."""

    company: Slug
    asset: Annotated[str, Meta(min_length=1, max_length=80)]
    channel: Code
    reason: Annotated[str, Meta(min_length=1, max_length=200)]
    since: str | None = None
    serial: Annotated[str, Meta(max_length=80)] = ""
    accuracy_class: Annotated[str, Meta(max_length=40)] = ""
    verified_until: datetime.date | None = None
    factor: Decimal | None = None


class ProfilePart(Struct, forbid_unknown_fields=True, frozen=True):
    """A saved mapping profile for file imports."""

    company: Slug
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    mapping: dict[str, Any]


class IndexValuePart(Struct, forbid_unknown_fields=True, frozen=True):
    """A published value, as text, for a month 2026-03, quarter 2026-Q1 or year 2026."""

    reference: str
    value: str
    published_on: datetime.date


class PriceIndexPart(Struct, forbid_unknown_fields=True, frozen=True):
    """A series that plans of the company's contracts may follow."""

    company: Slug
    code: str
    name: Text
    source: str = ""
    values: list[IndexValuePart] = []


class Scenario(Struct, forbid_unknown_fields=True, frozen=True):
    """A whole file. Sections may be missing; what stands is added, nothing is ever removed."""

    format: Literal[1]
    # Of a blueprint alone: what it is. Its companies are places that a wizard fills.
    blueprint: BlueprintPart | None = None
    companies: list[CompanyPart] = []
    acquaintances: list[Annotated[list[Slug], Meta(min_length=2, max_length=2)]] = []
    people: list[PersonPart] = []
    networks: list[NetworkPart] = []
    profiles: list[ProfileTextPart] = []
    asset_types: list[TypePart] = []
    assets: list[AssetPart] = []
    mountings: list[MountingPart] = []
    meters: list[MeterPart] = []
    import_profiles: list[ProfilePart] = []
    price_indices: list[PriceIndexPart] = []
    contracts: list[ContractPart] = []
    declared_readings: list[DeclaredPart] = []


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and in which line (from 1)."""

    line: int
    where: str
    reason: str

    def __str__(self) -> str:
        place = f"line {self.line}" + (f", {self.where}" if self.where else "")
        return f"{place}: {self.reason}"


class ScenarioError(ValueError):
    """The file cannot be used; `faults` says why, line by line."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


class Lines:
    """Finds the line of a path such as `contracts[2].plan`."""

    def __init__(self, root: yaml.Node | None) -> None:
        self.root = root

    def of(self, path: str) -> int:
        node, line = self.root, 1
        for part in re.findall(r"[\w-]+", path):
            child = _child(node, part)
            if child is None:
                break
            node, line = child[1], child[0]
        return line


def _child(node: yaml.Node | None, part: str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
        found = node.value[int(part)]
        return found.start_mark.line + 1, found
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key.start_mark.line + 1, value
    return None


class _TextLoader(yaml.SafeLoader):
    """Leaves numbers as their text: a price must never pass through a float."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if not tag.endswith((":float", ":timestamp"))]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(text: str) -> tuple[Scenario, Lines]:
    """The scenario of a YAML text and a finder of lines; raises ScenarioError."""
    try:
        root = yaml.compose(text, Loader=_TextLoader)
        content = yaml.load(text, Loader=_TextLoader)  # noqa: S506 (a safe loader, narrowed)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise ScenarioError([Fault(line, "", f"not YAML: {_problem(error)}")]) from None
    lines = Lines(root)
    return _converted(content, lines), lines


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]


def _converted(content: Any, lines: Lines) -> Scenario:
    if not isinstance(content, dict):
        raise ScenarioError([Fault(1, "", "the file must be a mapping with a key `format`")])
    faults = _faults_by_part(content, lines)
    if faults:
        raise ScenarioError(faults)
    try:
        return msgspec.convert(content, Scenario, strict=False)
    except msgspec.ValidationError as error:
        raise ScenarioError([_fault(str(error), "", lines)]) from None


PARTS: dict[str, Any] = {
    "companies": CompanyPart,
    "people": PersonPart,
    "networks": NetworkPart,
    "profiles": ProfileTextPart,
    "asset_types": TypePart,
    "assets": AssetPart,
    "mountings": MountingPart,
    "meters": MeterPart,
    "import_profiles": ProfilePart,
    "price_indices": PriceIndexPart,
    "contracts": ContractPart,
    "declared_readings": DeclaredPart,
}


def _faults_by_part(content: dict[str, Any], lines: Lines) -> list[Fault]:
    """One fault per element of each section, so that a reader sees all at once."""
    faults = []
    for section, part in PARTS.items():
        elements = content.get(section) or []
        for index, element in enumerate(elements if isinstance(elements, list) else []):
            try:
                msgspec.convert(element, part, strict=False)
            except msgspec.ValidationError as error:
                faults.append(_fault(str(error), f"{section}[{index}]", lines))
    return faults


def _fault(message: str, base: str, lines: Lines) -> Fault:
    reason, _, path = message.partition(" - at `$")
    where = (base + path.rstrip("`")).lstrip(".")
    missing = re.search(r"unknown field `(\w+)`", reason)
    line = lines.of(f"{where}.{missing[1]}" if missing else where)
    return Fault(line, where, reason)

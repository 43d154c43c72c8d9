"""Loads a scenario: adds what is missing, leaves what stands, removes nothing.

Every part is looked up before it is made, so that loading twice changes nothing. A part that cannot be
made stops the load with its line; what its company already committed stays and is found the next time.
Needs the operations login, because companies are opened.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.operations import add_membership, create_person
from apps.assets.domain.facts import AssetFacts
from apps.assets.models import Asset, AssetType
from apps.assets.operations import register_assets
from apps.blueprints.domain.scenario import (
    AssetPart,
    CompanyPart,
    Fault,
    Lines,
    MeterPart,
    MountingPart,
    NetworkPart,
    PersonPart,
    PriceIndexPart,
    ProfilePart,
    ProfileTextPart,
    Scenario,
    ScenarioError,
    TypePart,
)
from apps.blueprints.domain.terms import ContractPart, DataPart, DeclaredPart
from apps.blueprints.operations.agreements import load_contract
from apps.blueprints.operations.carrying import load_mounting
from apps.blueprints.operations.joining import ACTOR, load_network
from apps.blueprints.operations.places import place_of
from apps.blueprints.operations.reading import load_declared, load_meter
from apps.blueprints.operations.registering import register_type
from apps.blueprints.operations.sharing import load_split, with_keys
from apps.contracts.domain.clause import ClauseEntry
from apps.contracts.domain.index_file import line_problems, published_value
from apps.contracts.models import PriceIndexSeries
from apps.contracts.operations import add_series, add_values
from apps.events.operations import run_waiting_jobs
from apps.networks.operations import save_profile
from apps.networks.queries import profile_of
from apps.subscriptions.operations import agree_plan
from apps.subscriptions.queries import largest_plan
from apps.telemetry.domain import mapping as profiles
from apps.telemetry.models import ImportProfile
from apps.tenancy.context import company_context
from apps.tenancy.models import Company
from apps.tenancy.operations import make_acquaintance, open_company
from apps.tenancy.queries import company_by_slug


@dataclass(slots=True)
class Outcome:
    """How many parts of each section were made, and how many stood already."""

    made: dict[str, int] = field(default_factory=dict)
    stood: dict[str, int] = field(default_factory=dict)

    def count(self, section: str, made: bool) -> None:
        counter = self.made if made else self.stood
        counter[section] = counter.get(section, 0) + 1


Progress = Callable[[str], None]


@dataclass(slots=True)
class Load:
    """One load under way."""

    scenario: Scenario
    lines: Lines
    now: datetime
    outcome: Outcome = field(default_factory=Outcome)

    def company(self, slug: str) -> Company:
        found = company_by_slug(slug)
        if found is None:
            raise ValidationError(_("There is no company “%(slug)s”."), params={"slug": slug})
        return found

    @contextmanager
    def part(self, where: str) -> Iterator[None]:
        """Whatever is refused inside is told with the line of this part."""
        try:
            with transaction.atomic():
                yield
        except ValidationError as error:
            place = place_of(error)
            within = f"{where}.{place}" if place else where
            reason = " ".join(error.messages)
            raise ScenarioError([Fault(self.lines.of(within), within, reason)]) from error


def load_scenario(
    *, scenario: Scenario, lines: Lines, now: datetime, progress: Progress | None = None
) -> Outcome:
    """Load every section in order. Raises ScenarioError with line and reason."""
    if scenario.blueprint is not None:
        line = lines.of("blueprint")
        reason = _("this is a blueprint; take it in on the page of blueprints")
        raise ScenarioError([Fault(line, "blueprint", reason)])
    load = Load(scenario, lines, now)
    say = progress or (lambda _text: None)
    for section, step in STEPS.items():
        parts = getattr(scenario, section)
        if parts:
            say(f"{section}: {len(parts)}")
        for index, part in enumerate(parts):
            with load.part(f"{section}[{index}]"):
                load.outcome.count(section, step(load, part))
        if section == "mountings":
            _work_in_mountings(load)
    return load.outcome


def _work_in_mountings(load: Load) -> None:
    """Readings and orders that follow from them, each in its company and a transaction of its own."""
    named = {part.company for part in load.scenario.assets}
    named |= {part.company for part in load.scenario.mountings}
    for slug in sorted(named):
        with company_context(load.company(slug)):
            run_waiting_jobs(now=load.now)


def _company(load: Load, part: CompanyPart) -> bool:
    """With the largest plan by agreement: a story is not held up by limits."""
    before = company_by_slug(part.slug)
    fields = {name: getattr(part, name) for name in part.__struct_fields__}
    company = open_company(now=load.now, **fields)
    if before is None:
        with company_context(company):
            agree_plan(plan=largest_plan(), now=load.now, actor=ACTOR)
    return before is None


def _acquaintance(load: Load, pair: list[str]) -> bool:
    one, other = load.company(pair[0]), load.company(pair[1])
    with company_context(one):
        return make_acquaintance(other=other, now=load.now).made_at == load.now


def _person(load: Load, part: PersonPart) -> bool:
    company = load.company(part.company)
    before = User.objects.filter(email=part.email.lower()).exists()
    person = create_person(
        email=part.email,
        name=part.name,
        language=part.language,
        password=part.password,
        now=load.now,
    )
    with company_context(company):
        add_membership(user=person, position=part.position, now=load.now)
    return not before


def _network(load: Load, part: NetworkPart) -> bool:
    members = {member.company: load.company(member.company) for member in part.members}
    return load_network(
        part=part, founder=load.company(part.founder), members=members, now=load.now
    )


def _company_profile(load: Load, part: ProfileTextPart) -> bool:
    with company_context(load.company(part.company)) as company:
        if profile_of(company.pk) is not None:
            return False
        save_profile(
            about=part.about, website=part.website, shown=part.shown, now=load.now, actor=ACTOR
        )
    return True


def _asset_type(load: Load, part: TypePart) -> bool:
    with company_context(load.company(part.company)):
        return register_type(part=part, now=load.now)


def _mounting(load: Load, part: MountingPart) -> bool:
    with company_context(load.company(part.company)):
        return load_mounting(part=part, now=load.now)


def _meter(load: Load, part: MeterPart) -> bool:
    with company_context(load.company(part.company)):
        return load_meter(part=part, now=load.now)


def _declared(load: Load, part: DeclaredPart) -> bool:
    with company_context(load.company(part.customer)):
        return load_declared(part=part, now=load.now)


def _asset(load: Load, part: AssetPart) -> bool:
    with company_context(load.company(part.company)) as company:
        kind = AssetType.objects.written_by(company).filter(name=part.type).first()
        if kind is None:
            raise ValidationError(
                _("There is no asset type “%(name)s” here."), params={"name": part.type}
            )
        if Asset.objects.written_by(company).filter(asset_type=kind, serial=part.serial).exists():
            return False
        register_assets(assets=[_facts(load, part, kind)], now=load.now)
    return True


def _facts(load: Load, part: AssetPart, kind: AssetType) -> AssetFacts:
    roles: dict[str, Any] = {
        role: load.company(slug).pk
        for role in ("manufacturer", "owner", "provider", "customer")
        if (slug := getattr(part, role))
    }
    return AssetFacts(
        asset_type=kind.pk,
        name=part.name,
        serial=part.serial,
        site=part.site,
        in_service_on=part.in_service_on,
        **roles,
    )


def _profile(load: Load, part: ProfilePart) -> bool:
    try:
        profiles.from_dict(part.mapping)
    except profiles.BadMapping as error:
        raise ValidationError(str(error)) from error
    with company_context(load.company(part.company)):
        _profile_row, made = ImportProfile.objects.get_or_create(
            name=part.name, defaults={"mapping": part.mapping, "changed_at": load.now}
        )
    return made


def _price_index(load: Load, part: PriceIndexPart) -> bool:
    values = [(item.reference, item.value, item.published_on.isoformat()) for item in part.values]
    for cells in values:
        for reason, text in line_problems(list(cells)):
            raise ValidationError(f"{reason}: {text}")
    with company_context(load.company(part.company)) as company:
        series = PriceIndexSeries.objects.written_by(company).filter(code=part.code).first()
        made = series is None
        if series is None:
            series = add_series(code=part.code, name=part.name, source=part.source, now=load.now)
        published = [published_value(*cells) for cells in values]
        return bool(add_values(series=series, values=published, now=load.now)) or made


def _contract(load: Load, part: ContractPart) -> bool:
    provider, customer = load.company(part.provider), load.company(part.customer)
    clause = [_recipient(load, row) for row in part.data]
    made = load_contract(
        part=part, provider=provider, customer=customer, now=load.now, clause=clause
    )
    if part.split is None:
        return made
    split = with_keys(part.split, lambda slug: load.company(slug).pk)
    return load_split(part=part, split=split, provider=provider, now=load.now) or made


def _recipient(load: Load, part: DataPart) -> ClauseEntry:
    company = load.company(part.company)
    return ClauseEntry(
        company.pk, company.name, part.kind, tuple(part.channels), part.resolution, part.purpose,
        part.revocable,
    )  # fmt: skip


STEPS: dict[str, Callable[[Load, Any], bool]] = {
    "companies": _company,
    "acquaintances": _acquaintance,
    "people": _person,
    "networks": _network,
    "profiles": _company_profile,
    "asset_types": _asset_type,
    "assets": _asset,
    "mountings": _mounting,
    "meters": _meter,
    "import_profiles": _profile,
    "price_indices": _price_index,
    "contracts": _contract,
    "declared_readings": _declared,
}

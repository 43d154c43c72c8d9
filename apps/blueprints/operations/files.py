"""Blueprints as files: taken in from another portal, written from a network that stands."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.assets.domain.positions import PositionRule
from apps.assets.models import AssetType
from apps.blueprints.domain.scenario import ChannelPart, ScenarioError
from apps.blueprints.models import OwnBlueprint
from apps.blueprints.queries import read_blueprint
from apps.common.canonical import digest
from apps.common.quantity import canonical
from apps.contracts.domain.clause import ClauseEntry
from apps.contracts.models import Contract, ContractItem, PlanVersion, SplitVersion
from apps.contracts.queries.networks import contracts_in
from apps.events.operations import record
from apps.networks.models import Participation, Role, ValueNetwork
from apps.networks.queries import OPEN, members_of
from apps.pricing.plan import PricePlan
from apps.pricing.registry import PlanError
from apps.tenancy.context import current_company

LARGEST = 200_000
_TERMS = (
    "period_kind", "tax_category", "payment_days", "corrections",
)  # fmt: skip


@transaction.atomic
def take_in_blueprint(*, content: bytes, now: datetime, actor: Any) -> OwnBlueprint:
    """Keep a blueprint file for the own company. The same file again is the one there is.

    Raises ValidationError with every fault and its line.
    """
    text = _decoded(content)
    try:
        found = read_blueprint(text)
        for contract in found.contracts:
            PricePlan.from_dict(contract.plan)
    except ScenarioError as error:
        raise ValidationError([str(fault) for fault in error.faults]) from error
    except PlanError as error:
        raise ValidationError(_("A price plan cannot be used: %s") % error) from error
    except ValueError as error:
        raise ValidationError(_("This is no blueprint: %s") % error) from error
    company = current_company()
    row: OwnBlueprint
    row, made = OwnBlueprint.objects.get_or_create(
        author=company, text_sha256=digest(text),
        defaults={
            "parties": [company.pk], "name": found.head.name.en[:120], "text": text,
            "taken_in_at": now,
        },
    )  # fmt: skip
    if made:
        record(action="blueprint_taken_in", subject=row.public_id, now=now, actor=actor)
    return row


def _decoded(content: bytes) -> str:
    if len(content) > LARGEST:
        raise ValidationError(_("The file is larger than %(most)s kB.") % {"most": LARGEST // 1000})
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ValidationError(_("The file is not text in UTF-8.")) from None


def written_blueprint(network: ValueNetwork) -> str:
    """A network that stands as a blueprint: places instead of companies, no asset, no reading.

    Contracts and types are those the current company wrote.
    """
    members = [row for row in members_of(network) if row.state in OPEN]
    places = _places(network, members)
    contracts = list(contracts_in(network.pk).filter(author=current_company()).order_by("id"))
    kept = [row for row in contracts if {row.author_id, row.customer_id} <= set(places)]
    content = {
        "format": 1,
        "blueprint": _head(network, places, members, kept),
        "networks": [{
            "founder": places[network.author_id], "name": network.name,
            "purpose": network.purpose, "members_meet": network.members_meet,
            "members": [
                {"company": place, "roles": _roles(members, key)} for key, place in places.items()
            ],
        }],
        "asset_types": [_type(kind, places) for kind in _types(kept)],
        "contracts": [_contract(contract, places) for contract in kept],
    }  # fmt: skip
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)


def _places(network: ValueNetwork, members: Sequence[Participation]) -> dict[int, str]:
    """By company a place named after its first role; the founder's first."""
    places: dict[int, str] = {}
    for row in sorted(members, key=lambda row: row.company_id != network.author_id):
        if row.company_id in places:
            continue
        again = sum(1 for place in places.values() if place.split("-")[0] == row.role)
        places[row.company_id] = row.role if not again else f"{row.role}-{again + 1}"
    return places


def _roles(members: Iterable[Participation], company: int) -> list[str]:
    return sorted({row.role for row in members if row.company_id == company})


def _both(text: Any) -> dict[str, str]:
    with override("en"):
        english = str(text)
    with override("de"):
        return {"en": english, "de": str(text)}


def _head(
    network: ValueNetwork, places: Mapping[int, str], members: Sequence[Participation],
    contracts: Sequence[Contract],
) -> dict[str, Any]:  # fmt: skip
    roles = {key: _roles(members, key)[0] for key in places}
    words = {key: _both(Role(role).label) for key, role in roles.items()}
    name, purpose = network.name, network.purpose or network.name
    return {
        "name": {"en": name, "de": name}, "summary": {"en": purpose, "de": purpose},
        "places": [
            {"place": place, "name": words[key], "what": words[key]}
            for key, place in places.items()
        ],
        "flows": [
            {"kind": kind, "source": places[source], "target": places[target],
             "what": {"en": contract.title, "de": contract.title}}
            for contract in contracts
            for kind, source, target in (
                ("service", contract.author_id, contract.customer_id),
                ("money", contract.customer_id, contract.author_id),
            )
        ],
    }  # fmt: skip


def _types(contracts: Sequence[Contract]) -> list[AssetType]:
    assets = ContractItem.objects.filter(contract__in=contracts).values("asset")
    own = AssetType.objects.written_by(current_company()).filter(assets__in=assets)
    return list(own.distinct().prefetch_related("channels"))


def _type(kind: AssetType, places: Mapping[int, str]) -> dict[str, Any]:
    return {
        "company": places[kind.author_id], "name": kind.name, "manufacturer": kind.manufacturer,
        "description": kind.description, "is_component": kind.is_component,
        "positions": [PositionRule.from_dict(position).line() for position in kind.positions],
        "channels": [
            {
                name: _plain(getattr(channel, name)) for name in ChannelPart.__struct_fields__
                if getattr(channel, name) not in (None, "", False)
            }
            for channel in kind.channels.all()
        ],
    }  # fmt: skip


def _plain(value: Any) -> Any:
    return canonical(value) if hasattr(value, "as_tuple") else value


def _contract(contract: Contract, places: Mapping[int, str]) -> dict[str, Any]:
    terms = {name: getattr(contract, name) for name in _TERMS}
    terms["period"] = terms.pop("period_kind")
    plan = PlanVersion.objects.filter(contract=contract).order_by("number").last()
    items = ContractItem.objects.filter(contract=contract).select_related("asset")
    written = {
        "provider": places[contract.author_id], "customer": places[contract.customer_id],
        "title": contract.title, "currency": contract.currency, **terms,
        "covers": _covers(items), "plan": plan.plan if plan else {},
    }  # fmt: skip
    if contract.notice:
        written["notice"] = dict(contract.notice)
    if contract.service:
        written["service"] = dict(contract.service)
    data = [_recipient(entry, places) for entry in contract.clause if entry.company in places]
    if data:
        written["data"] = data
    split = SplitVersion.objects.filter(contract=contract).order_by("number").last()
    if split is not None and set(split.value.parties) <= set(places):
        written["split"] = _named(split.value.to_dict(), places)
    return written


def _recipient(entry: ClauseEntry, places: Mapping[int, str]) -> dict[str, Any]:
    return {
        "company": places[entry.company], "purpose": entry.purpose,
        "channels": list(entry.channels), "resolution": entry.resolution,
        "revocable": entry.revocable,
    }  # fmt: skip


def _covers(items: Iterable[ContractItem]) -> list[dict[str, Any]]:
    """Each type's channel once; only types the reader can open have a name here."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for item in items:
        key = (item.asset.type_name, item.channel_code, item.meter)
        if item.measure is None:
            found[key] = {
                "type": key[0], "channel": key[1], "meter": key[2],
                "follows_host": item.follows_host,
            }  # fmt: skip
    return list(found.values())


def _named(value: Any, places: Mapping[int, str]) -> Any:
    if isinstance(value, Mapping):
        return {
            name: places[item] if name in ("party", "residual") and item is not None
            else _named(item, places)
            for name, item in value.items()
        }  # fmt: skip
    return [_named(item, places) for item in value] if isinstance(value, list) else value

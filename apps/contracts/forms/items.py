"""Covered channels: an asset's channel under a meter code."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.assets.models import Asset, TypeChannel
from apps.assets.queries import host_counters, own_components
from apps.contracts.domain.facts import ItemFacts
from apps.contracts.models import Contract, ContractItem
from apps.tenancy.context import current_company

MOST_ROWS = 500
MOST_CHOICES = 500
_BILLED = ("counter", "delta")


class ItemForm(forms.Form):
    """One covered channel."""

    covered = forms.ChoiceField(label=_("Asset and channel"))
    meter = forms.RegexField(
        r"^[a-z][a-z0-9_-]{0,39}$", label=_("Meter"), required=False, max_length=40,
        help_text=_("The name charges use. Empty: the channel's code."),
        error_messages={"invalid": _("Use lower-case letters, digits, hyphens and underscores.")},
    )  # fmt: skip

    def __init__(self, *args: Any, choices: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["covered"].choices = [("", "–"), *choices]  # type: ignore[attr-defined]

    def facts(self) -> ItemFacts:
        asset, code, *host = self.cleaned_data["covered"].split(":")
        meter = self.cleaned_data["meter"] or code.replace(".", "_")
        return ItemFacts(UUID(asset), code, meter, follows_host=bool(host))


ItemFormSet = forms.formset_factory(
    ItemForm, extra=0, can_delete=True, max_num=MOST_ROWS, absolute_max=MOST_ROWS
)


def covered_choices(chosen: Iterable[str] = ()) -> list[tuple[str, str]]:
    """(asset:channel, label) of counters and amounts of the assets the company may cover; of a
    component (asset:channel:host, label) of what its hosts count.

    The first MOST_CHOICES by name, and what is `chosen` already. Six queries at most.
    """
    channels: dict[UUID, list[TypeChannel]] = {}
    for row in TypeChannel.objects.filter(kind__in=_BILLED).order_by("code"):
        channels.setdefault(row.asset_type_id, []).append(row)
    company = current_company()
    assets = Asset.objects.filter(
        Q(author=company) | Q(provider=company) | Q(owner=company) | Q(manufacturer=company),
        asset_type__in=list(channels),
    ).order_by("name", "serial")
    choices = dict(_choices(assets[:MOST_CHOICES], channels)[:MOST_CHOICES])
    missing = {value.partition(":")[0] for value in chosen if value and value not in choices}
    kept = assets.filter(pk__in=[key for key in missing if _is_key(key)]) if missing else ()
    found = choices | dict(_choices(kept, channels))
    return [*found.items(), *_component_choices(missing)]


def _component_choices(wanted: Iterable[str]) -> list[tuple[str, str]]:
    """Own components by name with each counter of their hosts, and those `wanted` already."""
    counters = host_counters()
    if not counters:
        return []
    own = own_components().order_by("name", "serial")
    kept = own.filter(pk__in=[key for key in wanted if _is_key(key)])
    assets = {asset.pk: asset for asset in [*own[:MOST_CHOICES], *kept]}
    return [
        (f"{asset.pk}:{row.code}:host",
         _("%(name)s · %(serial)s · %(counter)s of its host")
         % {"name": asset.name, "serial": asset.serial, "counter": row.title})
        for asset in assets.values()
        for row in counters
    ]  # fmt: skip


def _choices(
    assets: Iterable[Asset], channels: Mapping[UUID, Sequence[TypeChannel]]
) -> list[tuple[str, str]]:
    return [
        (f"{asset.pk}:{row.code}", f"{asset.name} · {asset.serial} · {row.title}")
        for asset in assets
        for row in channels.get(asset.asset_type_id, [])
    ]


def _is_key(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def item_initial(contract: Contract | None) -> list[dict[str, str]]:
    if contract is None:
        return [{}]
    rows = ContractItem.objects.filter(contract=contract)
    return [
        {
            "covered": f"{row.asset_id}:{row.channel_code}{':host' if row.follows_host else ''}",
            "meter": row.meter,
        }
        for row in rows
    ]


def items_of(formset: Any) -> list[ItemFacts]:
    """Facts of the rows that stay. Rows without a choice are left out."""
    return [
        form.facts()
        for form in formset.forms
        if form.cleaned_data and not form.cleaned_data.get("DELETE")
    ]

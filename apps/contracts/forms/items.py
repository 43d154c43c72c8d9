"""Covered channels: an asset's channel under a meter code."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.assets.domain.mounting import HostCounter
from apps.assets.models import Asset, TypeChannel
from apps.assets.queries import host_counters, own_components
from apps.contracts.domain.facts import ItemFacts
from apps.contracts.forms.counting import CountingFields, counting_initial
from apps.contracts.forms.groups import GroupFields, group_initial
from apps.contracts.forms.measures import MeasureFields, measure_initial
from apps.contracts.forms.sources import SourceFields, source_initial
from apps.contracts.models import Contract, ContractItem
from apps.tenancy.context import current_company

MOST_ROWS = 500
MOST_CHOICES = 100
# From as many on one looks for a channel instead of reading the list.
SEARCHED_FROM = 15


class ItemForm(SourceFields, MeasureFields, CountingFields, GroupFields):
    """One covered channel. `find` narrows what is offered and is not kept."""

    find = forms.CharField(
        label=_("Search an asset or channel"), required=False, max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )  # fmt: skip
    covered = forms.ChoiceField(label=_("Asset and channel"))
    meter = forms.RegexField(
        r"^[a-z][a-z0-9_-]{0,39}$", label=_("Meter"), required=False, max_length=40,
        help_text=_("The name charges use. Empty: the channel's code."),
        error_messages={"invalid": _("Use lower-case letters, digits, hyphens and underscores.")},
    )  # fmt: skip

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.searchable = len(choices) >= SEARCHED_FROM
        text = self.data.get(self.add_prefix("find"), "").strip() if self.is_bound else ""
        if text:
            chosen = self.data.get(self.add_prefix("covered"), "")
            choices, self.searchable = covered_choices([chosen], text), True
        self.fields["covered"].choices = [("", "–"), *choices]  # type: ignore[attr-defined]

    def facts(self) -> ItemFacts:
        asset, code, *host = self.cleaned_data["covered"].split(":")
        meter = self.cleaned_data["meter"] or code.replace(".", "_")
        return ItemFacts(
            UUID(asset), code, meter, follows_host=bool(host), measure=self.measure(),
            counting=self.counting(), group=self.cleaned_data.get("group"),
            starts_on=self.cleaned_data.get("item_starts_on"),
            ends_on=self.cleaned_data.get("item_ends_on"), meter_terms=self.terms(),
        )  # fmt: skip


ItemFormSet = forms.formset_factory(
    ItemForm, extra=0, can_delete=True, max_num=MOST_ROWS, absolute_max=MOST_ROWS
)


def covered_choices(chosen: Iterable[str] = (), text: str = "") -> list[tuple[str, str]]:
    """(asset:channel, label) of the channels of the assets the company may cover; of a component
    (asset:channel:host, label) of what its hosts count.

    The first MOST_CHOICES by name whose label has every word of `text`, and what is `chosen`
    already. Six queries at most.
    """
    words = text.casefold().split()
    channels: dict[UUID, list[TypeChannel]] = {}
    for row in TypeChannel.objects.order_by("code"):
        channels.setdefault(row.asset_type_id, []).append(row)
    company = current_company()
    assets = Asset.objects.filter(
        Q(author=company) | Q(provider=company) | Q(owner=company) | Q(manufacturer=company),
        asset_type__in=list(channels),
    ).order_by("name", "serial")
    near = assets.filter(*[_may_have(word, channels) for word in words])
    found = _with_words(_choices(near[:MOST_CHOICES], channels), words)
    choices = dict(found[:MOST_CHOICES])
    wanted = {value for value in chosen if value}
    missing = {value.partition(":")[0] for value in wanted - set(choices)}
    kept = assets.filter(pk__in=[key for key in missing if _is_key(key)]) if missing else ()
    offered = choices | {
        key: label for key, label in _choices(kept, channels) if not words or key in wanted
    }
    return [*offered.items(), *_component_choices(wanted, missing, words)]


def _may_have(word: str, channels: Mapping[UUID, Sequence[TypeChannel]]) -> Q:
    """Assets of which a label can have the word."""
    named = [kind for kind, rows in channels.items()
             if any(word in row.title.casefold() for row in rows)]  # fmt: skip
    return Q(name__icontains=word) | Q(serial__icontains=word) | Q(asset_type__in=named)


def _with_words(
    choices: Iterable[tuple[str, str]], words: Sequence[str], kept: Collection[str] = ()
) -> list[tuple[str, str]]:
    return [
        (key, label) for key, label in choices
        if key in kept or all(word in label.casefold() for word in words)
    ]  # fmt: skip


def _component_choices(
    chosen: Collection[str], wanted: Iterable[str], words: Sequence[str]
) -> list[tuple[str, str]]:
    """Own components by name with each counter of their hosts, and those `wanted` already."""
    counters = host_counters()
    if not counters:
        return []
    own = own_components().order_by("name", "serial")
    kept = own.filter(pk__in=[key for key in wanted if _is_key(key)])
    titles = " ".join(row.title.casefold() for row in counters)
    named = [word for word in words if word not in titles]
    near = own.filter(*[Q(name__icontains=word) | Q(serial__icontains=word) for word in named])
    assets = {asset.pk: asset for asset in [*near[:MOST_CHOICES], *kept]}
    return _with_words(_counted_of_hosts(assets.values(), counters), words, chosen)


def _counted_of_hosts(
    assets: Iterable[Asset], counters: Sequence[HostCounter]
) -> list[tuple[str, str]]:
    return [
        (f"{asset.pk}:{row.code}:host",
         _("%(name)s · %(serial)s · %(counter)s of its host")
         % {"name": asset.name, "serial": asset.serial, "counter": row.title})
        for asset in assets
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


def item_initial(contract: Contract | None) -> list[dict[str, Any]]:
    if contract is None:
        return [{}]
    rows = ContractItem.objects.filter(contract=contract)
    return [
        {
            "covered": f"{row.asset_id}:{row.channel_code}{':host' if row.follows_host else ''}",
            "meter": row.meter,
            **measure_initial(row),
            **counting_initial(row),
            **group_initial(row),
            **source_initial(row),
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

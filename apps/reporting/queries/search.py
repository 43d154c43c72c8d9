"""The search over pages, assets, contracts and invoices of the own company."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.assets.models import Asset
from apps.billing.models import Invoice
from apps.common import ids, navigation
from apps.contracts.models import Contract

MOST = 6


@dataclass(frozen=True, slots=True)
class Hit:
    title: str
    detail: str
    url: str
    icon: str


@dataclass(frozen=True, slots=True)
class Group:
    title: str | Promise
    hits: list[Hit]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One searched model: where to look, who may, and how a hit reads."""

    model: type[Model]
    fields: tuple[str, ...]
    capability: str
    url_name: str
    icon: str
    title: Callable[[], str]
    detail: Callable[[Any], str]


KINDS = (
    _Kind(
        Asset, ("name", "serial", "site"), "view_assets", "asset_detail", "cpu",
        lambda: _("Assets"), lambda asset: f"{asset.type_name} · {asset.serial}",
    ),
    _Kind(
        Contract, ("title", "provider_name", "customer_name"), "view_contracts", "contract_detail",
        "handshake", lambda: _("Contracts"),
        lambda contract: f"{contract.provider_name} → {contract.customer_name}",
    ),
    _Kind(
        Invoice, ("number", "contract__title", "customer__name"), "view_invoices",
        "invoice_detail", "receipt-text", lambda: _("Invoices"),
        lambda invoice: str(invoice.get_state_display()),
    ),
)  # fmt: skip


def search(text: str, capabilities: Collection[str]) -> list[Group]:
    """Groups with at least one hit. An empty text gives the pages alone."""
    groups = [Group(_("Pages"), _pages(text, capabilities))]
    if text:
        groups += [Group(kind.title(), _hits(kind, text)) for kind in KINDS
                   if kind.capability in capabilities]  # fmt: skip
    return [group for group in groups if group.hits]


def _pages(text: str, capabilities: Collection[str]) -> list[Hit]:
    wanted = text.casefold()
    return [
        Hit(str(link.entry.title), str(section), link.url, link.entry.icon)
        for section, links in navigation.everything(capabilities)
        for link in links
        if wanted in f"{link.entry.title} {link.entry.words}".casefold()
    ]


def _hits(kind: _Kind, text: str) -> list[Hit]:
    try:
        return [
            Hit(str(row), kind.detail(row), reverse(kind.url_name, args=[row.public_id]), kind.icon)
            for row in _rows(kind, text)
        ]
    except NoReverseMatch:
        return []


def _rows(kind: _Kind, text: str) -> QuerySet[Any]:
    condition = Q()
    for field in kind.fields:
        condition |= Q(**{f"{field}__icontains": text})
    with suppress(ids.BadId):
        condition |= Q(pk=ids.decode(kind.model.prefix, text.lower()))  # type: ignore[attr-defined]
    return kind.model._default_manager.filter(condition)[:MOST]

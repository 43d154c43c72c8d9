"""What flowed between the companies of a network in a month, from rows the reader's company sees."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Q, QuerySet, Sum, Value
from django.urls import reverse
from django.utils.translation import ngettext

from apps.assets.models import Asset, GrantRead
from apps.billing.models import Invoice, InvoiceLine
from apps.common.ids import encode
from apps.common.period import Period, local_date
from apps.common.templatetags import portal
from apps.contracts.models import Contract
from apps.networks.models import Participation, ValueNetwork
from apps.networks.queries import ACTIVE
from apps.networks.wording import roles_in_words
from apps.reporting.domain.network_map import Flow, Node
from apps.reporting.queries.billed_units import units_billed
from apps.settlement.models import Share

# Figures of one service written beside its arrow; further units are in the contracts.
SHOWN_UNITS = 2


def companies_of(network: ValueNetwork, month: Period) -> list[Node]:
    """Members the reader's company sees, each with its roles: those of today and of the month."""
    roles: dict[int, set[str]] = {}
    names: dict[int, str] = {}
    were = Q(joined_at__lt=month.end, ended_at__gt=month.start)
    rows = Participation.objects.filter(Q(state=ACTIVE) | were, network=network)
    for key, name, role in rows.values_list("company_id", "company_name", "role"):
        roles.setdefault(key, set()).add(role)
        names[key] = name
    return [Node(key, names[key], roles_in_words(roles[key])) for key in sorted(names)]


def latest_billed(network: UUID, since: datetime, until: datetime) -> datetime | None:
    """When the newest period of an issued invoice of the network began, of those that began in between."""
    rows = Invoice.objects.filter(
        contract__network=network, state=Invoice.State.ISSUED, period_start__gte=since,
        period_start__lt=until,
    )  # fmt: skip
    found: datetime | None = rows.aggregate(latest=Max("period_start"))["latest"]
    return found


def flows_between(network: UUID, keys: Sequence[int], month: Period, zone: str) -> list[Flow]:
    """Product, service, data and money of the month, whole days in `zone`; seven queries.

    Service and money are those of contracts of this network; data are read under their grants, or
    under grants without a contract.
    """
    between = Between(
        network, frozenset(keys), month, local_date(month.start, zone),
        local_date(month.end, zone),
    )  # fmt: skip
    return [*between.products(), *between.services(), *between.data(), *between.money()]


@dataclass(frozen=True, slots=True)
class Between:
    """The flows among some companies in one month."""

    network: UUID
    keys: frozenset[int]
    month: Period
    first: date
    until: date

    def products(self) -> Iterator[Flow]:
        """Assets whose maker is another company than who owns them."""
        made = Asset.objects.filter(manufacturer__among=self.keys, owner__among=self.keys)
        pairs = made.exclude(manufacturer=F("owner")).values_list("manufacturer_id", "owner_id")
        for source, target, count in pairs.annotate(count=Count("pk")).order_by():
            text = ngettext("%(count)s asset", "%(count)s assets", count)
            yield Flow("product", source, target, text % {"count": portal.quantity(count)})

    def services(self) -> Iterator[Flow]:
        """Contracts in force in the month, with what was billed of them by unit."""
        rows = Contract.objects.filter(
            Q(ends_on=None) | Q(ends_on__gt=self.first), network=self.network,
            author__among=self.keys, customer__among=self.keys, activated_at__isnull=False,
            starts_on__lt=self.until,
        )  # fmt: skip
        units = units_billed(InvoiceLine.objects.filter(invoice__in=self._invoices()))
        found: dict[tuple[int, int], list[UUID]] = {}
        for author, customer, contract in rows.values_list("author_id", "customer_id", "id"):
            found.setdefault((author, customer), []).append(contract)
        for pair, contracts in found.items():
            yield Flow("service", *pair, self._service_text(contracts, units.get(pair, {})),
                       _contract_url(contracts))  # fmt: skip

    @staticmethod
    def _service_text(contracts: Sequence[UUID], units: Mapping[str, Decimal]) -> str:
        if units:
            rounded = [(quantity.quantize(Decimal(1)), unit) for unit, quantity in units.items()]
            return ", ".join(
                portal.quantity(number, unit) for number, unit in rounded[:SHOWN_UNITS]
            )
        count = len(contracts)
        text = ngettext("%(count)s contract", "%(count)s contracts", count)
        return text % {"count": portal.quantity(count)}

    def data(self) -> Iterator[Flow]:
        """Reads under data grants, from who collects to who read."""
        elsewhere = Contract.objects.exclude(network=self.network).values("pk")
        read = GrantRead.objects.exclude(act=GrantRead.Act.DELIVERED)
        reads = read.exclude(grant__contract_id__in=elsewhere).filter(
            read_at__gte=self.month.start, read_at__lt=self.month.end,
            grant__author__among=self.keys, grant__grantee__among=self.keys,
        )  # fmt: skip
        pairs = reads.values_list("grant__author_id", "grant__grantee_id")
        for source, target, count in pairs.annotate(count=Count("pk")).order_by():
            text = ngettext("%(count)s read", "%(count)s reads", count)
            yield Flow("data", source, target, text % {"count": portal.quantity(count)})

    def money(self) -> Iterator[Flow]:
        """Net of the invoices for the month, credit notes taken off, from who pays to who gets it;
        and what partners have of them."""
        signed = Sum("net_minor", filter=~Q(kind="credit"), default=0) - Sum(
            "net_minor", filter=Q(kind="credit"), default=0
        )
        sums = self._invoices().order_by().annotate(at=Value("invoice_list"))
        paid = sums.values_list("at", "customer_id", "author_id", "currency").annotate(sum=signed)
        texts: dict[tuple[str, int, int], list[str]] = {}
        for *way, currency, minor in paid.union(self._shares(), all=True).order_by("currency"):
            texts.setdefault((way[0], way[1], way[2]), []).append(portal.money(minor, currency))
        # What customers pay comes before what partners have of it.
        for (at, source, target), amounts in sorted(texts.items()):
            yield Flow("money", source, target, ", ".join(amounts), reverse(at))

    def _shares(self) -> QuerySet[Any, Any]:
        rows: QuerySet[Any] = Share.objects.filter(
            terms__network=self.network, author__among=self.keys, partner__among=self.keys,
            period_start__gte=self.month.start, period_start__lt=self.month.end,
        ).exclude(author=F("partner"))  # fmt: skip
        sums = rows.order_by().annotate(at=Value("share_list"))
        fields = ("at", "author_id", "partner_id", "currency")
        return sums.values_list(*fields).annotate(sum=Sum("amount_minor"))

    def _invoices(self) -> QuerySet[Invoice]:
        rows: QuerySet[Invoice] = Invoice.objects.filter(
            contract__network=self.network, state=Invoice.State.ISSUED,
            author__among=self.keys, customer__among=self.keys,
            period_start__gte=self.month.start, period_start__lt=self.month.end,
        )  # fmt: skip
        return rows


def _contract_url(contracts: Sequence[UUID]) -> str:
    """The contract itself where it is the only one."""
    if len(contracts) > 1:
        return reverse("contract_list")
    return reverse("contract_detail", args=[encode("ctr", contracts[0])])

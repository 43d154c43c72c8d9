"""Tables of the list pages."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from apps.common.tables import (
    Column,
    DayColumn,
    InstantColumn,
    LinkColumn,
    NumberColumn,
    PillColumn,
    Table,
)
from apps.contracts.models import Contract, PartnerTerms, PriceIndexSeries


class ContractTable(Table):
    title = LinkColumn("contract_detail", verbose_name=_("Contract"))
    provider_name = Column(verbose_name=_("Provider"))
    customer_name = Column(verbose_name=_("Customer"))
    starts_on = DayColumn(verbose_name=_("First day"))
    ends_on = DayColumn(verbose_name=_("Ends before"))
    period_kind = Column(verbose_name=_("Billed by"))
    state = PillColumn(verbose_name=_("State"))

    class Meta(Table.Meta):
        model = Contract
        fields: ClassVar[tuple[str, ...]] = ()


class IndexTable(Table):
    name = LinkColumn("index_detail", verbose_name=_("Price index"))
    code = Column(verbose_name=_("Code"))
    author = Column(verbose_name=_("Kept by"))
    value_count = NumberColumn(verbose_name=_("Values"))
    last_published = DayColumn(verbose_name=_("Last published"))

    class Meta(Table.Meta):
        model = PriceIndexSeries
        fields: ClassVar[tuple[str, ...]] = ()


def _terms_label(terms: Any) -> str:
    """In words how far the terms are: signed, refused, withdrawn, or waiting for the partner."""
    words = {
        "accepted": _now("signed"), "withdrawn": _now("withdrawn"),
        "offered": _now("to be signed"), "refused": pgettext("terms", "refused"),
    }  # fmt: skip
    return words[terms.standing]


class TermsTable(Table):
    title = LinkColumn("terms_detail", verbose_name=_("Contract"))
    provider_name = Column(verbose_name=_("Provider"))
    partner_name = Column(verbose_name=_("Partner"))
    valid_from = DayColumn(verbose_name=_("Valid from"))
    offered_at = InstantColumn(verbose_name=_("Offered"))
    standing = PillColumn(label=_terms_label, verbose_name=_("State"), orderable=False)

    class Meta(Table.Meta):
        model = PartnerTerms
        fields: ClassVar[tuple[str, ...]] = ()

"""Tables of the list pages."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from apps.common.tables import Column, DayColumn, LinkColumn, NumberColumn, PillColumn, Table
from apps.contracts.models import Contract, PriceIndexSeries


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

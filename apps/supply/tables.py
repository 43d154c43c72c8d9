"""Tables of supply."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from apps.common.tables import (
    Column,
    DayColumn,
    InstantColumn,
    LinkColumn,
    MoneyColumn,
    PillColumn,
    Table,
)
from apps.supply.models import AssetTransfer


class TransferTable(Table):
    """Transfers of either side."""

    asset_label = LinkColumn("transfer_detail", verbose_name=_("Asset"))
    serial = Column(verbose_name=_("Serial number"))
    seller_name = Column(verbose_name=_("Owner so far"))
    buyer_name = Column(verbose_name=_("New owner"))
    price_minor = MoneyColumn(verbose_name=_("Price without tax"))
    delivery_on = DayColumn(verbose_name=_("Delivery on"))
    offered_at = InstantColumn(verbose_name=_("Offered"))
    state = PillColumn(verbose_name=_("State"))

    class Meta(Table.Meta):
        model = AssetTransfer
        fields: ClassVar[tuple[str, ...]] = ()

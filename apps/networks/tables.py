"""Tables of the list pages."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from apps.common.tables import Column, InstantColumn, LinkColumn, NumberColumn, Table
from apps.networks.models import ValueNetwork


class NetworkTable(Table):
    name = LinkColumn("network_detail", verbose_name=_("Network"))
    founder_name = Column(verbose_name=_("Founded by"))
    own_roles = Column(verbose_name=_("Our roles"), orderable=False)
    member_count = NumberColumn(verbose_name=_("Companies"))
    founded_at = InstantColumn(verbose_name=_("Founded"))

    class Meta(Table.Meta):
        model = ValueNetwork
        fields: ClassVar[tuple[str, ...]] = ()

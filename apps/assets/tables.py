"""Tables of the list pages."""

from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.assets.models import Asset, AssetType
from apps.common import tables
from apps.common.templatetags.portal import pill


class ReportingColumn(tables.Column):
    """Whether the asset reports; the view attaches `reporting` to the rows it shows."""

    LABELS = {"live": _("reporting"), "silent": _("silent"), "waiting": _("no readings")}

    def render(self, record: Any) -> str:
        return pill(record.reporting, str(self.LABELS[record.reporting]))

    def export(self, value: Any, record: Any) -> list[str]:
        state = getattr(record, "reporting", "live" if record.last_reading_at else "waiting")
        return [str(self.LABELS[state])]


class UsageColumn(tables.Column):
    """A place for the line of recent usage, which the page asks of the readings' own address."""

    def render(self, record: Any) -> str:
        loader = getattr(record, "usage_url", "")
        asks = format_html('hx-get="{}" hx-trigger="load" hx-swap="none"', loader) if loader else ""
        return format_html(
            '<div {}><span id="usage-{}" class="text-secondary">–</span></div>',
            asks, record.public_id,
        )  # fmt: skip

    def export_headers(self, header: str) -> list[str]:
        return []

    def export(self, value: Any, record: Any) -> list[str]:
        return []


class AssetTable(tables.Table):
    """Assets with type, customer and whether they report."""

    name = tables.LinkColumn("asset_detail", verbose_name=_("Name"))
    serial = tables.Column(verbose_name=_("Serial number"))
    type_name = tables.Column(verbose_name=_("Type"))
    customer = tables.Column(verbose_name=_("Customer"), default="–")
    site = tables.Column(verbose_name=_("Site"))
    last_reading_at = tables.InstantColumn(verbose_name=_("Last reading"))
    reporting = ReportingColumn(
        verbose_name=_("State"), accessor="id", orderable=False, empty_values=()
    )
    usage = UsageColumn(
        verbose_name=_("Last 14 days"),
        accessor="id",
        orderable=False,
        empty_values=(),
        attrs={"td": {"class": "w-sparkline"}},
    )

    class Meta(tables.Table.Meta):
        model = Asset
        fields = ()
        sequence = (
            "name", "serial", "type_name", "customer", "site", "last_reading_at", "reporting",
            "usage",
        )  # fmt: skip


class AssetTypeTable(tables.Table):
    """Types with how many channels and assets they have."""

    name = tables.LinkColumn("asset_type_detail", verbose_name=_("Name"))
    manufacturer = tables.Column(verbose_name=_("Manufacturer"))
    channel_count = tables.NumberColumn(verbose_name=_("Channels"))
    asset_count = tables.NumberColumn(verbose_name=_("Assets"))

    class Meta(tables.Table.Meta):
        model = AssetType
        fields = ()
        sequence = ("name", "manufacturer", "channel_count", "asset_count")

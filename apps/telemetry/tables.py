"""Tables of quarantine, of data grants and of what is read under them."""

from typing import Any, ClassVar

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.assets.models import Asset, DataGrant, DataRequest, GrantRead
from apps.assets.queries import standing_of
from apps.common.ids import encode
from apps.common.tables import (
    Column,
    DayColumn,
    InstantColumn,
    LinkColumn,
    NumberColumn,
    PillColumn,
    QuantityColumn,
    Table,
)
from apps.common.templatetags.portal import instant, pill
from apps.telemetry.models import Disbelief, RefusedItem
from apps.telemetry.wording import in_words, standing_words


class ChoiceColumn(Column):
    """A box that chooses the row for the buttons above the table."""

    def render(self, value: Any, record: Any) -> str:
        return format_html(
            '<input type="checkbox" class="form-check-input m-0" form="bulk" name="item" '
            'value="{}" aria-label="{}">', record.public_id, _("Choose this entry"),
        )  # fmt: skip

    def export_headers(self, header: str) -> list[str]:
        return []

    def export(self, value: Any, record: Any) -> list[str]:
        return []


class ReasonColumn(Column):
    """A reason code in words."""

    def render(self, value: Any, record: Any) -> str:
        return in_words(record.reason, record.params)

    def export(self, value: Any, record: Any) -> list[str]:
        return [in_words(record.reason, record.params)]


def _choice() -> ChoiceColumn:
    return ChoiceColumn(accessor="pk", verbose_name="", orderable=False)


class RefusedTable(Table):
    """Items refused at intake, latest first."""

    choice = _choice()
    received_at = InstantColumn(verbose_name=gettext_lazy("Received"))
    source = Column(verbose_name=gettext_lazy("Sender"))
    outcome = PillColumn(
        verbose_name=gettext_lazy("Kind"), label=lambda row: outcome_words(row.outcome)
    )
    reason = ReasonColumn(verbose_name=gettext_lazy("Reason"))
    state = PillColumn(verbose_name=gettext_lazy("State"))

    class Meta(Table.Meta):
        model = RefusedItem
        fields: ClassVar[tuple[str, ...]] = ()

    def render_received_at(self, value: Any, record: Any) -> str:
        address = reverse("refused_detail", args=[record.public_id])
        return format_html('<a href="{}">{}</a>', address, instant(value))


class DisbeliefTable(Table):
    """Readings that are stored and not believed."""

    choice = _choice()
    measured_at = InstantColumn(verbose_name=gettext_lazy("Measured"))
    asset = Column(accessor="channel__asset_label", verbose_name=gettext_lazy("Asset"))
    channel = Column(accessor="channel__title", verbose_name=gettext_lazy("Channel"))
    value = QuantityColumn(unit="channel__unit", verbose_name=gettext_lazy("Value"))
    reason = ReasonColumn(verbose_name=gettext_lazy("Reason"))
    found_at = InstantColumn(verbose_name=gettext_lazy("Found"))

    class Meta(Table.Meta):
        model = Disbelief
        fields: ClassVar[tuple[str, ...]] = ()

    def render_channel(self, value: Any, record: Any) -> str:
        asset = encode(Asset.prefix, record.channel.asset_id)
        address = reverse("channel_detail", args=[asset, record.channel.code])
        return format_html('<a href="{}">{}</a>', address, value)


class GrantTable(Table):
    """Grants given, held, and on equipment the company uses."""

    asset = LinkColumn("grant_detail", accessor="asset_label", verbose_name=gettext_lazy("Asset"))
    direction = Column(accessor="pk", orderable=False, verbose_name=gettext_lazy("Direction"))
    what = Column(accessor="kind", orderable=False, verbose_name=gettext_lazy("What"))
    valid_from = DayColumn(verbose_name=gettext_lazy("From"))
    valid_until = DayColumn(verbose_name=gettext_lazy("Until"))
    read_count = NumberColumn(verbose_name=gettext_lazy("Reads"))
    state = Column(accessor="pk", orderable=False, verbose_name=gettext_lazy("State"))

    class Meta(Table.Meta):
        model = DataGrant
        fields: ClassVar[tuple[str, ...]] = ()

    def render_direction(self, record: Any) -> str:
        return direction_of(record)

    def value_direction(self, record: Any) -> str:
        return direction_of(record)

    def render_what(self, record: Any) -> str:
        return what_words(record)

    def render_state(self, record: Any) -> str:
        return pill(record.state, grant_words(record.state))


class RequestTable(Table):
    """Requests for data, latest first."""

    asset = LinkColumn("request_detail", accessor="asset_label", verbose_name=gettext_lazy("Asset"))
    author = Column(verbose_name=gettext_lazy("Asked by"))
    grantee = Column(verbose_name=gettext_lazy("Who reads"))
    what = Column(accessor="kind", orderable=False, verbose_name=gettext_lazy("What"))
    purpose = Column(verbose_name=gettext_lazy("Purpose"))
    asked_at = InstantColumn(verbose_name=gettext_lazy("Asked"))
    standing = Column(accessor="pk", orderable=False, verbose_name=gettext_lazy("State"))

    class Meta(Table.Meta):
        model = DataRequest
        fields: ClassVar[tuple[str, ...]] = ()

    def render_what(self, record: Any) -> str:
        return what_words(record)

    def render_standing(self, record: Any) -> str:
        standing = getattr(record, "standing", None) or standing_of(record)
        return pill(standing, standing_words(standing))


class UseTable(Table):
    """Equipment the company uses, and where the data of its use lie."""

    name = LinkColumn("asset_data", verbose_name=gettext_lazy("Asset"))
    serial = Column(verbose_name=gettext_lazy("Serial number"))
    site = Column(verbose_name=gettext_lazy("Site"))
    collector = Column(accessor="author__name", verbose_name=gettext_lazy("Data lie with"))
    channel_count = NumberColumn(orderable=False, verbose_name=gettext_lazy("Channels"))
    last_reading_at = InstantColumn(verbose_name=gettext_lazy("Last reading"))

    class Meta(Table.Meta):
        model = Asset
        fields: ClassVar[tuple[str, ...]] = ()


class GrantReadTable(Table):
    """Who had what under a grant, latest first."""

    read_at = InstantColumn(verbose_name=gettext_lazy("When"))
    act = PillColumn(verbose_name=gettext_lazy("Act"))
    reader = Column(verbose_name=gettext_lazy("By"), attrs={"td": {"class": "text-break"}})
    channels = Column(orderable=False, verbose_name=gettext_lazy("Channels"))
    period_start = Column(verbose_name=gettext_lazy("Period"))
    row_count = NumberColumn(verbose_name=gettext_lazy("Rows"))

    class Meta(Table.Meta):
        model = GrantRead
        fields: ClassVar[tuple[str, ...]] = ()

    def render_period_start(self, record: GrantRead) -> str:
        return format_html("{} – {}", instant(record.period_start), instant(record.period_end))

    def render_channels(self, value: list[str], record: GrantRead) -> str:
        return f"{', '.join(value)} · {record.get_resolution_display()}"

    def render_reader(self, value: str, record: Any) -> str:
        return reader_of(record)


class ActTable(GrantReadTable):
    """The same over all grants on an asset: to whom besides, and there by whom."""

    grantee = Column(accessor="grant__grantee__name", verbose_name=gettext_lazy("Company"))

    class Meta(GrantReadTable.Meta):
        exclude: ClassVar[tuple[str, ...]] = ("reader",)
        sequence = ("read_at", "grantee", "act", "...")

    def render_grantee(self, value: str, record: Any) -> str:
        return format_html('{}<div class="text-secondary">{}</div>', value, reader_of(record))


def reader_of(act: Any) -> str:
    """The person or key; of a delivery the portal of who collects."""
    return act.reader or _("the portal of %(company)s") % {"company": act.author}


def what_words(row: Any) -> str:
    """What a grant or request covers: device health, or channels and how finely."""
    if row.kind == DataGrant.Kind.HEALTH:
        return str(row.get_kind_display())
    return f"{', '.join(row.channels)} · {row.get_resolution_display()}"


def outcome_words(outcome: str) -> str:
    """refused or conflict in the reader's language."""
    return _("conflict") if outcome == "conflict" else _("refused")


def grant_words(state: str) -> str:
    """The state of a grant in the reader's language."""
    return {
        "active": _("active"), "waiting": _("not begun"), "ended": _("ended"),
        "revoked": _("revoked"),
    }[state]  # fmt: skip


def direction_of(grant: Any) -> str:
    """Who gave it to whom, as the reader stands to it."""
    named = {"company": grant.author, "grantee": grant.grantee}
    if grant.is_given:
        return _("given to %(grantee)s") % named
    if grant.is_held:
        return _("held from %(company)s") % named
    return _("from %(company)s to %(grantee)s") % named

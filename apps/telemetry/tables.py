"""Tables of quarantine and of data grants."""

from typing import Any, ClassVar

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.assets.models import Asset, DataGrant, GrantRead
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
from apps.telemetry.wording import in_words


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
    """Grants given and held."""

    asset = LinkColumn("grant_detail", accessor="asset__name", verbose_name=gettext_lazy("Asset"))
    direction = Column(accessor="pk", orderable=False, verbose_name=gettext_lazy("Direction"))
    channels = Column(orderable=False, verbose_name=gettext_lazy("Channels"))
    resolution = Column(verbose_name=gettext_lazy("Resolution"))
    valid_from = DayColumn(verbose_name=gettext_lazy("From"))
    valid_until = DayColumn(verbose_name=gettext_lazy("Until"))
    read_count = NumberColumn(verbose_name=gettext_lazy("Reads"))
    state = Column(accessor="pk", orderable=False, verbose_name=gettext_lazy("State"))

    class Meta(Table.Meta):
        model = DataGrant
        fields: ClassVar[tuple[str, ...]] = ()

    def render_direction(self, record: Any) -> str:
        return direction_of(record)

    def render_channels(self, value: list[str]) -> str:
        return ", ".join(value)

    def render_state(self, record: Any) -> str:
        return pill(record.state, grant_words(record.state))


class GrantReadTable(Table):
    """Who read what under a grant, latest first."""

    read_at = InstantColumn(verbose_name=gettext_lazy("Read"))
    reader = Column(verbose_name=gettext_lazy("By"))
    channels = Column(orderable=False, verbose_name=gettext_lazy("Channels"))
    resolution = Column(verbose_name=gettext_lazy("Resolution"))
    period_start = InstantColumn(verbose_name=gettext_lazy("From"))
    period_end = InstantColumn(verbose_name=gettext_lazy("Until"))
    row_count = NumberColumn(verbose_name=gettext_lazy("Rows"))

    class Meta(Table.Meta):
        model = GrantRead
        fields: ClassVar[tuple[str, ...]] = ()

    def render_channels(self, value: list[str]) -> str:
        return ", ".join(value)


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
    """“to X” for a grant the company gave, “from X” for one it holds."""
    if grant.is_given:
        return _("given to %(company)s") % {"company": grant.grantee}
    return _("held from %(company)s") % {"company": grant.author}

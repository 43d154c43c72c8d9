"""Tables of people, keys, webhooks and partners."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import ApiKey, Membership
from apps.common import tables
from apps.events.models import Webhook, WebhookMessage


class PersonColumn(tables.LinkColumn):
    """The member's name; the mail address below it would break the CSV, so it has its own column."""

    def __init__(self) -> None:
        super().__init__("person", accessor="user__name", verbose_name=_("Name"))


class PeopleTable(tables.Table):
    """Members with their positions."""

    name = PersonColumn()
    email = tables.Column(accessor="user__email", verbose_name=_("E-mail"))
    position = tables.Column(verbose_name=pgettext_lazy("person", "Position"))
    joined_at = tables.InstantColumn(verbose_name=_("Member since"))

    class Meta(tables.Table.Meta):
        model = Membership
        fields = ("name", "email", "position", "joined_at")
        order_by = "name"


class KeyTable(tables.Table):
    """API keys, never their secrets."""

    name = tables.LinkColumn("key_detail", verbose_name=_("Name"))
    hint = tables.Column(verbose_name=_("Ends in"))
    scope = tables.Column(verbose_name=_("May"))
    device_label = tables.Column(verbose_name=_("Device"))
    last_used_at = tables.InstantColumn(verbose_name=_("Last used"))
    expires_at = tables.InstantColumn(verbose_name=_("Valid until"))
    state = tables.PillColumn(
        verbose_name=_("State"), accessor="state", orderable=False,
        label=lambda key: str(KEY_STATES[key.state]),
    )  # fmt: skip

    class Meta(tables.Table.Meta):
        model = ApiKey
        fields = ("name", "hint", "scope", "device_label", "last_used_at", "expires_at", "state")

    def render_hint(self, value: str) -> str:
        return f"…{value}"


KEY_STATES: dict[str, Any] = {
    "active": _("valid"),
    "revoked": _("revoked"),
    "ended": _("expired"),
}


class WebhookTable(tables.Table):
    """Endpoints, never their secrets nor what may be one in their addresses."""

    name = tables.LinkColumn(
        "webhook_detail", accessor="label", order_by="description", verbose_name=_("Webhook")
    )
    host = tables.Column(verbose_name=_("Host"), order_by="url")
    taken_at = tables.InstantColumn(verbose_name=_("Last taken"))
    failing_since = tables.InstantColumn(verbose_name=_("Failing since"))
    state = tables.PillColumn(verbose_name=_("State"))

    class Meta(tables.Table.Meta):
        model = Webhook
        fields = ("name", "host", "taken_at", "failing_since", "state")


class MessageTable(tables.Table):
    """Messages with how their last try went."""

    made_at = tables.InstantColumn(verbose_name=_("Written"))
    event = tables.LinkColumn("webhook_message", verbose_name=_("Event"))
    webhook = tables.Column(verbose_name=_("Webhook"), orderable=False)
    tries = tables.NumberColumn(verbose_name=_("Tries"))
    http_status = tables.Column(verbose_name=_("Answer"))
    reason = tables.Column(verbose_name=_("Reason"))
    state = tables.PillColumn(verbose_name=_("State"))

    class Meta(tables.Table.Meta):
        model = WebhookMessage
        fields = ("made_at", "event", "webhook", "tries", "http_status", "reason", "state")


class PartnerTable(tables.Table):
    """Companies one may choose in forms."""

    name = tables.LinkColumn("company_profile", id_of="slug", verbose_name=_("Name"))
    slug = tables.Column(verbose_name=_("Address"))
    city = tables.Column(verbose_name=_("Town"))
    country = tables.Column(verbose_name=_("Country"))
    vat_id = tables.Column(verbose_name=_("VAT id"))

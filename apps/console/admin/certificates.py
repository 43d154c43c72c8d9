"""Certificates of companies that have left and whose data is gone."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.console.admin.site import ReadOnly, column, site
from apps.subscriptions.models import Certificate
from apps.subscriptions.queries import reasons_kept
from apps.subscriptions.wording import customers_in_words


@admin.register(Certificate, site=site)
class CertificateAdmin(ReadOnly):
    """What was erased, what stays and why; the mailed one is the same."""

    list_display = ("whose", "when", "mailed", "at_provider")
    search_fields = ("company__name", "company__slug")
    list_select_related = ("company",)
    fields = (
        "key",
        "whose",
        "when",
        "mailed",
        "rows_gone",
        "stays",
        "at_provider",
        "said",
        "export",
        "public",
        "signed",
    )
    key, whose = column("public_id", _("Id")), column("company", _("Company"))
    when, mailed = column("made_at", _("Erased")), column("mailed_at", _("Mailed"))
    said = column("customers_said", _("What the payment provider said last"))
    public, signed = column("public_key", _("Public key")), column("signature", _("Signature"))
    ordering = ("-made_at",)

    @display(description=_("Rows erased"))
    def rows_gone(self, row: Certificate) -> int:
        gone = row.body["deleted"]
        return sum(part["rows"] for part in [*gone["own"], *gone["shared"]])

    @display(description=_("What stays, and why"))
    def stays(self, row: Certificate) -> str:
        kept = reasons_kept(row.body["kept"])
        return "\n".join(f"{sum(one['rows'] for one in rows)}: {text}" for text, rows in kept)

    @display(description=_("Customer record at the payment provider"))
    def at_provider(self, row: Certificate) -> str:
        return customers_in_words(row)

    @display(description=_("SHA-256 of the export"))
    def export(self, row: Certificate) -> str:
        return str(row.body["export"]["sha256"])

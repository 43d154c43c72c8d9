"""Tables of billing."""

from typing import Any, ClassVar

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.billing.models import (
    BillingRun,
    Correction,
    CustomerCredit,
    DocumentArchive,
    Invoice,
    Receivable,
    RunItem,
)
from apps.billing.wording import reason_words
from apps.common.tables import (
    BROAD_NUMBER,
    WHOLE,
    Column,
    DayColumn,
    InstantColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    PillColumn,
    SignedMoneyColumn,
    Table,
    TwoLineColumn,
)
from apps.common.templatetags import portal


class RunTable(Table):
    label = LinkColumn("run_detail", verbose_name=gettext_lazy("Month"))
    dry = Column(verbose_name=gettext_lazy("Kind"))
    state = PillColumn(verbose_name=gettext_lazy("State"))
    item_count = NumberColumn(verbose_name=gettext_lazy("Periods"))
    billed_count = NumberColumn(verbose_name=gettext_lazy("Billed or calculated"))
    parked_count = NumberColumn(verbose_name=gettext_lazy("Parked"))
    started_by = Column(verbose_name=gettext_lazy("Started by"))
    started_at = InstantColumn(verbose_name=gettext_lazy("Started"))

    class Meta(Table.Meta):
        model = BillingRun
        fields: ClassVar[tuple[str, ...]] = ()

    def render_dry(self, value: bool) -> str:
        return _("dry") if value else _("real")


class PeriodColumn(DayColumn):
    """The first day of a period in its contract's zone."""

    def render(self, value: Any, record: Any) -> str:  # type: ignore[override]
        return portal.day_in(value, record.contract.time_zone)


class ReasonColumn(Column):
    """Why a contract is parked, what to do, and the button that tries again."""

    def render(self, value: Any, record: RunItem) -> str:
        words = reason_words(record.reason, record.params)
        if not words["what"]:
            return ""
        again = ""
        if record.state == RunItem.State.PARKED and not getattr(record, "run_is_dry", True):
            again = format_html(
                '<button class="btn btn-sm" form="again" name="item" value="{}">{}</button>',
                record.public_id, _("Try again"),
            )  # fmt: skip
        return format_html(
            '<div>{}</div><div class="text-secondary">{} <a href="{}">{}</a></div>{}',
            words["what"], words["next"],
            reverse("contract_detail", args=[record.contract.public_id]), _("Open the contract"),
            again,
        )  # fmt: skip

    def export(self, value: Any, record: RunItem) -> list[str]:
        return [reason_words(record.reason, record.params)["what"]]


class ItemTable(Table):
    contract = TwoLineColumn(
        "contract_detail", accessor="contract__title", id_of="contract__public_id",
        verbose_name=gettext_lazy("Contract"), below_name=gettext_lazy("Customer"),
        below=lambda record: record.contract.customer_name,
    )  # fmt: skip
    period_start = PeriodColumn(verbose_name=gettext_lazy("Period from"))
    state = PillColumn(verbose_name=gettext_lazy("State"))
    net_minor = MoneyColumn(verbose_name=gettext_lazy("Net"))
    invoice = LinkColumn(
        "invoice_detail", accessor="invoice", id_of="invoice__public_id",
        verbose_name=gettext_lazy("Invoice"), attrs=WHOLE,
    )  # fmt: skip
    reason = ReasonColumn(verbose_name=gettext_lazy("What holds it up"))

    class Meta(Table.Meta):
        model = RunItem
        fields: ClassVar[tuple[str, ...]] = ()


class NumberOrDraftColumn(TwoLineColumn):
    """The invoice's number, or the word for one that has none yet; below it its kind."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(
            *args, below=lambda record: record.get_kind_display(),
            below_code=lambda record: record.kind, below_name=gettext_lazy("Kind"), **kwargs,
        )  # fmt: skip

    def render(self, value: Any, record: Invoice) -> str:
        return super().render(value or _("Draft"), record)


class TickColumn(Column):
    """A box that belongs to the form `bulk` above the table."""

    def render(self, record: Invoice) -> str:
        if record.state == Invoice.State.ISSUED or not getattr(record, "own", False):
            return ""
        return format_html(
            '<input type="checkbox" class="form-check-input m-0" form="bulk" name="invoice" '
            'value="{}" aria-label="{}">',
            record.public_id, _("Choose this invoice"),
        )  # fmt: skip

    def export_headers(self, header: str) -> list[str]:
        return []

    def export(self, value: Any, record: Invoice) -> list[str]:
        return []


class InvoiceTable(Table):
    tick = TickColumn(empty_values=(), orderable=False, verbose_name="")
    number = NumberOrDraftColumn(
        "invoice_detail", empty_values=(), verbose_name=gettext_lazy("Invoice"), attrs=WHOLE
    )
    state = PillColumn(verbose_name=gettext_lazy("State"))
    other_party = Column(orderable=False, verbose_name=gettext_lazy("From or to"))
    contract = Column(accessor="contract__title", verbose_name=gettext_lazy("Contract"))
    period_start = PeriodColumn(verbose_name=gettext_lazy("Period from"))
    issued_on = DayColumn(verbose_name=gettext_lazy("Issued"))
    due_on = DayColumn(verbose_name=gettext_lazy("Due"))
    net_minor = SignedMoneyColumn(verbose_name=gettext_lazy("Net"), attrs=BROAD_NUMBER)
    gross_minor = SignedMoneyColumn(verbose_name=gettext_lazy("Total"))

    class Meta(Table.Meta):
        model = Invoice
        fields: ClassVar[tuple[str, ...]] = ()


class DocumentsColumn(Column):
    """Links to the documents of a correction."""

    def render(self, record: Correction) -> str:
        links = [
            (reverse("invoice_detail", args=[item.public_id]), item.number or _("Draft"))
            for item in record.documents.all()
        ]
        return format_html_join(", ", '<a href="{}">{}</a>', links) or "–"

    def export(self, value: Any, record: Correction) -> list[str]:
        return [", ".join(item.number or "" for item in record.documents.all())]


class CorrectionTable(Table):
    found_at = InstantColumn(verbose_name=gettext_lazy("Found"))
    contract = LinkColumn(
        "correction_detail", accessor="contract__title", verbose_name=gettext_lazy("Contract")
    )
    customer = Column(accessor="contract__customer_name", verbose_name=gettext_lazy("Customer"))
    period_start = PeriodColumn(
        accessor="billed_period__start", verbose_name=gettext_lazy("Period from")
    )
    state = PillColumn(verbose_name=gettext_lazy("State"))
    net_minor = MoneyColumn(verbose_name=gettext_lazy("Difference, net"))
    documents = DocumentsColumn(
        empty_values=(), orderable=False, verbose_name=gettext_lazy("Documents")
    )

    class Meta(Table.Meta):
        model = Correction
        fields: ClassVar[tuple[str, ...]] = ()


class OverdueColumn(Column):
    """The day it is due, and by how many days that is past."""

    def render(self, value: Any, record: Receivable) -> str:
        days = getattr(record, "days_overdue", 0)
        if not days:
            return portal.day(value)
        words = ngettext("%(n)s day overdue", "%(n)s days overdue", days) % {"n": days}
        return format_html('{} <div class="text-danger">{}</div>', portal.day(value), words)

    def export(self, value: Any, record: Receivable) -> list[str]:
        return [value.isoformat()]


class _PaperColumn(Column):
    """The number of a document, or of the reminder that charges for its being late."""

    def render(self, value: Any, record: Any) -> str:
        if record.reminder_id is None:
            page, of = reverse("invoice_detail", args=[record.invoice.public_id]), ""
        else:
            page = reverse("reminder_detail", args=[record.reminder.public_id])
            of = _("late payment of %(number)s") % {"number": record.invoice.number}
        note = format_html('<div class="text-secondary">{}</div>', of) if of else ""
        return format_html('<a href="{}">{}</a>{}', page, value, note)


class ReceivableTable(Table):
    number = _PaperColumn(
        accessor="number", orderable=False, verbose_name=gettext_lazy("Number"), attrs=WHOLE
    )
    other_party = Column(orderable=False, verbose_name=gettext_lazy("From or to"))
    issued_on = DayColumn(verbose_name=gettext_lazy("Issued"))
    due_on = OverdueColumn(verbose_name=gettext_lazy("Due"))
    state = PillColumn(verbose_name=gettext_lazy("State"))
    level = NumberColumn(verbose_name=gettext_lazy("Reminders"))
    gross_minor = MoneyColumn(verbose_name=gettext_lazy("Total"))
    disputed_minor = MoneyColumn(verbose_name=gettext_lazy("Disputed"))
    open_minor = MoneyColumn(verbose_name=gettext_lazy("Open"))

    class Meta(Table.Meta):
        model = Receivable
        fields: ClassVar[tuple[str, ...]] = ()


class ArchiveTable(Table):
    asked_at = LinkColumn("archive_detail", verbose_name=gettext_lazy("Asked for"))
    asked_by = Column(verbose_name=gettext_lazy("By"))
    document_count = NumberColumn(verbose_name=gettext_lazy("Documents"))
    file_count = NumberColumn(verbose_name=gettext_lazy("Files"))
    missing_count = NumberColumn(verbose_name=gettext_lazy("Missing"))
    state = PillColumn(verbose_name=gettext_lazy("State"))

    class Meta(Table.Meta):
        model = DocumentArchive
        fields: ClassVar[tuple[str, ...]] = ()

    def render_asked_at(self, value: Any, record: Any, bound_column: Any) -> str:
        return str(LinkColumn.render(bound_column.column, portal.instant(value), record))


class CreditTable(Table):
    other_party = Column(
        orderable=False,
        empty_values=(),
        accessor="other_party",
        verbose_name=gettext_lazy("From or to"),
    )
    source = Column(verbose_name=gettext_lazy("From what"))
    made_at = InstantColumn(verbose_name=gettext_lazy("Since"))
    amount_minor = MoneyColumn(verbose_name=gettext_lazy("Amount"))
    left_minor = MoneyColumn(verbose_name=gettext_lazy("Left"))

    class Meta(Table.Meta):
        model = CustomerCredit
        fields: ClassVar[tuple[str, ...]] = ()

"""Tables of the list pages."""

from typing import Any, ClassVar

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.common.tables import (
    Column,
    DayColumn,
    InstantColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    PillColumn,
    Table,
)
from apps.payments.models import BankEntry, DebitRun, Payment, PayoutBatch


class PaymentTable(Table):
    noted_at = InstantColumn(verbose_name=_("Noted"))
    title = LinkColumn("payment_detail", empty_values=(), verbose_name=_("Document"))
    payer_name = Column(verbose_name=_("Payer"))
    payee_name = Column(verbose_name=_("Payee"), orderable=False)
    method = Column(verbose_name=_("Way"))
    state = PillColumn(verbose_name=_("State"))
    amount_minor = MoneyColumn(verbose_name=_("Amount"))
    refunded_minor = MoneyColumn(verbose_name=_("Went back"))

    class Meta(Table.Meta):
        model = Payment
        fields: ClassVar[tuple[str, ...]] = ()

    def render_title(self, value: Any, record: Payment, bound_column: Any) -> str:
        shown = value or record.reference or _("without a document")
        return str(LinkColumn.render(bound_column.column, shown, record))

    def render_refunded_minor(self, value: int, record: Payment, bound_column: Any) -> str:
        """Of most payments nothing went back: a row of zeros hides those of which something did."""
        return str(MoneyColumn.render(bound_column.column, value, record)) if value else "–"

    def render_state(self, value: Any, record: Payment, bound_column: Any) -> str:
        shown = PillColumn.render(bound_column.column, value, record, bound_column)
        if not record.failure:
            return shown
        return format_html('{}<div class="text-secondary">{}</div>', shown, record.told_failure)


class EntryTable(Table):
    booked_on = LinkColumn("bank_entry_detail", verbose_name=_("Booked"))
    other_name = Column(verbose_name=_("From or to"))
    text = Column(verbose_name=_("Text"), orderable=False)
    state = PillColumn(verbose_name=_("State"))
    amount_minor = MoneyColumn(verbose_name=_("Amount"))

    class Meta(Table.Meta):
        model = BankEntry
        fields: ClassVar[tuple[str, ...]] = ()

    def render_booked_on(self, value: Any, record: BankEntry, bound_column: Any) -> str:
        day = DayColumn().render(value)
        return str(LinkColumn.render(bound_column.column, day, record))


class BatchTable(Table):
    drafted_at = InstantColumn(verbose_name=_("Drafted"))
    public_id = LinkColumn("payout_batch", verbose_name=_("Batch"), orderable=False)
    method = Column(verbose_name=_("Way"))
    state = PillColumn(verbose_name=_("State"))
    drafted_by = Column(verbose_name=_("Drafted by"))
    approved_by = Column(verbose_name=_("Approved by"))
    payout_count = NumberColumn(verbose_name=_("Payouts"), orderable=False)
    total_minor = MoneyColumn(verbose_name=_("Total"), orderable=False)

    class Meta(Table.Meta):
        model = PayoutBatch
        fields: ClassVar[tuple[str, ...]] = ()


class DebitRunTable(Table):
    """Euros alone."""

    drafted_at = InstantColumn(verbose_name=_("Drafted"))
    collected_on = LinkColumn("debit_run", verbose_name=_("Collected on"))
    state = PillColumn(verbose_name=_("State"))
    drafted_by = Column(verbose_name=_("Drafted by"))
    approved_by = Column(verbose_name=_("Approved by"))
    debit_count = NumberColumn(verbose_name=_("Debits"), orderable=False)
    total_minor = MoneyColumn(verbose_name=_("Total"), orderable=False)

    class Meta(Table.Meta):
        model = DebitRun
        fields: ClassVar[tuple[str, ...]] = ()

    def render_collected_on(self, value: Any, record: DebitRun, bound_column: Any) -> str:
        day = DayColumn().render(value)
        return str(LinkColumn.render(bound_column.column, day, record))

"""Tables of received e-invoices and of the answers to ours."""

from typing import Any, ClassVar

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.billing.models import IncomingAnswer, IncomingDocument
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


class NumberColumnOrNone(LinkColumn):
    """The sender's number, or that it gave none."""

    def render(self, value: Any, record: IncomingDocument) -> str:
        return super().render(value or _("without number"), record)


class ErrorColumn(NumberColumn):
    """How many rules are broken; nothing to see where none is."""

    def render(self, value: int) -> str:
        return format_html('<span class="text-danger">{}</span>', value) if value else "–"


class IncomingTable(Table):
    number = NumberColumnOrNone(
        "incoming_detail", verbose_name=gettext_lazy("Number"), empty_values=()
    )
    sender_name = Column(verbose_name=gettext_lazy("Sender"))
    issued_on = DayColumn(verbose_name=gettext_lazy("Date"))
    due_on = DayColumn(verbose_name=gettext_lazy("Due"))
    gross_minor = MoneyColumn(verbose_name=gettext_lazy("Total"))
    error_count = ErrorColumn(verbose_name=gettext_lazy("Errors"))
    contract = LinkColumn(
        "contract_detail", accessor="contract__title", id_of="contract__public_id",
        verbose_name=gettext_lazy("Contract"),
    )  # fmt: skip
    state = PillColumn(verbose_name=gettext_lazy("State"))
    received_at = InstantColumn(verbose_name=gettext_lazy("Received"))

    class Meta(Table.Meta):
        model = IncomingDocument
        fields: ClassVar[tuple[str, ...]] = ()


class AnswerTable(Table):
    number = Column(verbose_name=gettext_lazy("Number"))
    receiver_name = Column(verbose_name=gettext_lazy("Answered by"))
    issued_on = DayColumn(verbose_name=gettext_lazy("Date"))
    gross_minor = MoneyColumn(verbose_name=gettext_lazy("Total"))
    outcome = PillColumn(verbose_name=gettext_lazy("Answer"))
    reason = Column(verbose_name=gettext_lazy("Reason"))
    answered_at = InstantColumn(verbose_name=gettext_lazy("Answered"))

    class Meta(Table.Meta):
        model = IncomingAnswer
        fields: ClassVar[tuple[str, ...]] = ()

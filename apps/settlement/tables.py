"""Tables of settlement."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.common.tables import (
    WHOLE,
    Column,
    DayColumn,
    InstantColumn,
    LinkColumn,
    MoneyColumn,
    PillColumn,
    QuantityColumn,
    SignedMoneyColumn,
    Table,
    TwoLineColumn,
)
from apps.common.templatetags import portal
from apps.contracts.models import Contract
from apps.settlement.models import (
    Account,
    SelfBillingAgreement,
    SettledPeriod,
    Share,
    Statement,
    Transfer,
)


class ShareTable(Table):
    recognised_at = InstantColumn(verbose_name=_("Recognised"))
    contract_title = LinkColumn("share_detail", verbose_name=_("Contract"))
    partner_name = Column(verbose_name=_("Company"))
    document_number = Column(verbose_name=_("Customer's document"), attrs=WHOLE)
    source = Column(verbose_name=_("For"), accessor="source_words", orderable=False)
    quantity = QuantityColumn(verbose_name=_("Quantity"))
    amount_minor = MoneyColumn(verbose_name=_("Share"))

    class Meta(Table.Meta):
        model = Share
        fields: ClassVar[tuple[str, ...]] = ()


class _FirstDayColumn(LinkColumn):
    def render(self, value: Any, record: Any) -> str:
        return super().render(portal.day(value), record)


class PeriodTable(Table):
    period = _FirstDayColumn(
        "settled_detail", verbose_name=_("Period"), accessor="first_day", order_by="period_start"
    )
    contract = Column(verbose_name=_("Contract"))
    net_minor = MoneyColumn(verbose_name=_("Revenue"))
    shared_minor = MoneyColumn(verbose_name=_("Shares of others"))
    margin_minor = MoneyColumn(verbose_name=_("Margin"))
    settled_at = InstantColumn(verbose_name=_("Settled"))

    class Meta(Table.Meta):
        model = SettledPeriod
        fields: ClassVar[tuple[str, ...]] = ()


class PurposeColumn(Column):
    """An account's purpose in words, in files too."""

    def export(self, value: Any, record: Any) -> list[str]:
        return [str(Account.Purpose(value).label)]


class TransferTable(Table):
    at = InstantColumn(verbose_name=_("When"))
    partner_name = Column(verbose_name=_("Partner"), accessor="debit__partner_name")
    cause = Column(verbose_name=_("Reason"))
    document = Column(verbose_name=_("Document"), orderable=False, attrs=WHOLE)
    debit_purpose = PurposeColumn(
        verbose_name=_("From"), accessor="debit__purpose", orderable=False
    )
    credit_purpose = PurposeColumn(
        verbose_name=_("To"), accessor="credit__purpose", orderable=False
    )
    amount_minor = MoneyColumn(verbose_name=_("Amount"))

    class Meta(Table.Meta):
        model = Transfer
        fields: ClassVar[tuple[str, ...]] = ()


def _standing_words(agreement: SelfBillingAgreement) -> str:
    """How far the agreement is, in words."""
    words = {
        "accepted": _now("accepted"), "refused": _now("refused"),
        "withdrawn": _now("withdrawn"), "offered": _now("to be accepted"),
    }  # fmt: skip
    return words[agreement.standing]


class DepositTable(Table):
    title = LinkColumn("deposit_detail", verbose_name=_("Contract"))
    provider_name = Column(verbose_name=_("Provider"))
    customer_name = Column(verbose_name=_("Customer"))
    deposit_minor = MoneyColumn(verbose_name=_("Agreed"))
    held_minor = MoneyColumn(verbose_name=_("Held"), orderable=False)

    class Meta(Table.Meta):
        model = Contract
        fields: ClassVar[tuple[str, ...]] = ()


class AgreementTable(Table):
    partner_name = LinkColumn("agreement_detail", verbose_name=_("Partner"))
    owner_name = Column(verbose_name=_("Written by"))
    valid_from = DayColumn(verbose_name=_("Valid from"))
    valid_until = DayColumn(verbose_name=_("Valid until"))
    tax_status = Column(verbose_name=_("Partner's tax status"))
    standing = PillColumn(label=_standing_words, verbose_name=_("State"), orderable=False)

    class Meta(Table.Meta):
        model = SelfBillingAgreement
        fields: ClassVar[tuple[str, ...]] = ()


class StatementTable(Table):
    name = TwoLineColumn(
        "statement_detail", verbose_name=_("Number"), accessor="name", order_by="number",
        attrs=WHOLE, below=lambda record: record.get_kind_display() if record.number else "",
        below_name=_("Kind"),
        below_code=lambda record: record.kind,
    )  # fmt: skip
    partner_name = Column(verbose_name=_("Partner"))
    owner_name = Column(verbose_name=_("Written by"))
    contract_title = Column(verbose_name=_("Contract"))
    issued_on = DayColumn(verbose_name=_("Issued"))
    net_minor = SignedMoneyColumn(verbose_name=_("Net"))
    gross_minor = SignedMoneyColumn(verbose_name=_("Gross"))

    class Meta(Table.Meta):
        model = Statement
        fields: ClassVar[tuple[str, ...]] = ()

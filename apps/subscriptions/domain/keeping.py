"""What stays when a company's data is erased, and why.

The database's own door (`peruse_erase_company`) has the same list: a test compares the two. Whatever is not on it
and is seen by nobody else goes; a row that another company sees stays, and so does what a row that stays names.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why rows of an erased company stay."""

    BOOKS = "books"
    EVIDENCE = "evidence"
    AUDIT = "audit"
    SHARED = "shared"
    NAMED = "named"


# Written by the company, kept as a whole. Books: § 147 AO, § 257 HGB; Article 17(3)(b) GDPR.
KEPT: dict[str, Reason] = {
    **dict.fromkeys(
        (
            "billing_allocation", "billing_correction", "billing_creditmove", "billing_customercredit",
            "billing_disputeanswer", "billing_documentfile", "billing_incominganswer",
            "billing_incomingdocument", "billing_invoice", "billing_invoiceline", "billing_invoicetax",
            "billing_linedispute", "billing_notedpayment", "billing_numberseries", "billing_receivable",
            "billing_reminder", "billing_writeoff", "payments_bankentry", "payments_bankfile",
            "payments_bankstatement", "payments_debit", "payments_debitrun", "payments_expectedpayment",
            "payments_mandate", "payments_onlinedebit", "payments_payment", "payments_payout",
            "payments_payoutbatch", "payments_payoutloss", "payments_refund", "payments_refundrequest",
            "payments_savedmandate", "settlement_account", "settlement_agreementanswer",
            "settlement_depositstep", "settlement_objection", "settlement_objectionanswer",
            "settlement_payoutrequest", "settlement_selfbillingagreement", "settlement_settledperiod",
            "settlement_share", "settlement_statement", "settlement_statementinvoice",
            "settlement_statementline", "settlement_transfer", "subscriptions_planinvoice",
            "subscriptions_usereport",
        ),
        Reason.BOOKS,
    ),
    **dict.fromkeys(
        (
            "billing_evidencefile", "billing_signingkey", "metering_billedperiod",
            "metering_declaredreading", "metering_usagerecord",
        ),
        Reason.EVIDENCE,
    ),
    **dict.fromkeys(
        (
            "accounts_impersonation", "events_auditcheck", "events_auditrow", "events_auditseal",
            "subscriptions_departure",
        ),
        Reason.AUDIT,
    ),
}  # fmt: skip
# These go although others see them: what a company says of itself, and where it is paid.
SEEN_AND_GONE = ("networks_companyprofile", "payments_bankaccount", "payments_stripeaccount")


def reason_of(table: str, *, is_seen: bool) -> Reason:
    """Why a row of this table was left."""
    return KEPT.get(table, Reason.SHARED if is_seen else Reason.NAMED)

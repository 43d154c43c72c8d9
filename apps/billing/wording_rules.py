"""Rules of e-invoices in words: what is wrong, in the reader's language, beside the rule's own text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.billing.domain.einvoice import findings as own

_REQUIRED = {
    "BR-01": _("The set of rules it follows is not named."),
    "BR-02": _("The invoice number is missing."),
    "BR-03": _("The issue date is missing."),
    "BR-04": _("The kind of document is missing."),
    "BR-05": _("The currency is missing."),
    "BR-06": _("The seller's name is missing."),
    "BR-07": _("The buyer's name is missing."),
    "BR-08": _("The seller's address is missing."),
    "BR-09": _("The seller's country is missing."),
    "BR-10": _("The buyer's address is missing."),
    "BR-11": _("The buyer's country is missing."),
    "BR-12": _("The sum of the lines is missing."),
    "BR-13": _("The total without tax is missing."),
    "BR-14": _("The total with tax is missing."),
    "BR-15": _("The amount due is missing."),
    "BR-16": _("It has no line."),
    "BR-21": _("A line has no number."),
    "BR-22": _("A line has no quantity."),
    "BR-23": _("A line's quantity has no unit."),
    "BR-24": _("A line has no net amount."),
    "BR-25": _("A line has no name."),
    "BR-26": _("A line has no price."),
    "BR-27": _("A price is negative."),
}
_SUMS = {
    "BR-CO-03": _("Day of taxation and its code stand side by side; only one may."),
    "BR-CO-04": _("A line has no tax category."),
    "BR-CO-09": _("A VAT id does not begin with its country."),
    "BR-CO-10": _("The sum of the lines does not add up."),
    "BR-CO-11": _("The sum of allowances does not add up."),
    "BR-CO-12": _("The sum of charges does not add up."),
    "BR-CO-13": _("Lines, allowances and charges do not add up to the total without tax."),
    "BR-CO-14": _("The taxes do not add up to the total tax."),
    "BR-CO-15": _("Net and tax do not add up to the total with tax."),
    "BR-CO-16": _("Total, payments and rounding do not add up to the amount due."),
    "BR-CO-17": _("A tax amount is not net times rate."),
    "BR-CO-18": _("The tax breakdown is missing."),
    "BR-CO-25": _("Neither due date nor payment terms are given."),
    "BR-CO-26": _("Nothing identifies the seller: VAT id, register number or identifier."),
}
_OURS = {
    own.NO_XML: _("The file is no readable XML, or only a part of one."),
    own.DOCTYPE: _("The XML has a document type. No e-invoice has one; it could hide attacks."),
    own.TOO_LARGE: _("The file is too large: 10 MB of XML, 20 MB of PDF at most."),
    own.OTHER_ROOT: _("The XML is no e-invoice in CII or UBL."),
    own.NO_VALUE: _("An amount, day or currency in it cannot be read."),
    own.NO_PDF: _("The PDF is damaged or locked."),
    own.NO_XML_IN_PDF: _("There is no e-invoice inside the PDF."),
    own.STOPPED: _("The check took too long and was stopped."),
    own.NOT_JUDGED: _("The file could not be checked."),
    own.SCHEMA: _("An element stands where it must not, is missing, or has a wrong form."),
}
_GROUPS: tuple[tuple[str, str | Promise], ...] = (
    ("BR-CL-", _("A code is not in its list.")),
    ("BR-DEC-", _("An amount has more than two decimals.")),
    ("BR-S-", _("The standard-rated tax does not fit the lines or lacks a part.")),
    ("BR-Z-", _("The zero-rated tax does not fit the lines or lacks a part.")),
    ("BR-E-", _("The exemption from tax does not fit the lines or lacks its reason.")),
    (
        "BR-AE-",
        _("The reverse charge does not fit the lines or lacks a part, such as both VAT ids."),
    ),
    ("BR-IC-", _("The intra-community supply does not fit the lines or lacks a part.")),
    ("BR-G-", _("The export outside the EU does not fit the lines or lacks a part.")),
    ("BR-O-", _("What is not subject to tax does not fit the lines or lacks a part.")),
    ("BR-AF-", _("The Canary Islands tax does not fit the lines or lacks a part.")),
    ("BR-AG-", _("The Ceuta and Melilla tax does not fit the lines or lacks a part.")),
    ("BR-B-", _("The Italian split payment does not fit.")),
    ("BR-", _("A part that EN 16931 requires is missing or contradicts another.")),
    ("UBL-", _("UBL is used in a way that EN 16931 does not allow.")),
    ("CII-", _("CII is used in a way that EN 16931 does not allow.")),
    ("PEPPOL-", _("A rule of Peppol is not kept, such as an empty element.")),
    ("FX-", _("The profile of Factur-X does not allow this value or part.")),
)
_ALL: dict[str, str | Promise] = {**_REQUIRED, **_SUMS, **_OURS}


@dataclass(frozen=True, slots=True)
class RuleWords:
    """A finding for a page; `detail` is the rule's own text, in English."""

    rule: str
    is_error: bool
    words: str
    detail: str
    place: str


def rule_words(rule: str) -> str:
    """What a broken rule means; empty for one we know nothing of."""
    if rule in _ALL:
        return str(_ALL[rule])
    return next((str(words) for start, words in _GROUPS if rule.startswith(start)), "")


def in_words(findings: Iterable[Mapping[str, Any]]) -> list[RuleWords]:
    """Errors first."""
    found = [
        RuleWords(
            row["rule"], row["severity"] == "error", rule_words(row["rule"]) or row["text"],
            row["text"], row["place"],
        )
        for row in findings
    ]  # fmt: skip
    return sorted(found, key=lambda item: not item.is_error)

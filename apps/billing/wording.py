"""Codes of billing in words that their reader can act on."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from apps.billing.domain.einvoice.shape import Broken
from apps.common.money import Money, format_money

# reason -> (what is wrong, what to do next). Parameters stand in braces.
REASONS: dict[str, tuple[Any, Any]] = {
    "waiting_for_collector": (
        gettext_lazy("The company that collects the readings has not reported the usage yet."),
        gettext_lazy("Nothing to do: billing goes on by itself when it has."),
    ),
    "earlier_period_open": (
        gettext_lazy("An earlier period of this contract is not billed yet."),
        gettext_lazy("Solve that one first; this period follows with it."),
    ),
    "readings_not_ready": (
        gettext_lazy("New readings are still being worked in."),
        gettext_lazy("Try again in a minute."),
    ),
    "no_readings": (
        gettext_lazy("There is not a single believed reading for a covered channel."),
        gettext_lazy("Look at the refused and disbelieved readings, or import what is missing."),
    ),
    "no_value": (
        gettext_lazy("Nothing is known of {channel} of {asset} in this period."),
        gettext_lazy("Look at the refused and disbelieved readings, or import what is missing."),
    ),
    "meter_not_verified": (
        gettext_lazy("The verification of meter {serial} of {asset} has expired ({until})."),
        gettext_lazy(
            "Have it verified or exchanged and enter that on the channel's page; the contract bills "
            "nothing that an expired meter counted."
        ),
    ),
    "declaration_missing": (
        gettext_lazy(
            "The customer has not declared what {channel} of {asset} showed at the end of {day}."
        ),
        gettext_lazy(
            "Ask the customer to declare it under Readings to declare; then bill again. A value "
            "that the counter's rules do not believe is missing too."
        ),
    ),
    "no_factor": (
        gettext_lazy("{channel} of {asset} counts, but what one count stands for is not known."),
        gettext_lazy("Enter the factor of its meter on the channel's page."),
    ),
    "factor_too_fine": (
        gettext_lazy("{channel} of {asset} has readings with too many decimals for its factor."),
        gettext_lazy("Round the factor of its meter, or what the device sends, to fewer decimals."),
    ),
    "kind_mismatch": (
        gettext_lazy("{channel} of {asset} is another kind of channel than the contract bills."),
        gettext_lazy("Give the asset's type a channel of the agreed kind."),
    ),
    "no_order": (
        gettext_lazy("The contract has no metering order for a covered asset."),
        gettext_lazy("Check the contract's assets and channels."),
    ),
    "no_channel": (
        gettext_lazy("A covered asset has no such channel."),
        gettext_lazy("Check the asset's type and the contract's channels."),
    ),
    "period_not_over": (
        gettext_lazy("The period ends at {end}; it is not over yet."),
        gettext_lazy("Bill it when it is over."),
    ),
    "unit_mismatch": (
        gettext_lazy(
            "{asset} reports {channel} in {unit}, but the contract bills it in {expected}."
        ),
        gettext_lazy("Give the asset a channel in {expected}, or offer a plan in {unit}."),
    ),
    "metering_refused": (
        gettext_lazy("{collector} does not report usage of {asset} to your company."),
        gettext_lazy(
            "Ask it to name your company in the asset's passport as provider, owner or maker; "
            "then bill again."
        ),
    ),
    "no_plan": (
        gettext_lazy("No price plan is in force on {day}."),
        gettext_lazy("Give the contract a plan that is valid from that day or before."),
    ),
    "no_index_value": (
        gettext_lazy("The price index {series} has no value published before the period."),
        gettext_lazy("Enter the value under Price indices, then bill again."),
    ),
    "no_contract_year": (
        gettext_lazy("The yearly minimum {charge} needs the contract year so far."),
        gettext_lazy("Bill the earlier periods of the contract year first."),
    ),
    "no_windows": (
        gettext_lazy("The usage of {asset} is not told apart by the windows of {charge}."),
        gettext_lazy(
            "Bill again; if it stays so, the contract's metering orders lack the windows of its plan."
        ),
    ),
    "windows_do_not_tile": (
        gettext_lazy("The windows of {charge} do not add up to the usage of {asset}."),
        gettext_lazy("Look at the asset's readings; nothing is billed until the sums agree."),
    ),
    "nothing_measured": (
        gettext_lazy("{charge} has a price for something nobody measured in the period."),
        gettext_lazy("Cover the channel that measures it, or import its readings."),
    ),
    "not_a_percentage": (
        gettext_lazy("The availability of {asset} is {quantity}, more than 100 %."),
        gettext_lazy("Look at the readings behind it."),
    ),
    "no_tax_rate": (
        gettext_lazy("No standard tax rate is known for {country} on {day}."),
        gettext_lazy("Choose another tax category, or ask the platform to add the rate."),
    ),
    "no_reduced_rate": (
        gettext_lazy("No reduced tax rate is known for {country} on {day}."),
        gettext_lazy("Choose another tax for the charge, or ask the platform to add the rate."),
    ),
    "outside_mixed": (
        gettext_lazy(
            "{charge} is outside the scope of tax, other charges of the contract are not."
        ),
        gettext_lazy(
            "One document cannot carry both (EN 16931, BR-O-11). Give what is outside the scope a "
            "contract of its own."
        ),
    ),
    "currencies_differ": (
        gettext_lazy("The plan is in {plan}, the contract in {contract}."),
        gettext_lazy("Offer a plan in the contract's currency."),
    ),
    "negative_usage": (
        gettext_lazy("The usage of {asset} is negative: {quantity}."),
        gettext_lazy("Look at the asset's readings and declare the reset or exchange."),
    ),
    "units_of_one_asset_differ": (
        gettext_lazy("Two channels of {asset} under one meter have different units."),
        gettext_lazy("Put them under meters of their own."),
    ),
    "line_twice": (
        gettext_lazy("The charge {charge} would bill {asset} twice."),
        gettext_lazy("Check the contract's assets and the plan's charges."),
    ),
    "credit_exceeds": (
        gettext_lazy("Rated again, the period is worth less than nothing."),
        gettext_lazy("Look at the readings behind its reductions."),
    ),
    "order_expired": (
        gettext_lazy("The purchase order {number} is not valid on {day} any more."),
        gettext_lazy("Ask the customer for another and note it on the contract's page."),
    ),
    "order_exhausted": (
        gettext_lazy("The purchase order {number} has {left} left; this period needs {needed}."),
        gettext_lazy(
            "Ask the customer for more or another order and note it on the contract's page."
        ),
    ),
    "already_in_books": (
        gettext_lazy("The database refused a second billing of the same usage: {detail}"),
        gettext_lazy("Look at the contract's invoices; there is one for this period."),
    ),
    "readings_closed": (
        gettext_lazy("The readings of {source} are not open to the issuer of this invoice."),
        gettext_lazy(
            "Ask the company that collects them for its grant under the contract. The evidence is "
            "tried again when its file is asked for."
        ),
    ),
    "evidence_differs": (
        gettext_lazy("Computing the invoice again gives other lines than it states."),
        gettext_lazy("The platform's operator finds the details in the log."),
    ),
    "unexpected": (
        gettext_lazy("The contract could not be calculated: {detail}"),
        gettext_lazy("The platform's operator finds the details in the log."),
    ),
}
TAX_TEXTS = {
    "S": gettext_lazy("Standard rate"),
    "AE": gettext_lazy("Reverse charge: the recipient of the service owes the tax."),
    "E": gettext_lazy("Exempt from tax."),
    "Z": gettext_lazy("Zero rated."),
    "O": gettext_lazy("Outside the scope of tax."),
}
# Rules of EN 16931 that what a company says about itself can break -> what to do.
_SELLER_ID = gettext_lazy(
    "Your company needs a VAT id, a tax number or a register entry for its documents."
)
_BOTH_IDS = gettext_lazy("This tax category needs the VAT ids of both companies.")
RULES = {
    "BR-CO-26": _SELLER_ID, "BR-S-02": _SELLER_ID, "BR-E-02": _SELLER_ID, "BR-Z-02": _SELLER_ID,
    "BR-AE-02": _BOTH_IDS, "BR-IC-02": _BOTH_IDS, "BR-G-02": _SELLER_ID,
    "BR-CO-09": gettext_lazy("A VAT id begins with the two letters of its country."),
    "BR-O-11": gettext_lazy(
        "What is outside the scope of tax needs a document of its own, without other categories."
    ),
    "BR-S-05": gettext_lazy("The standard rate must be above 0 %."),
    "XML-CHECK": gettext_lazy("The document could not be checked. Try again in a minute."),
    "XML-TIME": gettext_lazy("The document could not be checked. Try again in a minute."),
}  # fmt: skip
JUMPS = {
    "rollover": gettext_lazy("the counter rolled over"),
    "restart": gettext_lazy("the counter started again from zero"),
    "reset": gettext_lazy("a declared reset"),
    "exchange": gettext_lazy("a declared exchange of the meter"),
    "released": gettext_lazy("a step that a person released"),
    "several": gettext_lazy("several declared jumps"),
}


def reason_words(code: str, params: Mapping[str, Any]) -> dict[str, str]:
    """{what, next}: what is wrong and what to do; an unknown code is shown with its figures."""
    if not code:
        return {"what": "", "next": ""}
    if code not in REASONS:
        figures = ", ".join(f"{name} {value}" for name, value in params.items())
        return {"what": f"{code.replace('_', ' ')} {figures}".strip(), "next": ""}
    what, following = REASONS[code]
    return {"what": _filled(str(what), params), "next": _filled(str(following), params)}


class _Known(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def _filled(text: str, params: Mapping[str, Any]) -> str:
    return text.format_map(_Known(params))


def tax_text(category: str) -> str:
    """What the law wants on the document for the category."""
    return str(TAX_TEXTS.get(category, category))


def rule_words(broken: Broken) -> dict[str, str]:
    """{rule, what}: what to do about a broken rule; of a rule we have no words for, its own."""
    return {"rule": broken.rule, "what": str(RULES.get(broken.rule) or broken.text)}


def jump_words(kind: str) -> str:
    return str(JUMPS.get(kind, kind))


def correction_words(before_minor: int, after_minor: int, currency: str) -> str:
    """The last step of a correcting line; sums of its service in minor units."""
    language = get_language() or "en"
    before, after = (
        format_money(Money(minor, currency), language) for minor in (before_minor, after_minor)
    )
    if after_minor < before_minor:
        return _("Billed so far %(before)s, correct %(after)s: the rest is credited.") % {
            "before": before, "after": after,
        }  # fmt: skip
    return _("Billed so far %(before)s, correct %(after)s: the rest is billed.") % {
        "before": before, "after": after,
    }  # fmt: skip

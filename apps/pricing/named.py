"""Charges that price other charges: the net of those they name, and a period's part of a sum."""

from collections.abc import Sequence
from decimal import Decimal

from apps.common.money import Money
from apps.common.quantity import divide, multiply
from apps.pricing.registry import PricingContext
from apps.pricing.source import PlanError, Source
from apps.pricing.values import PricedLine, ServiceDays, Step, step

MOST_NAMED = 100
PRORATIONS = ("days", "none")


def read_named(source: Source) -> tuple[str, ...]:
    """Codes of charges that stand before this one; empty: all of them."""
    return source.codes("of", MOST_NAMED)


def refuse_wrong_names(
    named: Sequence[str], path: str, before: Sequence[str], advance: Sequence[str]
) -> None:
    """A charge prices only what stands before it, and no fee of another period."""
    for number, code in enumerate(named):
        place = f"{path}.of[{number}]"
        if code not in before:
            raise PlanError(place, "not_before", code=code[:40])
        if code in advance:
            raise PlanError(place, "fee_in_advance", code=code)


def named_lines(
    context: PricingContext, named: Sequence[str], asset: str | None = None
) -> list[PricedLine]:
    """The priced lines a charge counts: in arrears, of the named charges, of one asset or all."""
    return [
        line
        for line in context.priced
        if line.timing == "arrears"
        and (not named or line.charge in named)
        and (asset is None or line.asset_id == asset)
    ]


def net_of(lines: Sequence[PricedLine], currency: str) -> tuple[Decimal, Step]:
    """The sum of fixed nets in main units of the currency, and the step that shows it."""
    net = Money(sum(line.net_minor for line in lines), currency).to_decimal()
    return net, step("base", base=net, currency=currency, **_titles(lines))


def _titles(lines: Sequence[PricedLine]) -> dict[str, str]:
    """The counted charges by name, in each language; a dash when nothing is counted."""
    charges = {line.charge: line for line in lines}
    names = {
        language: ", ".join(
            dict.fromkeys(
                line.title.get(language) or next(iter(line.title.values()))
                for line in charges.values()
            )
        )
        for language in ("de", "en")
    }
    return {f"names_{language}": text or "–" for language, text in names.items()}


def for_days(
    amount: Decimal, days: ServiceDays, proration: str, currency: str
) -> tuple[Decimal, list[Step]]:
    """A sum for the whole period, or its part by covered days, carried to 60 digits."""
    if proration == "none" or days.covered == days.in_period:
        return amount, []
    part = divide(multiply(amount, Decimal(days.covered)), Decimal(days.in_period))
    shown = step(
        "prorated", fee=amount, covered=days.covered, days=days.in_period, amount=part,
        currency=currency,
    )  # fmt: skip
    return part, [shown]

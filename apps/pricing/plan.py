"""The price plan as a frozen value, and the one function that prices with it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from apps.common.canonical import digest
from apps.common.money import CURRENCIES
from apps.pricing import models as models
from apps.pricing.ahead import ComingPeriod
from apps.pricing.circumstances import Circumstances
from apps.pricing.index import PriceIndex
from apps.pricing.named import refuse_wrong_names
from apps.pricing.registry import CHARGE_MODELS, TAX_NATURES, Charge, PricingContext
from apps.pricing.source import PlanError, Source
from apps.pricing.values import PricedLine, PricedPeriod, ServiceDays, Usage
from apps.pricing.windows import WindowCalendar

SCHEMA_VERSION = 1
MOST_CHARGES = 100
NOTHING_ELSE = Circumstances()


@dataclass(frozen=True, slots=True)
class PricePlan:
    """Charges in order, in one currency. Signed contracts hold it as its dict."""

    name: str
    currency: str
    charges: tuple[Charge, ...]

    @classmethod
    def from_dict(cls, data: object) -> "PricePlan":
        """Raises PlanError, which names the path and the reason."""
        source = Source(data, "")
        if source.get("schema", SCHEMA_VERSION) != SCHEMA_VERSION:
            raise PlanError("schema", "unknown_version", expected=str(SCHEMA_VERSION))
        name, currency = source.text("name"), source.text("currency")
        if currency not in CURRENCIES:
            raise PlanError("currency", "unknown_currency", currency=currency[:8])
        charges = tuple(_read_charge(item) for item in source.items("charges", MOST_CHARGES))
        source.finish()
        _refuse_wrong_codes(charges)
        return cls(name, currency, charges)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready; decimals as text. `from_dict(plan.to_dict()) == plan`."""
        return {
            "schema": SCHEMA_VERSION,
            "name": self.name,
            "currency": self.currency,
            "charges": [_write_charge(charge) for charge in self.charges],
        }

    @property
    def hash(self) -> str:
        """SHA-256 over the canonical JSON of the plan."""
        return digest(self.to_dict())

    @property
    def meters(self) -> tuple[str, ...]:
        """Codes of the metered items the plan prices, in order, each once."""
        found = (charge.meter for charge in self.charges if charge.meter is not None)
        return tuple(dict.fromkeys(found))

    @property
    def series(self) -> tuple[str, ...]:
        """Codes of the published series its prices follow, each once."""
        found = (charge.index.series for charge in self.charges if charge.index is not None)
        return tuple(dict.fromkeys(found))

    @property
    def needs_year(self) -> bool:
        """Whether a charge looks at the contract year so far."""
        return any(charge.yearly for charge in self.charges)

    @property
    def calendars(self) -> dict[str, dict[str, WindowCalendar]]:
        """By meter and charge code: the windows that usage must be told apart by."""
        found: dict[str, dict[str, WindowCalendar]] = {}
        for charge in self.charges:
            calendar = charge.calendar
            if calendar is not None and charge.meter is not None:
                found.setdefault(charge.meter, {})[charge.code] = calendar
        return found

    @property
    def tax_natures(self) -> tuple[str, ...]:
        """Those its charges name, each once."""
        return tuple(dict.fromkeys(charge.tax for charge in self.charges if charge.tax))

    @property
    def is_ahead(self) -> bool:
        """Whether a fee is billed in advance."""
        return any(charge.is_ahead for charge in self.charges)

    def charge(self, code: str) -> Charge:
        return next(charge for charge in self.charges if charge.code == code)


@dataclass(frozen=True, slots=True)
class Ahead:
    """The coming period and the plan it is priced with."""

    plan: PricePlan
    coming: ComingPeriod

    def to_dict(self) -> dict[str, object]:
        """As in the evidence."""
        return {
            **self.coming.to_dict(), "plan": self.plan.to_dict(), "plan_hash": self.plan.hash,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: object) -> "Ahead | None":
        """Raises PlanError, KeyError, TypeError or ValueError for another form."""
        if data is None:
            return None
        if not isinstance(data, Mapping):
            raise TypeError("not a coming period")
        return cls(PricePlan.from_dict(data["plan"]), ComingPeriod.from_dict(data))


def price(
    plan: PricePlan,
    usage: Usage,
    service: ServiceDays,
    advance: ServiceDays | None = None,
    circumstances: Circumstances = NOTHING_ELSE,
    ahead: "Ahead | None" = None,
) -> PricedPeriod:
    """Usage and plan -> priced lines, in the order of the charges. The only way to a price.

    `usage` maps meter codes to what each asset used; a meter that is missing is zero usage.
    Fees in advance are priced on the days of `advance`, or of `service` where it is None.
    `circumstances` holds what else the plan's prices depend on: index values, the contract year.
    With `ahead` the fees in advance are those of the coming period, by its plan; a period of which
    the contract covers no day, the one before it begins, has nothing else.
    Raises PricingError for usage that cannot be priced and for circumstances that are missing.
    """
    lines: list[PricedLine] = []
    for charge in plan.charges:
        if ahead is not None and (charge.is_ahead or not service.covered):
            continue
        used = usage.get(charge.meter or "", ())
        context = PricingContext(
            plan.currency, used, service, advance or service, circumstances, lines
        )
        lines.extend(charge.price(context))
    if ahead is not None:
        lines.extend(_fees_ahead(ahead))
    return PricedPeriod(plan.currency, tuple(lines))


def _fees_ahead(ahead: "Ahead") -> list[PricedLine]:
    """The coming period's fees in advance, each with the service it is for."""
    coming, lines = ahead.coming, list[PricedLine]()
    for charge in ahead.plan.charges:
        if charge.is_ahead:
            days = coming.kept if charge.is_kept and coming.days.covered else coming.days
            context = PricingContext(
                ahead.plan.currency, (), days, days, coming.circumstances, ()
            )  # fmt: skip
            lines += [replace(line, service=coming.service) for line in charge.price(context)]
    return lines


def _read_charge(source: Source) -> Charge:
    name = source.text("model")
    kind = CHARGE_MODELS.get(name)
    if kind is None:
        known = ", ".join(sorted(CHARGE_MODELS))
        raise PlanError(source.at("model"), "unknown_model", model=name[:40], known=known)
    charge = kind.read(source, _read_head(source, kind))
    if hasattr(charge, "unit") != (charge.meter is not None):
        reason = "missing_meter" if charge.meter is None else "meter_not_used"
        raise PlanError(source.at("meter"), reason)
    source.finish()
    return charge


def _read_head(source: Source, kind: type[Charge]) -> dict[str, Any]:
    index = source.get("index") if kind.indexable else None
    return {
        "code": source.code("code"),
        "title": source.titles("title"),
        "meter": None if source.get("meter") is None else source.code("meter"),
        "index": None if index is None else PriceIndex.read(Source(index, source.at("index"))),
        "tax": source.choice("tax", ("", *TAX_NATURES), ""),
    }


def _write_charge(charge: Charge) -> dict[str, object]:
    head: dict[str, object] = {"model": charge.model, "code": charge.code}
    head["title"] = dict(charge.title)
    if charge.meter is not None:
        head["meter"] = charge.meter
    if charge.index is not None:
        head["index"] = charge.index.write()
    if charge.tax:
        head["tax"] = charge.tax
    return {**head, **charge.write()}


def _refuse_wrong_codes(charges: tuple[Charge, ...]) -> None:
    """Each code once; a charge over others names only those before it."""
    seen: list[str] = []
    advance: list[str] = []
    for number, charge in enumerate(charges):
        path = f"charges[{number}]"
        if charge.code in seen:
            raise PlanError(f"{path}.code", "repeated_code", code=charge.code)
        refuse_wrong_names(getattr(charge, "of", ()), path, seen, advance)
        seen.append(charge.code)
        if charge.is_ahead:
            advance.append(charge.code)

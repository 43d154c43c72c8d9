"""Steps of the arithmetic as sentences, in German and English."""

from collections.abc import Mapping
from decimal import Decimal

from apps.common.money import format_unit_price
from apps.common.quantity import FRACTION_DIGITS, bounded, format_number, format_quantity
from apps.common.units import UNITS, format_with_unit
from apps.pricing.values import PricedLine, Step

SENTENCES: dict[str, dict[str, str]] = {
    "used": {
        "en": "{asset} used {quantity}.",
        "de": "Nutzung von {asset}: {quantity}.",
    },
    "converted": {
        "en": "Converted: {quantity}.",
        "de": "Umgerechnet: {quantity}.",
    },
    "group_member": {
        "en": "{asset}: {quantity}.",
        "de": "{asset}: {quantity}.",
    },
    "group_sum": {
        "en": "{group}: the sum of {members} members is {quantity}.",
        "de": "{group}: Die Summe von {members} Mitgliedern ist {quantity}.",
    },
    "group_maximum": {
        "en": "{group}: the highest of {members} members is {quantity}.",
        "de": "{group}: Der höchste Wert von {members} Mitgliedern ist {quantity}.",
    },
    "group_mean": {
        "en": "{group}: the mean of {members} members is {quantity}, to 12 decimals, half up.",
        "de": "{group}: Das Mittel von {members} Mitgliedern ist {quantity}, auf 12 "
        "Nachkommastellen, kaufmännisch.",
    },
    "group_count_above": {
        "en": "{group}: of {members} members {quantity} have more than {above}.",
        "de": "{group}: Von {members} Mitgliedern haben {quantity} mehr als {above}.",
    },
    "pooled": {
        "en": "Together over {assets} assets: {quantity}.",
        "de": "Zusammen über {assets} Anlagen: {quantity}.",
    },
    "tier": {
        "en": "Tier {tier}, above {above} up to {up_to}: {quantity} fall into it.",
        "de": "Stufe {tier}, über {above} bis {up_to}: {quantity} fallen hinein.",
    },
    "last_tier": {
        "en": "Tier {tier}, above {above}: {quantity} fall into it.",
        "de": "Stufe {tier}, über {above}: {quantity} fallen hinein.",
    },
    "times": {
        "en": "{quantity} × {unit_price} = {amount}.",
        "de": "{quantity} × {unit_price} = {amount}.",
    },
    "tier_flat": {
        "en": "Fixed amount of tier {tier}: {flat}.",
        "de": "Fester Betrag der Stufe {tier}: {flat}.",
    },
    "fee": {
        "en": "Fee for the whole period: {fee}.",
        "de": "Gebühr für den ganzen Zeitraum: {fee}.",
    },
    "prorated": {
        "en": "{fee} × {covered} of {days} days = {amount}.",
        "de": "{fee} × {covered} von {days} Tagen = {amount}.",
    },
    "whole_tier": {
        "en": "Tier {tier}, above {above} up to {up_to}, holds the whole {quantity}.",
        "de": "Stufe {tier}, über {above} bis {up_to}, gilt für die ganzen {quantity}.",
    },
    "last_whole_tier": {
        "en": "Tier {tier}, above {above}, holds the whole {quantity}.",
        "de": "Stufe {tier}, über {above}, gilt für die ganzen {quantity}.",
    },
    "included_days": {
        "en": "Included: {whole} × {covered} of {days} days = {quantity}, to 12 decimals, half up.",
        "de": "Inklusive: {whole} × {covered} von {days} Tagen = {quantity}, auf 12 "
        "Nachkommastellen, kaufmännisch.",
    },
    "included": {
        "en": "{included} are included; {quantity} remain.",
        "de": "{included} sind inklusive; {quantity} bleiben.",
    },
    "packages": {
        "en": "{quantity} in packages of {size}: {count} begun.",
        "de": "{quantity} in Paketen zu {size}: {count} angefangen.",
    },
    "stair": {
        "en": "{quantity} reach step {tier}, above {above} up to {up_to}: {flat}.",
        "de": "{quantity} erreichen Stufe {tier}, über {above} bis {up_to}: {flat}.",
    },
    "last_stair": {
        "en": "{quantity} reach step {tier}, above {above}: {flat}.",
        "de": "{quantity} erreichen Stufe {tier}, über {above}: {flat}.",
    },
    "no_stair": {
        "en": "Without usage no step is reached.",
        "de": "Ohne Nutzung wird keine Stufe erreicht.",
    },
    "base": {
        "en": "Net of {names}: {base}.",
        "de": "Netto aus {names}: {base}.",
    },
    "percent": {
        "en": "{percent} % of {base} = {amount}.",
        "de": "{percent} % von {base} = {amount}.",
    },
    "top_up": {
        "en": "Minimum {minimum} − {base} = {amount}.",
        "de": "Mindestbetrag {minimum} − {base} = {amount}.",
    },
    "capped": {
        "en": "Maximum {maximum} − {base} = {amount}.",
        "de": "Höchstbetrag {maximum} − {base} = {amount}.",
    },
    "year_so_far": {
        "en": "Contract year before this period: {so_far}.",
        "de": "Vertragsjahr vor diesem Zeitraum: {so_far}.",
    },
    "year_elsewhere": {
        "en": "Charged before, elsewhere, in the same contract year: {so_far}.",
        "de": "Im selben Vertragsjahr vorher anderswo berechnet: {so_far}.",
    },
    "included_used": {
        "en": "Of {whole} included, {used} were used before, elsewhere: {quantity} are left.",
        "de": "Von {whole} Inklusivmenge wurden {used} vorher anderswo verbraucht: "
        "Es bleiben {quantity}.",
    },
    "index": {
        "en": "{name} for {reference}: {value}, published on {published}.",
        "de": "{name} für {reference}: {value}, veröffentlicht am {published}.",
    },
    "index_factor": {
        "en": "({base_value} + {weight} × ({value} − {base_value})) ÷ {base_value} = "
        "{factor}, to 12 decimals, half up.",
        "de": "({base_value} + {weight} × ({value} − {base_value})) ÷ {base_value} = "
        "{factor}, auf 12 Nachkommastellen, kaufmännisch.",
    },
    "index_band": {
        "en": "The band holds the factor at {factor}.",
        "de": "Die Bandbreite hält den Faktor bei {factor}.",
    },
    "indexed": {
        "en": "{price} × {factor} = {unit_price}, to 12 decimals, half up.",
        "de": "{price} × {factor} = {unit_price}, auf 12 Nachkommastellen, kaufmännisch.",
    },
    "window": {
        "en": "Window {window}: {quantity}.",
        "de": "Zeitfenster {window}: {quantity}.",
    },
    "measured": {
        "en": "{asset}: {quantity} measured.",
        "de": "{asset}: {quantity} gemessen.",
    },
    "mean": {
        "en": "Mean over {assets} assets: {quantity}.",
        "de": "Mittel über {assets} Anlagen: {quantity}.",
    },
    "band_none": {
        "en": "{quantity} lies in the band from {lower} %: neither bonus nor malus.",
        "de": "{quantity} liegt im Band ab {lower} %: weder Bonus noch Malus.",
    },
    "band_bonus": {
        "en": "{quantity} lies in the band from {lower} %: a bonus.",
        "de": "{quantity} liegt im Band ab {lower} %: ein Bonus.",
    },
    "band_malus": {
        "en": "{quantity} lies in the band from {lower} %: a malus.",
        "de": "{quantity} liegt im Band ab {lower} %: ein Malus.",
    },
    "band_amount": {
        "en": "Amount of the band: {amount}.",
        "de": "Betrag des Bandes: {amount}.",
    },
    "baseline_days": {
        "en": "Baseline: {whole} × {covered} of {days} days = {quantity}, to 12 decimals, half up.",
        "de": "Vergleichswert: {whole} × {covered} von {days} Tagen = {quantity}, "
        "auf 12 Nachkommastellen, kaufmännisch.",
    },
    "saved": {
        "en": "Saved: {baseline} − {used} = {quantity}.",
        "de": "Eingespart: {baseline} − {used} = {quantity}.",
    },
    "no_saving": {
        "en": "Nothing was saved: 0 is priced.",
        "de": "Nichts wurde eingespart: Berechnet wird 0.",
    },
    "share": {
        "en": "{percent} % of {price} = {unit_price}, to 12 decimals, half up.",
        "de": "{percent} % von {price} = {unit_price}, auf 12 Nachkommastellen, kaufmännisch.",
    },
    "rounded": {
        "en": "{amount} rounded half up to {net}.",
        "de": "{amount} kaufmännisch gerundet auf {net}.",
    },
}
_MONEY = (
    "unit_price", "amount", "flat", "fee", "net", "base", "price", "minimum", "maximum", "so_far",
)  # fmt: skip
_MEASURED = ("quantity", "whole", "included", "size", "baseline", "used")
_BARE = (
    "above", "up_to", "count", "percent", "value", "base_value", "weight", "factor", "lower",
)  # fmt: skip
# Steps whose sentence is another one where the last tier has no upper edge.
_TIERED = ("tier", "whole_tier", "stair")


def sentence(step: Step, language: str) -> str:
    """One step as one sentence; an unknown code is shown with its figures."""
    language = "de" if language.startswith("de") else "en"
    params = step.params
    last = step.code in _TIERED and not params["up_to"]
    code = f"last_{step.code}" if last else step.code
    words = {name: _shown(name, params, language) for name in params}
    own = f"_{language}"
    # What has a name in each language is given under the plain one.
    words |= {name.removesuffix(own): words[name] for name in params if name.endswith(own)}
    if code not in SENTENCES:
        figures = ", ".join(f"{name} {value}" for name, value in words.items())
        return f"{code}: {figures}"
    return SENTENCES[code][language].format_map(words)


def sentences(line: PricedLine, language: str) -> list[str]:
    """The whole arithmetic of a line, in order."""
    return [sentence(item, language) for item in line.steps]


def _shown(name: str, params: Mapping[str, str], language: str) -> str:
    text = params[name]
    if name in _MEASURED and params.get("unit") in UNITS:
        return format_with_unit(Decimal(text), params["unit"], language)
    if name == "net":
        return f"{format_number(Decimal(text), language)}\u00a0{params['currency']}"
    if name in _MONEY:
        return _price(text, params["currency"], language)
    if name in _BARE and text:
        return _decimal(text, language)
    return text


def _price(text: str, currency: str, language: str) -> str:
    """A price or an exact amount with its currency; past 12 decimals with an ellipsis."""
    exponent = Decimal(text).as_tuple().exponent
    if isinstance(exponent, int) and -exponent > FRACTION_DIGITS:
        return f"{_decimal(text, language)}\u00a0{currency}"
    return format_unit_price(Decimal(text), currency, language)


def _decimal(text: str, language: str) -> str:
    """A figure with at most 12 decimals; a longer one is shown with an ellipsis."""
    value = Decimal(text)
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > FRACTION_DIGITS:
        return format_quantity(bounded(value), language) + "…"
    return format_quantity(value, language)

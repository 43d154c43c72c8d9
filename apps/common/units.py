"""Units as constants: UCUM code for data, UN/ECE Recommendation 20 code for invoices.

Factors are exact decimals to the dimension's base. What is counted (cycles, pieces, washes)
has a dimension of its own each, so that cycles are never added to pieces. Calendar months are
no multiple of seconds.
"""

from dataclasses import dataclass
from decimal import Decimal

from apps.common.quantity import BadValue, add, bounded, divide, format_quantity, multiply, subtract


@dataclass(frozen=True, slots=True)
class Unit:
    """Base value = (value + shift) × factor. A symbol is what stands behind a number."""

    code: str
    rec20: str
    symbol_en: str
    symbol_de: str
    name_en: str
    name_de: str
    dimension: str
    factor: Decimal
    shift: Decimal = Decimal(0)

    def symbol(self, language: str) -> str:
        return self.symbol_de if language.startswith("de") else self.symbol_en

    def name(self, language: str) -> str:
        return self.name_de if language.startswith("de") else self.name_en

    def one(self, language: str) -> str:
        """What stands behind *per*: `kWh`, but `wash` where the symbol is a plural word."""
        counted = self.code.startswith("{")
        return self.name(language) if counted else self.symbol(language) or self.name(language)


# Bases are chosen so that every factor is an exact decimal: speed in m/h, temperature in
# ninths of a kelvin. UCUM code | Rec 20 | symbol (English;German) |
# English | German | dimension | factor to base | shift
_TABLE = """
m|MTR|m|metre|Meter|length|1
km|KMT|km|kilometre|Kilometer|length|1000
cm|CMT|cm|centimetre|Zentimeter|length|0.01
mm|MMT|mm|millimetre|Millimeter|length|0.001
um|4H|µm|micrometre|Mikrometer|length|0.000001
[mi_i]|SMI|mi|mile|Meile|length|1609.344
[ft_i]|FOT|ft|foot|Fuß|length|0.3048
[in_i]|INH|in|inch|Zoll|length|0.0254
m2|MTK|m²|square metre|Quadratmeter|area|1
har|HAR|ha|hectare|Hektar|area|10000
m3|MTQ|m³|cubic metre|Kubikmeter|volume|1
L|LTR|l|litre|Liter|volume|0.001
mL|MLT|ml|millilitre|Milliliter|volume|0.000001
hL|HLT|hl|hectolitre|Hektoliter|volume|0.1
cm3|CMQ|cm³|cubic centimetre|Kubikzentimeter|volume|0.000001
[gal_us]|GLL|gal|US gallon|US-Gallone|volume|0.003785411784
s|SEC|s|second|Sekunde|time|1
min|MIN|min|minute|Minute|time|60
h|HUR|h|hour|Stunde|time|3600
d|DAY|d|day|Tag|time|86400
wk|WEE|wk|week|Woche|time|604800
mo|MON|months;Monate|month|Monat|calendar|1
a|ANN|years;Jahre|year|Jahr|calendar|12
kg|KGM|kg|kilogram|Kilogramm|mass|1
g|GRM|g|gram|Gramm|mass|0.001
mg|MGM|mg|milligram|Milligramm|mass|0.000001
t|TNE|t|tonne|Tonne|mass|1000
[lb_av]|LBR|lb|pound|Pfund|mass|0.45359237
kW.h|KWH|kWh|kilowatt hour|Kilowattstunde|energy|3600000
W.h|WHR|Wh|watt hour|Wattstunde|energy|3600
MW.h|MWH|MWh|megawatt hour|Megawattstunde|energy|3600000000
J|JOU|J|joule|Joule|energy|1
kJ|KJO|kJ|kilojoule|Kilojoule|energy|1000
MJ|3B|MJ|megajoule|Megajoule|energy|1000000
W|WTT|W|watt|Watt|power|1
kW|KWT|kW|kilowatt|Kilowatt|power|1000
MW|MAW|MW|megawatt|Megawatt|power|1000000
kV.A|KVA|kVA|kilovolt ampere|Kilovoltampere|apparent power|1000
kV.A{reactive}|KVR|kvar|kilovar|Kilovar|reactive power|1
kV.A{reactive}.h|K3|kvarh|kilovar hour|Kilovarstunde|reactive energy|1
A|AMP|A|ampere|Ampere|current|1
mA|4K|mA|milliampere|Milliampere|current|0.001
A.h|AMH|Ah|ampere hour|Amperestunde|charge|1
V|VLT|V|volt|Volt|voltage|1
Hz|HTZ|Hz|hertz|Hertz|frequency|1
{rev}/min|RPM|1/min|revolutions per minute|Umdrehungen pro Minute|rotation|1
Pa|PAL|Pa|pascal|Pascal|pressure|1
kPa|KPA|kPa|kilopascal|Kilopascal|pressure|1000
bar|BAR|bar|bar|Bar|pressure|100000
mbar|MBR|mbar|millibar|Millibar|pressure|100
K|KEL|K|kelvin|Kelvin|temperature|9
Cel|CEL|°C|degree Celsius|Grad Celsius|temperature|9|273.15
[degF]|FAH|°F|degree Fahrenheit|Grad Fahrenheit|temperature|5|459.67
m/s|MTS|m/s|metre per second|Meter pro Sekunde|speed|3600
km/h|KMH|km/h|kilometre per hour|Kilometer pro Stunde|speed|1000
[mi_i]/h|HM|mph|mile per hour|Meile pro Stunde|speed|1609.344
m/s2|MSK|m/s²|metre per second squared|Meter pro Sekunde hoch zwei|acceleration|1
m3/h|MQH|m³/h|cubic metre per hour|Kubikmeter pro Stunde|flow|1000
L/h|E32|l/h|litre per hour|Liter pro Stunde|flow|1
L/min|L2|l/min|litre per minute|Liter pro Minute|flow|60
N|NEW|N|newton|Newton|force|1
N.m|NU|Nm|newton metre|Newtonmeter|torque|1
deg|DD|°|degree|Grad|angle|1
rad|C81|rad|radian|Radiant|radian|1
rad/s|2A|rad/s|radian per second|Radiant pro Sekunde|angular speed|1
t.km|TKM|tkm|tonne kilometre|Tonnenkilometer|transport|1
By|AD|B|byte|Byte|data|1
GBy|E34|GB|gigabyte|Gigabyte|data|1000000000
1|C62||one|Eins|number|1
%|P1|%|percent|Prozent|number|0.01
{piece}|H87|pcs;Stück|piece|Stück|pieces|1
{cycle}|C62|cycles;Zyklen|cycle|Zyklus|cycles|1
{pulse}|C62|pulses;Impulse|pulse|Impuls|pulses|1
{start}|C62|starts;Starts|start|Start|starts|1
{wash}|C62|washes;Waschgänge|wash|Waschgang|washes|1
{part}|C62|parts;Teile|part|Teil|parts|1
{print}|C62|prints;Drucke|print|Druck|prints|1
{trip}|C62|trips;Fahrten|trip|Fahrt|trips|1
{service}|E48|services;Leistungen|service|Leistung|services|1
"""


def _unit(line: str) -> Unit:
    code, rec20, symbol, english, german, dimension, factor, *shift = line.split("|")
    in_english, _, in_german = symbol.partition(";")
    return Unit(
        code, rec20, in_english, in_german or in_english, english, german, dimension,
        Decimal(factor), Decimal(shift[0]) if shift else Decimal(0),
    )  # fmt: skip


UNITS: dict[str, Unit] = {unit.code: unit for unit in map(_unit, _TABLE.strip().splitlines())}


def unit(code: str) -> Unit:
    """The unit of a UCUM code. Raises BadValue unknown_unit."""
    try:
        return UNITS[code]
    except (KeyError, TypeError):
        raise BadValue("unknown_unit", {"unit": str(code)[:32]}) from None


def convertible(source: str, target: str) -> bool:
    return unit(source).dimension == unit(target).dimension


def convert(value: Decimal, source: str, target: str) -> Decimal:
    """The value in the target unit, exact where it ends within 12 fraction digits, else half up.

    Raises BadValue: unknown_unit, unit_mismatch, too_large.
    """
    here, there = unit(source), unit(target)
    if here.dimension != there.dimension:
        raise BadValue("unit_mismatch", {"unit": source, "expected": target})
    base = multiply(add(value, here.shift), here.factor)
    return bounded(subtract(divide(base, there.factor), there.shift))


def format_with_unit(value: Decimal, code: str, language: str) -> str:
    """'1.234,5 km' in German, '1,234.5 km' in English."""
    symbol = unit(code).symbol(language)
    return format_quantity(value, language) + (f"\u00a0{symbol}" if symbol else "")

"""What is wrong with a formula, in words: one sentence per reason, English and German."""

from collections.abc import Mapping

FORMULA_REASONS: dict[str, dict[str, str]] = {
    "empty": {"en": "The formula is empty.", "de": "Die Formel ist leer."},
    "too_long": {
        "en": "The formula has more than {most} characters.",
        "de": "Die Formel hat mehr als {most} Zeichen.",
    },
    "too_many_parts": {
        "en": "The formula has more than {most} parts.",
        "de": "Die Formel hat mehr als {most} Teile.",
    },
    "too_deep": {
        "en": "The formula is nested more than {most} levels deep.",
        "de": "Die Formel ist tiefer als {most} Ebenen verschachtelt.",
    },
    "bad_character": {
        "en": "The character {character} has no place in a formula.",
        "de": "Das Zeichen {character} gehört in keine Formel.",
    },
    "bad_number": {
        "en": "{text} is not a number such as 12.5.",
        "de": "{text} ist keine Zahl wie 12.5.",
    },
    "number_out_of_bounds": {
        "en": "A number has at most 18 digits before and 12 after the point.",
        "de": "Eine Zahl hat höchstens 18 Stellen vor und 12 nach dem Punkt.",
    },
    "bad_name": {
        "en": "{name} is not the code of a channel: small letters, digits, underscores.",
        "de": "{name} ist kein Kürzel eines Messkanals: Kleinbuchstaben, Ziffern, Unterstriche.",
    },
    "unknown_name": {
        "en": "There is no channel {name} here.",
        "de": "Hier gibt es keinen Messkanal {name}.",
    },
    "unknown_function": {
        "en": "There is no function {name}. There are min, max, abs, round, floor, ceil, if, or_else.",
        "de": "Es gibt keine Funktion {name}, nur min, max, abs, round, floor, ceil, if und or_else.",
    },
    "wrong_arguments": {
        "en": "{name} takes {least} to {most} values.",
        "de": "{name} nimmt {least} bis {most} Werte.",
    },
    "bad_exponent": {
        "en": "An exponent is a whole number from 0 to {most}.",
        "de": "Ein Exponent ist eine ganze Zahl von 0 bis {most}.",
    },
    "bad_digits": {
        "en": "The digits of round are a whole number from 0 to {most}.",
        "de": "Die Stellen von round sind eine ganze Zahl von 0 bis {most}.",
    },
    "chained": {
        "en": "Compare two values at a time and join them with “and”.",
        "de": "Bitte immer zwei Werte vergleichen und mit „and“ verbinden.",
    },
    "chained_power": {
        "en": "Put a power of a power into parentheses.",
        "de": "Eine Potenz einer Potenz braucht Klammern.",
    },
    "not_a_condition": {
        "en": "A condition is needed here, such as current > 5.",
        "de": "Hier braucht es eine Bedingung wie current > 5.",
    },
    "not_an_amount": {
        "en": "An amount is needed here, not a condition; if(…, 1, 0) makes one.",
        "de": "Hier braucht es eine Zahl, keine Bedingung; if(…, 1, 0) macht daraus eine.",
    },
    "expected": {
        "en": "“{expected}” is needed here, not “{found}”.",
        "de": "Hier braucht es „{expected}“, nicht „{found}“.",
    },
    "unexpected": {
        "en": "“{found}” cannot stand here.",
        "de": "„{found}“ kann hier nicht stehen.",
    },
    "unfinished": {
        "en": "The formula breaks off here.",
        "de": "Die Formel bricht hier ab.",
    },
    "missing_input": {
        "en": "Channel {name} has no value at that time.",
        "de": "Der Messkanal {name} hat zu dieser Zeit keinen Wert.",
    },
    "division_by_zero": {"en": "A division by zero.", "de": "Eine Division durch null."},
    "too_large": {
        "en": "The value reaches 10^{power} or more.",
        "de": "Der Wert erreicht 10^{power} oder mehr.",
    },
    "too_many_steps": {
        "en": "The formula takes more than {steps} steps.",
        "de": "Die Formel braucht mehr als {steps} Schritte.",
    },
}


def formula_sentence(
    reason: str, position: int, params: Mapping[str, str], language: str = "en"
) -> str:
    """Position and reason as one sentence: “At character 7: …”."""
    german = language.startswith("de")
    sentence = FORMULA_REASONS[reason]["de" if german else "en"].format_map(dict(params))
    return f"{'Bei Zeichen' if german else 'At character'} {position}: {sentence}"

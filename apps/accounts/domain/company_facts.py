"""What stands on documents about a company: identifiers that have a check digit are checked."""

import re

from stdnum.eu import vat
from stdnum.exceptions import ValidationError as WrongNumber
from stdnum.iso7064 import mod_97_10

# Electronic address schemes (CEF EAS code list, EN 16931 BT-34-1 and BT-49-1) offered here.
LEITWEG = "0204"
SCHEMES = {
    LEITWEG: "Leitweg-ID", "0088": "GLN", "0060": "D-U-N-S", "9930": "USt-IdNr. (DE)",
    "9914": "UID (AT)", "9957": "N° TVA (FR)", "0009": "SIRET (FR)", "0106": "KvK (NL)",
    "0211": "Partita IVA (IT)", "0184": "CVR (DK)", "0192": "Org.nr. (NO)", "0007": "Org.nr. (SE)",
}  # fmt: skip
# The event: what stands on the company's documents is another now, or the register answered about its VAT id.
FACTS_CHANGED = "accounts.facts_changed"
# Countries whose VAT ids have another prefix than their code.
PREFIXES = {"GR": "EL"}
_LEITWEG = re.compile(r"^[0-9]{2,12}(-[A-Z0-9]{1,30})?-[0-9]{2}$")
_GLN = re.compile(r"^[0-9]{13}$")


def is_vat_id(text: str, country: str) -> bool:
    """In the Union by prefix, form and check digit; elsewhere only that it is letters and digits."""
    prefix = PREFIXES.get(country, country)
    if prefix.lower() not in vat.MEMBER_STATES and prefix != "EL":
        return re.fullmatch(r"[A-Z0-9.\- ]{4,20}", text) is not None
    if not text.startswith(prefix):
        return False
    try:
        vat.validate(text)
    except WrongNumber:
        return False
    return True


def is_union_id(text: str) -> bool:
    """Whether the Union's register knows ids with this prefix."""
    prefix = text[:2].upper()
    return prefix == "EL" or (prefix.lower() in vat.MEMBER_STATES and prefix not in PREFIXES)


def is_leitweg_id(text: str) -> bool:
    """Form and check digits (KoSIT, Formatspezifikation Leitweg-ID 2.0.2: ISO 7064, mod 97-10)."""
    return bool(_LEITWEG.match(text)) and mod_97_10.is_valid(text.replace("-", ""))


def is_gln(text: str) -> bool:
    """13 digits, the last by GS1's weights 1 and 3."""
    if not _GLN.match(text):
        return False
    total = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(text))
    return total % 10 == 0


def is_e_address(scheme: str, text: str) -> bool:
    """Whether a document can be sent there: a known scheme and an identifier of its form."""
    if scheme == LEITWEG:
        return is_leitweg_id(text)
    if scheme == "0088":
        return is_gln(text)
    return scheme in SCHEMES and re.fullmatch(r"[A-Za-z0-9.\-]{3,50}", text) is not None

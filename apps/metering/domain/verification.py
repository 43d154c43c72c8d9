"""Checks an evidence document from itself and the issuer's public key, to the same cent."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from apps.common.ed25519 import verify_signature
from apps.common.period import Period, parse_instant, zone_of
from apps.common.quantity import parse_decimal
from apps.metering.domain.corrected import INVOICE_KIND, correction_again, stated_lines
from apps.metering.domain.evidence import (
    ALGORITHM,
    MeteredItem,
    TaxedLine,
    document_digest,
    field_check,
    leaves,
    line_dict,
    reading_check,
    signing_bytes,
    usage_by_meter,
)
from apps.metering.domain.figures import UsageFigures, fields_of, rows_of, whole_number
from apps.metering.domain.recomputation import Difference, differences, recompute
from apps.pricing.circumstances import Circumstances
from apps.pricing.plan import Ahead, PricePlan, price
from apps.pricing.tax import TaxedNet, document_totals, tax_totals
from apps.pricing.values import ServiceDays
from apps.telemetry.domain.belief import Reading

_MALFORMED = (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError)
_HEX_KEY = re.compile(r"[0-9a-fA-F]{64}")
_HEX_SIGNATURE = re.compile(r"[0-9a-f]{128}")

FINDINGS: dict[str, dict[str, str]] = {
    "bad_signature": {
        "en": "The signature does not fit this document and key.",
        "de": "Die Signatur passt nicht zu diesem Dokument und Schlüssel.",
    },
    "bad_key": {
        "en": "The public key is not 64 hexadecimal digits.",
        "de": "Der öffentliche Schlüssel besteht nicht aus 64 Hexadezimalziffern.",
    },
    "other_key": {
        "en": "The document names another public key: {stated}.",
        "de": "Das Dokument nennt einen anderen öffentlichen Schlüssel: {stated}.",
    },
    "changed": {
        "en": "{path} was changed; it now says {stated}.",
        "de": "{path} wurde geändert; dort steht jetzt {stated}.",
    },
    "differs": {
        "en": "{path} says {stated}, computed again it is {computed}.",
        "de": "{path} nennt {stated}, neu berechnet ist es {computed}.",
    },
    "malformed": {
        "en": "{path} cannot be read: {stated}.",
        "de": "{path} ist nicht lesbar: {stated}.",
    },
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be: a code, the place, what stands and what should."""

    code: str
    path: str = ""
    stated: str = ""
    computed: str = ""

    def text(self, language: str) -> str:
        sentence = FINDINGS[self.code]["de" if language.startswith("de") else "en"]
        return sentence.format(path=self.path, stated=self.stated, computed=self.computed)

    def to_dict(self) -> dict[str, object]:
        return {
            "code": self.code,
            "path": self.path,
            "stated": self.stated,
            "computed": self.computed,
        }


def check(document: Mapping[str, object], public_key_hex: str) -> list[Finding]:
    """Everything that is wrong with the document; an empty list means: verified.

    Signature first, then the fields that were changed, then what computing again gives.
    Never raises for a malformed document: that is a finding.
    """
    findings = list(_guarded("signature", _signature_findings(document, public_key_hex)))
    findings += _guarded("checks", _changed_fields(document))
    findings += _guarded("contracts", _contract_findings(document))
    findings += _guarded("totals", _total_findings(document))
    return findings


def _guarded(path: str, found: Iterator[Finding]) -> list[Finding]:
    findings: list[Finding] = []
    try:
        findings.extend(found)
    except _MALFORMED as problem:
        findings.append(Finding("malformed", path, f"{type(problem).__name__}: {problem}"))
    return findings


def _signature_findings(document: Mapping[str, object], public_key_hex: str) -> Iterator[Finding]:
    if not _HEX_KEY.fullmatch(public_key_hex):
        yield Finding("bad_key", "key")
        return
    block = fields_of(document["signature"])
    value = str(block["value"])
    if block["public_key"] != public_key_hex.lower():
        yield Finding("other_key", "signature/public_key", str(block["public_key"]))
    formed = block["algorithm"] == ALGORITHM and _HEX_SIGNATURE.fullmatch(value) and len(block) == 3
    key = bytes.fromhex(public_key_hex)
    if not formed or not verify_signature(key, signing_bytes(document), bytes.fromhex(value)):
        yield Finding("bad_signature", "signature/value")


def _changed_fields(document: Mapping[str, object]) -> Iterator[Finding]:
    checks = dict(fields_of(document["checks"]))
    for path, value in leaves(document, ""):
        if checks.pop(path, None) != field_check(path, value):
            yield Finding("changed", path, str(value))
    for path in checks:
        yield Finding("changed", f"checks/{path}", "?")
    for path, row in _reading_rows(document):
        instant, value, stated = row
        if reading_check(str(instant), str(value)) != stated:
            yield Finding("changed", path, f"{instant} {value}")
    computed = document_digest(document)
    if document["digest"] != computed:
        yield Finding("differs", "digest", str(document["digest"]), computed)


def _reading_rows(document: Mapping[str, object]) -> Iterator[tuple[str, list[object]]]:
    for number, contract in enumerate(rows_of(document["contracts"])):
        for position, item in enumerate(rows_of(contract["items"])):
            for index, row in enumerate(_list_of(item["readings"])):
                path = f"contracts/{number}/items/{position}/readings/{index}"
                yield path, _list_of(row)


def _contract_findings(document: Mapping[str, object]) -> Iterator[Finding]:
    invoice = fields_of(document["invoice"])
    currency, kind = invoice["currency"], str(invoice["kind"])
    for number, contract in enumerate(rows_of(document["contracts"])):
        path = f"contracts/{number}"
        yield from _guarded(path, _one_contract(contract, path, kind))
        stated = fields_of(contract["plan"])["currency"]
        if stated != currency:
            yield Finding("differs", "invoice/currency", str(currency), str(stated))


def _one_contract(contract: Mapping[str, object], path: str, kind: str) -> Iterator[Finding]:
    zone = zone_of(str(contract["zone"])).key
    plan = PricePlan.from_dict(contract["plan"])
    if contract["plan_hash"] != plan.hash:
        yield Finding("differs", f"{path}/plan_hash", str(contract["plan_hash"]), plan.hash)
    items = []
    for number, data in enumerate(rows_of(contract["items"])):
        item = _item_of(data)
        items.append(item)
        place = f"{path}/items/{number}"
        yield from _located(recompute(item.figures, item.readings, item.period, zone), place)
        yield from _located(_calendar_differences(plan, item), place)
    yield from _located(_line_differences(contract, plan, items), path)
    yield from _located(_correction_differences(contract, plan.currency, kind), path)


def _calendar_differences(plan: PricePlan, item: MeteredItem) -> list[Difference]:
    """The windows that usage is told apart by are those that the plan prices."""
    stated, wanted = item.figures.calendars, plan.calendars.get(item.meter, {})
    return differences(
        {code: calendar.to_dict() for code, calendar in stated.items()},
        {code: calendar.to_dict() for code, calendar in wanted.items()}, "usage/windows",
    )  # fmt: skip


def _line_differences(
    contract: Mapping[str, object], plan: PricePlan, items: list[MeteredItem]
) -> list[Difference]:
    """The lines priced again from the usage records, against the stated ones."""
    ahead, found = Ahead.from_dict(contract["advance"]), list[Difference]()
    circumstances = Circumstances.from_dict(contract.get("circumstances"))
    priced = price(
        plan, usage_by_meter(items), _days_of(contract["service"]), circumstances=circumstances,
        ahead=ahead,
    )  # fmt: skip
    if ahead is not None:
        found += differences(contract["advance"], ahead.to_dict(), "advance")
    stated = rows_of(contract["lines"])
    if len(stated) != len(priced.lines):
        return [Difference("lines", f"{len(stated)} entries", f"{len(priced.lines)} entries")]
    for number, (line, again) in enumerate(zip(stated, priced.lines, strict=True)):
        taxed = TaxedLine(again, str(line["tax_category"]), parse_decimal(line["tax_rate"]))
        found += differences(line, line_dict(taxed), f"lines/{number}")
    return found


def _correction_differences(
    contract: Mapping[str, object], currency: str, kind: str
) -> list[Difference]:
    """A correcting document's lines against the difference of the period and what is recorded."""
    is_plain = contract.get("correction") is None
    if is_plain != (kind == INVOICE_KIND):
        return [Difference("correction", "nothing" if is_plain else "a correction", kind)]
    if is_plain:
        return []
    again = correction_again(contract, currency, kind)
    return differences(stated_lines(contract), again, "correction/lines")


def _located(found: list[Difference], path: str) -> Iterator[Finding]:
    for item in found:
        yield Finding("differs", f"{path}/{item.path}", item.stated, item.computed)


def _total_findings(document: Mapping[str, object]) -> Iterator[Finding]:
    lines = [
        TaxedNet(
            str(line["tax_category"]), parse_decimal(line["tax_rate"]),
            whole_number(line["net_minor"]),
        )
        for contract in rows_of(document["contracts"])
        for line in stated_lines(contract)
    ]  # fmt: skip
    taxes = tax_totals(lines)
    stated = [tax.to_dict() for tax in taxes]
    yield from _plainly(differences(document["taxes"], stated, "taxes"))
    totals = document_totals(taxes).to_dict()
    yield from _plainly(differences(document["totals"], totals, "totals"))


def _plainly(found: list[Difference]) -> Iterator[Finding]:
    for item in found:
        yield Finding("differs", item.path, item.stated, item.computed)


def _item_of(data: Mapping[str, object]) -> MeteredItem:
    return MeteredItem(
        meter=str(data["meter"]), asset_id=str(data["asset"]),
        asset_label=str(data["asset_label"]), period=_period_of(data["period"]),
        figures=UsageFigures.from_dict(fields_of(data["usage"])),
        readings=[_reading_of(row) for row in _list_of(data["readings"])],
    )  # fmt: skip


def _reading_of(row: object) -> Reading:
    instant, value, _ = _list_of(row)
    return Reading(parse_instant(instant), parse_decimal(value))


def _period_of(data: object) -> Period:
    source = fields_of(data)
    return Period(parse_instant(source["start"]), parse_instant(source["end"]))


def _days_of(data: object) -> ServiceDays:
    source = fields_of(data)
    return ServiceDays(whole_number(source["in_period"]), whole_number(source["covered"]))


def _list_of(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {type(value).__name__}")
    return value


def summary(document: Mapping[str, object]) -> dict[str, object]:
    """What a person wants to see of a verified document: number, parties, counts, totals."""
    invoice, totals = fields_of(document["invoice"]), fields_of(document["totals"])
    contracts = rows_of(document["contracts"])
    return {
        **invoice,
        **totals,
        "lines": sum(len(stated_lines(contract)) for contract in contracts),
        "readings": sum(1 for _ in _reading_rows(document)),
        "derived": _definitions(contracts),
    }


def _definitions(contracts: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """What derived channels were made by: stated and signed, with the digest of their readings."""
    return [
        {"asset": item["asset_label"], "meter": item["meter"], **row}
        for contract in contracts for item in rows_of(contract["items"])
        for row in rows_of(fields_of(item["usage"]).get("derived", ()))
    ]  # fmt: skip

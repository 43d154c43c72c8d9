"""The exported evidence of an invoice, version 1: one JSON document that proves itself.

It holds the invoice's facts, the plan, the usage record and the readings of every metered
item, the lines, taxes and totals, short checks that name a changed field, a digest, and an
Ed25519 signature over the canonical JSON of everything but the signature. The issuer's public
key is never taken from the document.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.common.canonical import canonical_json, digest, exact, instant_text
from apps.common.period import Period
from apps.common.quantity import canonical
from apps.metering.domain.corrected import INVOICE_KIND, CorrectedPeriod
from apps.metering.domain.figures import UsageFigures
from apps.metering.domain.told_apart import quantities_by_charge
from apps.pricing.circumstances import Circumstances
from apps.pricing.groups import priced_usage
from apps.pricing.plan import NOTHING_ELSE, Ahead, PricePlan
from apps.pricing.tax import TaxTotal, Totals
from apps.pricing.values import AssetUsage, PricedLine, ServiceDays
from apps.telemetry.domain.belief import Reading

EVIDENCE_FORMAT = "peruse-evidence"
EVIDENCE_VERSION = 1
ALGORITHM = "Ed25519"
CHECK_LENGTH = 8
# Recomputed anyway, or with a check in each row, or made from the rest.
UNCHECKED = frozenset({"readings", "steps", "checks", "digest", "signature"})


class UnreadableEvidence(ValueError):
    """The file is not an evidence document."""


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """What the head of the invoice says. `issuer` and `customer`: names as printed."""

    number: str
    issued_on: date
    currency: str
    issuer: str
    customer: str
    kind: str = INVOICE_KIND
    # The number of the invoice that a credit note or an additional invoice corrects.
    corrects: str = ""


@dataclass(frozen=True, slots=True)
class MeteredItem:
    """One meter of one asset: its usage record and the believed readings it rests on, in order.

    For a counter the opening reading comes first. `period` is what the record covers.
    """

    meter: str
    asset_id: str
    asset_label: str
    period: Period
    figures: UsageFigures
    readings: Sequence[Reading]


@dataclass(frozen=True, slots=True)
class TaxedLine:
    """A priced line with the tax it carries; rate in percent."""

    line: PricedLine
    tax_category: str
    tax_rate: Decimal


@dataclass(frozen=True, slots=True)
class BilledContract:
    """A contract's part of the invoice: its plan, days, metered items and lines.

    With a correction, `lines` are those of the whole period and the document's own are in it.
    """

    contract: str
    zone: str
    period: Period
    plan: PricePlan
    service: ServiceDays
    items: Sequence[MeteredItem]
    lines: Sequence[TaxedLine]
    ahead: Ahead | None = None
    circumstances: Circumstances = NOTHING_ELSE
    correction: CorrectedPeriod | None = None


def build(
    facts: InvoiceFacts,
    contracts: Sequence[BilledContract],
    taxes: Sequence[TaxTotal],
    totals: Totals,
) -> dict[str, object]:
    """The unsigned document: sign `signing_bytes` of it and pass both to `with_signature`."""
    document: dict[str, object] = {
        "format": EVIDENCE_FORMAT,
        "version": EVIDENCE_VERSION,
        "invoice": _invoice_dict(facts),
        "contracts": [_contract_dict(contract) for contract in contracts],
        "taxes": [tax.to_dict() for tax in taxes],
        "totals": totals.to_dict(),
    }
    document["checks"] = field_checks(document)
    document["digest"] = document_digest(document)
    return document


def signing_bytes(document: Mapping[str, object]) -> bytes:
    """What is signed: the canonical JSON of the document without its signature block."""
    return canonical_json({key: document[key] for key in document if key != "signature"})


def with_signature(
    document: Mapping[str, object], signature: bytes, public_key: bytes
) -> dict[str, object]:
    """The document with its signature block; the key stands there only to be recognised."""
    block = {"algorithm": ALGORITHM, "public_key": public_key.hex(), "value": signature.hex()}
    return {**document, "signature": block}


def document_digest(document: Mapping[str, object]) -> str:
    """SHA-256 over the canonical JSON of the document without digest and signature."""
    return digest({key: document[key] for key in document if key not in ("digest", "signature")})


def evidence_text(document: Mapping[str, object]) -> str:
    """The file: readable JSON in UTF-8."""
    return json.dumps(exact(document), ensure_ascii=False, indent=1) + "\n"


def parse_evidence(text: str | bytes) -> dict[str, object]:
    """The document of a file. Raises UnreadableEvidence; floats and repeated keys are refused."""
    try:
        document = json.loads(
            text, object_pairs_hook=_once, parse_float=_refuse, parse_constant=_refuse
        )
    except (ValueError, RecursionError) as problem:
        raise UnreadableEvidence(str(problem)) from None
    if not isinstance(document, dict) or document.get("format") != EVIDENCE_FORMAT:
        raise UnreadableEvidence(f"the format is not {EVIDENCE_FORMAT}")
    if document.get("version") != EVIDENCE_VERSION:
        raise UnreadableEvidence(f"the version is not {EVIDENCE_VERSION}")
    return document


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        # A reader would see the first of two, a program the last.
        if key in found:
            raise UnreadableEvidence(f"the key {key!r} stands twice")
        found[key] = value
    return found


def _refuse(text: str) -> object:
    raise UnreadableEvidence(f"{text} is not an exact number")


def field_checks(document: Mapping[str, object]) -> dict[str, str]:
    """Path of every field -> the first 8 hexadecimal digits of its own SHA-256.

    They do not prove anything, the signature does; they name the field that was changed.
    """
    return {path: field_check(path, value) for path, value in leaves(document, "")}


def field_check(path: str, value: object) -> str:
    return digest([path, value])[:CHECK_LENGTH]


def leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Every checked field with its path, such as `contracts/0/lines/1/net_minor`."""
    if isinstance(value, Mapping):
        for key in value:
            if key not in UNCHECKED:
                yield from leaves(value[key], f"{path}/{key}" if path else key)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}/{index}")
    else:
        yield path, value


def reading_row(reading: Reading) -> list[object]:
    """[instant, value, the first 8 hexadecimal digits of the SHA-256 of `<instant>,<value>`]."""
    instant, value = instant_text(reading.measured_at), canonical(reading.value)
    return [instant, value, reading_check(instant, value)]


def reading_check(instant: str, value: str) -> str:
    return hashlib.sha256(f"{instant},{value}".encode()).hexdigest()[:CHECK_LENGTH]


def usage_by_meter(items: Sequence[MeteredItem]) -> dict[str, list[AssetUsage]]:
    """What `price` takes: per meter the usage of each asset or group, in order, each once."""
    return priced_usage(
        (item.meter, item.figures.group, AssetUsage(
            item.asset_id, item.asset_label, item.figures.quantity, item.figures.unit,
            quantities_by_charge(item.figures.windows),
        ))
        for item in items
    )  # fmt: skip


def _invoice_dict(facts: InvoiceFacts) -> dict[str, object]:
    corrects = {"corrects": facts.corrects} if facts.corrects else {}
    return {
        "number": facts.number, "kind": facts.kind, "issued_on": facts.issued_on.isoformat(),
        "currency": facts.currency, "issuer": facts.issuer, "customer": facts.customer,
        **corrects,
    }  # fmt: skip


def _contract_dict(contract: BilledContract) -> dict[str, object]:
    return {
        "contract": contract.contract,
        "zone": contract.zone,
        "period": _period_dict(contract.period),
        "service": _days_dict(contract.service),
        "advance": None if contract.ahead is None else contract.ahead.to_dict(),
        "circumstances": contract.circumstances.to_dict(),
        "plan": contract.plan.to_dict(),
        "plan_hash": contract.plan.hash,
        "items": [_item_dict(item) for item in contract.items],
        "lines": [line_dict(line) for line in contract.lines],
        "correction": None if contract.correction is None else contract.correction.to_dict(),
    }


def _period_dict(period: Period) -> dict[str, object]:
    return {"start": instant_text(period.start), "end": instant_text(period.end)}


def _days_dict(days: ServiceDays) -> dict[str, object]:
    return {"in_period": days.in_period, "covered": days.covered}


def _item_dict(item: MeteredItem) -> dict[str, object]:
    return {
        "meter": item.meter,
        "asset": item.asset_id,
        "asset_label": item.asset_label,
        "period": _period_dict(item.period),
        "usage": item.figures.to_dict(),
        "readings": [reading_row(reading) for reading in item.readings],
    }


def line_dict(taxed: TaxedLine) -> dict[str, object]:
    """A line as the document states it."""
    rate = canonical(taxed.tax_rate)
    return {**taxed.line.to_dict(), "tax_category": taxed.tax_category, "tax_rate": rate}

"""What a credit note or an additional invoice adds to its evidence: recorded lines and changes.

The contract's `lines` are then those of the whole period over everything known; the document's own
lines are their difference from what the documents before it say.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from apps.common.quantity import bounded, canonical, parse_decimal
from apps.metering.domain.figures import fields_of, rows_of, whole_number
from apps.pricing.difference import (
    Change,
    Granted,
    LineKey,
    RecordedLine,
    Settled,
    TargetLine,
    difference,
    less_granted,
)

# Kinds of documents as the evidence names them; UNTDID 1001: 380, 381, 380.
INVOICE_KIND = "invoice"
CREDIT_KIND = "credit_note"
ADDITIONAL_KIND = "additional_invoice"


@dataclass(frozen=True, slots=True)
class CorrectedPeriod:
    """`recorded` names lines as `number/position`; `changes` are those of this document.

    `granted` are credits the issuer gave on lines, whatever was measured.
    """

    recorded: Sequence[RecordedLine]
    changes: Sequence[Change]
    granted: Sequence[Granted] = ()

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: decimals as text, net in minor units."""
        granted = [granted_to_dict(item) for item in self.granted]
        return {
            "recorded": [recorded_to_dict(line) for line in self.recorded],
            "lines": [change_to_dict(change) for change in self.changes],
            **({"granted": granted} if granted else {}),
        }


def changes_of_kind(
    target: Iterable[TargetLine], recorded: Sequence[RecordedLine], currency: str, kind: str,
    granted: Iterable[Granted] = (),
) -> list[Change]:  # fmt: skip
    """The part of the difference that stands on a document of this kind."""
    is_credit = kind == CREDIT_KIND
    found = difference(less_granted(target, granted), recorded, currency)
    return [item for item in found if item.is_credit == is_credit]


def target_from_dict(line: Mapping[str, object]) -> TargetLine:
    """A stated line of the whole period."""
    key = LineKey(
        str(line["charge"]), whole_number(line["tier"] or 0), str(line["asset"] or ""),
        str(line.get("service", "")), str(line["tax_category"]), str(line["tax_rate"]),
    )  # fmt: skip
    price, quantity = parse_decimal(line["unit_price"]), bounded(parse_decimal(line["quantity"]))
    return TargetLine(
        key, Settled(quantity, str(line["unit"]), price), whole_number(line["net_minor"])
    )


def recorded_to_dict(line: RecordedLine) -> dict[str, object]:
    return {
        "line": line.name, **_key_to_dict(line.key), "quantity": canonical(line.quantity),
        "unit": line.unit, "net_minor": line.net_minor, "is_credit": line.is_credit,
        "corrects": line.corrects, "settled": _settled_to_dict(line.settled),
    }  # fmt: skip


def recorded_from_dict(data: Mapping[str, object]) -> RecordedLine:
    """Raises KeyError, TypeError or ValueError for another form."""
    return RecordedLine(
        str(data["line"]), _key_from_dict(data), parse_decimal(data["quantity"]),
        str(data["unit"]), whole_number(data["net_minor"]),
        _settled_from_dict(fields_of(data["settled"])), data["is_credit"] is True,
        str(data["corrects"]),
    )  # fmt: skip


def granted_to_dict(item: Granted) -> dict[str, object]:
    return {**_key_to_dict(item.key), "net_minor": item.net_minor, "dispute": item.name}


def granted_from_dict(data: Mapping[str, object]) -> Granted:
    """Raises KeyError, TypeError or ValueError for another form, or a credit below zero."""
    net_minor = whole_number(data["net_minor"])
    if net_minor <= 0:
        raise ValueError("a granted credit is above zero")
    return Granted(_key_from_dict(data), net_minor, str(data["dispute"]))


def change_to_dict(change: Change) -> dict[str, object]:
    return {
        **_key_to_dict(change.key), "corrects": change.corrects,
        "quantity": canonical(change.quantity), "unit": change.unit,
        "unit_price": canonical(change.unit_price), "net_minor": change.net_minor,
        "before": {**_settled_to_dict(change.before), "net_minor": change.net_before},
        "after": {**_settled_to_dict(change.after), "net_minor": change.net_after},
    }  # fmt: skip


def correction_again(
    contract: Mapping[str, object], currency: str, kind: str
) -> list[dict[str, object]]:
    """The document's lines computed again from the period's lines and the recorded ones."""
    block = fields_of(contract["correction"])
    target = [target_from_dict(line) for line in rows_of(contract["lines"])]
    recorded = [recorded_from_dict(line) for line in rows_of(block["recorded"])]
    granted = [granted_from_dict(item) for item in rows_of(block.get("granted", []))]
    changes = changes_of_kind(target, recorded, currency, kind, granted)
    return [change_to_dict(item) for item in changes]


def stated_lines(contract: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    """The lines the document charges or credits for this contract."""
    if contract.get("correction") is None:
        return rows_of(contract["lines"])
    return rows_of(fields_of(contract["correction"])["lines"])


def _key_to_dict(key: LineKey) -> dict[str, object]:
    return {
        "charge": key.charge, "tier": key.tier, "asset": key.asset, "service": key.service,
        "tax_category": key.tax_category, "tax_rate": key.tax_rate,
    }  # fmt: skip


def _key_from_dict(data: Mapping[str, object]) -> LineKey:
    return LineKey(
        str(data["charge"]), whole_number(data["tier"]), str(data["asset"]), str(data["service"]),
        str(data["tax_category"]), str(data["tax_rate"]),
    )  # fmt: skip


def _settled_to_dict(settled: Settled) -> dict[str, object]:
    return {
        "quantity": canonical(settled.quantity), "unit": settled.unit,
        "unit_price": canonical(settled.unit_price),
    }  # fmt: skip


def _settled_from_dict(data: Mapping[str, object]) -> Settled:
    return Settled(
        parse_decimal(data["quantity"]), str(data["unit"]), parse_decimal(data["unit_price"])
    )

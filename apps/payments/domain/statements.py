"""Bank statements as the bank gives them: camt.053 (ISO 20022), versions 02 to 13.

Read by the names of elements, whatever the version's namespace. Nothing outside of the file is
ever opened: a document type or entity is refused.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

from apps.common.money import CURRENCIES

MOST_BYTES = 10_000_000
MOST_ENTRIES = 20_000
MOST_MINOR = 10**15


class BadStatement(ValueError):
    """The file is no statement that can be read; `place` says where, the text why."""

    def __init__(self, why: str, place: str = "") -> None:
        super().__init__(why)
        self.place = place


@dataclass(frozen=True, slots=True)
class Entry:
    """One booking; `amount_minor` is positive for money that came in."""

    reference: str
    booked_on: date
    amount_minor: int
    currency: str
    other_name: str = ""
    other_iban: str = ""
    text: str = ""
    end_to_end_id: str = ""
    is_return: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """Balances in minor units, None where the file names none."""

    identity: str
    iban: str
    currency: str
    opening_minor: int | None
    closing_minor: int | None
    entries: tuple[Entry, ...]

    @property
    def adds_up(self) -> bool:
        """Whether opening balance and entries give the closing balance, where both are told."""
        if self.opening_minor is None or self.closing_minor is None:
            return True
        moved = sum(entry.amount_minor for entry in self.entries)
        return self.opening_minor + moved == self.closing_minor


def read_statements(content: bytes) -> tuple[Statement, ...]:
    """The file's statements with their booked entries. Raises BadStatement; nothing is guessed."""
    if len(content) > MOST_BYTES:
        raise BadStatement("The file is larger than 10 MB.")
    root = _parsed(content)
    found = tuple(_statement(one) for one in root.iter("{*}Stmt"))
    if not found:
        raise BadStatement("The file holds no account statement (camt.053).")
    if sum(len(one.entries) for one in found) > MOST_ENTRIES:
        raise BadStatement("The file holds more than 20,000 entries.")
    return found


def _parsed(content: bytes) -> Any:
    from lxml import etree  # loaded by the first file

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadStatement("The file is not well-formed XML.", str(error)[:120]) from None
    if root.getroottree().docinfo.doctype:
        raise BadStatement("The file has a document type; bank statements have none.")
    return root


def _statement(node: Any) -> Statement:
    currency = _text(node, "Acct/Ccy")
    entries = tuple(entry for one in node.iterfind("{*}Ntry") for entry in _entries(one))
    return Statement(
        identity=_text(node, "Id")[:70], iban=_text(node, "Acct/Id/IBAN")[:34],
        currency=currency or (entries[0].currency if entries else ""),
        opening_minor=_balance(node, ("OPBD", "PRCD")), closing_minor=_balance(node, ("CLBD",)),
        entries=tuple(_told_apart(entries)),
    )  # fmt: skip


def _text(node: Any, path: str) -> str:
    found = node.findtext("/".join("{*}" + name for name in path.split("/")))
    return " ".join(found.split()) if found else ""


def _balance(node: Any, kinds: tuple[str, ...]) -> int | None:
    for balance in node.iterfind("{*}Bal"):
        if _text(balance, "Tp/CdOrPrtry/Cd") in kinds:
            return _amount(balance, _text(balance, "CdtDbtInd"))[0]
    return None


def _amount(node: Any, direction: str, name: str = "Amt") -> tuple[int, str]:
    amount = node.find("{*}" + name)
    if amount is None or direction not in ("CRDT", "DBIT"):
        raise BadStatement("An amount or its direction is missing.", _place(node))
    currency = amount.get("Ccy", "")
    if currency not in CURRENCIES:
        raise BadStatement("A currency is unknown.", f"{_place(node)}: {currency[:8]}")
    try:
        minor = Decimal((amount.text or "").strip()).scaleb(CURRENCIES[currency])
    except InvalidOperation:
        raise BadStatement("An amount is no number.", _place(node)) from None
    if not minor.is_finite() or minor != int(minor) or not 0 <= minor < MOST_MINOR:
        raise BadStatement("An amount is out of bounds.", _place(node))
    return (int(minor) if direction == "CRDT" else -int(minor)), currency


def _place(node: Any) -> str:
    return f"line {node.sourceline}"


def _entries(node: Any) -> Iterator[Entry]:
    """A collective booking whose parts are told is taken apart; others are one entry."""
    if _text(node, "Sts/Cd") not in ("", "BOOK") and _text(node, "Sts") not in ("", "BOOK"):
        return
    direction = _text(node, "CdtDbtInd")
    whole, currency = _amount(node, direction)
    parts = list(node.iterfind("{*}NtryDtls/{*}TxDtls"))
    amounts = [_part_amount(part, direction) for part in parts] if len(parts) > 1 else []
    if amounts and sum(one for one in amounts if one is not None) == whole and None not in amounts:
        for part, minor in zip(parts, amounts, strict=True):
            if minor:
                yield _entry(node, part, minor, currency)
    elif whole:
        yield _entry(node, parts[0] if len(parts) == 1 else None, whole, currency)


def _part_amount(part: Any, direction: str) -> int | None:
    own = _text(part, "CdtDbtInd") or direction
    for holder in (part, part.find("{*}AmtDtls/{*}TxAmt")):
        if holder is not None and holder.find("{*}Amt") is not None:
            return _amount(holder, own)[0]
    return None


def _entry(node: Any, part: Any, minor: int, currency: str) -> Entry:
    day = _text(node, "BookgDt/Dt") or _text(node, "BookgDt/DtTm")[:10]
    try:
        booked_on = date.fromisoformat(day)
    except ValueError:
        raise BadStatement("An entry has no booking day.", _place(node)) from None
    other = "Dbtr" if minor > 0 else "Cdtr"
    told = part if part is not None else node
    return Entry(
        reference=_text(told, "Refs/AcctSvcrRef") or _text(node, "AcctSvcrRef")
        or _text(node, "NtryRef"),
        booked_on=booked_on, amount_minor=minor, currency=currency,
        other_name=_name(told, other)[:140], other_iban=_text(told, f"RltdPties/{other}Acct/Id/IBAN")[:34],
        text=_remittance(told, node)[:500], end_to_end_id=_identity(told),
        is_return=told.find("{*}RtrInf") is not None,
    )  # fmt: skip


def _name(told: Any, other: str) -> str:
    return _text(told, f"RltdPties/{other}/Pty/Nm") or _text(told, f"RltdPties/{other}/Nm")


def _remittance(told: Any, node: Any) -> str:
    lines = [line.text or "" for line in told.iterfind("{*}RmtInf/{*}Ustrd")]
    lines.append(_text(told, "RmtInf/Strd/CdtrRefInf/Ref"))
    return " ".join(" ".join(lines).split()) or _text(node, "AddtlNtryInf")


def _identity(told: Any) -> str:
    found = _text(told, "Refs/EndToEndId")[:70]
    return "" if found == "NOTPROVIDED" else found


def _told_apart(entries: tuple[Entry, ...]) -> Iterator[Entry]:
    """Each with a reference of its own, the same in every file that tells of the booking.

    A bank's reference alone does where it stands once; else day, amount, partner and text are part
    of it, and equal ones are counted.
    """
    seen: dict[str, int] = {}
    often = Counter(entry.reference for entry in entries)
    for entry in entries:
        given = entry.reference
        name = given if given and often[given] == 1 else _hash(entry)
        seen[name] = seen.get(name, 0) + 1
        number = "" if seen[name] == 1 else f"#{seen[name]}"
        fields = {slot: getattr(entry, slot) for slot in Entry.__slots__}
        yield Entry(**{**fields, "reference": f"{name[:100]}{number}"})


def _hash(entry: Entry) -> str:
    told = (
        entry.reference, entry.booked_on.isoformat(), str(entry.amount_minor), entry.currency,
        entry.other_iban, entry.text, entry.end_to_end_id,
    )  # fmt: skip
    return sha256("\0".join(told).encode()).hexdigest()[:40]

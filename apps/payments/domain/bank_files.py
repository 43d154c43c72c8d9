"""Files for the bank: transfers (pain.001.001.09) and direct debits (pain.008.001.08), ISO 20022.

Each file is checked against its schema before it is given away. SEPA knows euros alone.
What writes and checks them (10 MiB) is loaded by the first file.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

TRANSFERS = "pain.001.001.09"
DEBITS = "pain.008.001.08"


# What every bank takes in names and texts (EPC217-08, section 1.2).
NOT_TAKEN = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]+")
# As German banks write them where only basic Latin letters are taken (EPC217-08).
GERMAN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "&": "+"}
)


class NotValid(ValueError):
    """The file does not stand up to its schema; nothing of it may reach a bank."""


class NotSepa(ValueError):
    """Another currency than the euro."""


@dataclass(frozen=True, slots=True)
class Party:
    """Name, IBAN without spaces, BIC or nothing."""

    name: str
    iban: str
    bic: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """`identity` comes back on the statement, as `in_file` writes it (at most 35 characters)."""

    identity: str
    to: Party
    amount_minor: int
    text: str


@dataclass(frozen=True, slots=True)
class Debit:
    """One collection under a signed mandate."""

    identity: str
    debtor: Party
    amount_minor: int
    text: str
    mandate: str
    signed_on: date


def transfers_file(
    debtor: Party, transfers: Sequence[Transfer], currency: str, execute_on: date
) -> bytes:
    """One batch of SEPA credit transfers. Raises NotSepa; ValueError when there are none."""
    from sepaxml import SepaTransfer

    _must_be_sepa(currency, len(transfers))
    config = {**_account(debtor), "batch": True, "currency": currency}
    made = SepaTransfer(config, schema=TRANSFERS, clean=True)
    for one in transfers:
        made.add_payment(
            {**_account(one.to), "amount": one.amount_minor, "execution_date": execute_on,
             "description": _plain(one.text, 140), "endtoend_id": in_file(one.identity)}
        )  # fmt: skip
    return _valid(bytes(made.export(validate=False)), TRANSFERS)


def debits_file(
    creditor: Party, creditor_id: str, debits: Sequence[Debit], currency: str, collect_on: date
) -> bytes:
    """One batch of recurrent SEPA core direct debits. Raises NotSepa; ValueError without any."""
    from sepaxml import SepaDD

    _must_be_sepa(currency, len(debits))
    config = {
        **_account(creditor), "batch": True, "currency": currency, "creditor_id": creditor_id,
        "instrument": "CORE",
    }  # fmt: skip
    made = SepaDD(config, schema=DEBITS, clean=True)
    for one in debits:
        made.add_payment(
            {**_account(one.debtor), "amount": one.amount_minor, "type": "RCUR",
             "collection_date": collect_on, "mandate_id": one.mandate,
             "mandate_date": one.signed_on, "description": _plain(one.text, 140), "endtoend_id": in_file(one.identity)}
        )  # fmt: skip
    return _valid(bytes(made.export(validate=False)), DEBITS)


def _must_be_sepa(currency: str, count: int) -> None:
    if currency != "EUR":
        raise NotSepa(currency)
    if not count:
        raise ValueError("an empty file")


def _account(party: Party) -> dict[str, str]:
    found = {"name": _plain(party.name, 70), "IBAN": party.iban}
    return {**found, "BIC": party.bic} if party.bic else found


def in_file(identity: str) -> str:
    """SEPA's characters have no underscore; a bank may refuse it, or change it on its way."""
    return identity.replace("_", "-")


def from_file(identity: str) -> str:
    """The public id that came back in this form; earlier files had it as it is."""
    return identity.replace("-", "_", 1)


def _plain(text: str, most: int) -> str:
    """In letters every bank takes; never empty, which the schemas refuse."""
    from text_unidecode import unidecode

    latin = NOT_TAKEN.sub(" ", unidecode(text.translate(GERMAN)))
    return " ".join(latin.split())[:most].strip() or "-"


@cache
def _schema(name: str) -> Any:
    import sepaxml
    from lxml import etree

    folder = Path(sepaxml.__file__).parent / "schemas"
    return etree.XMLSchema(etree.parse(str(folder / f"{name}.xsd")))


def _valid(content: bytes, name: str) -> bytes:
    """The same bytes. Raises NotValid."""
    from lxml import etree

    schema = _schema(name)
    if not schema.validate(etree.fromstring(content)):
        raise NotValid(str(schema.error_log.last_error))
    return content

"""Bank statements in the form of camt.053.001.08, as small as they can be."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

IBAN = "DE89370400440532013000"


def statement(*bookings: str, opening: str = "", closing: str = "", identity: str = "S-1") -> bytes:
    balances = _balance("OPBD", opening) + _balance("CLBD", closing)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>'
        f"<Id>{identity}</Id><Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>{balances}"
        f"{''.join(bookings)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def _balance(kind: str, amount: str) -> str:
    if not amount:
        return ""
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{_amount(amount)}"
        "<Dt><Dt>2026-11-02</Dt></Dt></Bal>"
    )


def _amount(amount: str) -> str:
    direction = "DBIT" if amount.startswith("-") else "CRDT"
    return f'<Amt Ccy="EUR">{amount.lstrip("-")}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'


def booking(
    amount: str, *, name: str = "", iban: str = "", text: str = "", identity: str = "",
    ref: str = "", day: str = "2026-11-02", returned: bool = False,
    parts: Sequence[tuple[str, str]] = (),
) -> str:  # fmt: skip
    other = "Cdtr" if amount.startswith("-") else "Dbtr"
    refs = f"<Refs><EndToEndId>{identity}</EndToEndId></Refs>" if identity else ""
    party = (
        f"<RltdPties><{other}><Pty><Nm>{escape(name)}</Nm></Pty></{other}><{other}Acct><Id>"
        f"<IBAN>{iban}</IBAN></Id></{other}Acct></RltdPties>"
    )
    told = f"<RmtInf><Ustrd>{escape(text)}</Ustrd></RmtInf>"
    back = "<RtrInf><Rsn><Cd>MD06</Cd></Rsn></RtrInf>" if returned else ""
    details = f"<TxDtls>{refs}{party}{told}{back}</TxDtls>"
    if parts:
        details = "".join(
            f"<TxDtls>{_amount(part)}<RmtInf><Ustrd>{label}</Ustrd></RmtInf></TxDtls>"
            for part, label in parts
        )
    bank = f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else ""
    return (
        f"<Ntry>{_amount(amount)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>{bank}"
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )

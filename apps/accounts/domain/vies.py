"""The EU's register of VAT ids (VIES): what is asked, and what an answer means.

`POST …/rest-api/check-vat-number` takes {countryCode, vatNumber} and, for a consultation number, the asker's
{requesterMemberStateCode, requesterNumber}. It answers {valid, name, requestIdentifier, …}, or, with whatever
status, {actionSucceed: false, errorWrappers: [{error}]}.
"""

import json
from dataclasses import dataclass
from datetime import timedelta

VALID, INVALID, UNAVAILABLE = "valid", "invalid", "unavailable"
# After each try that brought no answer; then once a day.
BACK_OFF = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=8))
DAILY = timedelta(days=1)
# The number is at fault, not the register: asking again brings nothing.
REFUSED = frozenset({"INVALID_INPUT", "VAT_BLOCKED"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state`: valid, invalid or unavailable."""

    state: str
    consultation: str = ""
    name: str = ""
    reason: str = ""


def question(vat_id: str, asker: str) -> bytes:
    """The body, for an id with its prefix; `asker` is the operator's own, or empty."""
    body = {"countryCode": vat_id[:2], "vatNumber": vat_id[2:]}
    if asker:
        body |= {"requesterMemberStateCode": asker[:2], "requesterNumber": asker[2:]}
    return json.dumps(body).encode()


def verdict_on(status: int, content: bytes) -> Verdict:
    """What an answer says. One that is not understood is none."""
    try:
        told = json.loads(content)
    except ValueError:
        return Verdict(UNAVAILABLE, reason=f"HTTP {status}")
    if not isinstance(told, dict):
        return Verdict(UNAVAILABLE, reason=f"HTTP {status}")
    if error := _error(told):
        return Verdict(INVALID if error in REFUSED else UNAVAILABLE, reason=error)
    if status != 200 or not isinstance(told.get("valid"), bool):
        return Verdict(UNAVAILABLE, reason=f"HTTP {status}")
    name = str(told.get("name") or "")
    return Verdict(
        VALID if told["valid"] else INVALID, str(told.get("requestIdentifier") or "")[:60],
        "" if set(name) <= {"-"} else name[:200],
    )  # fmt: skip


def _error(told: dict[str, object]) -> str:
    wrappers = told.get("errorWrappers")
    if isinstance(wrappers, list) and wrappers and isinstance(wrappers[0], dict):
        return str(wrappers[0].get("error") or "ERROR")[:60]
    return "ERROR" if told.get("actionSucceed") is False else ""


def wait_after(tries: int) -> timedelta:
    """Until the next try, after so many without an answer (from 1)."""
    return BACK_OFF[tries - 1] if tries <= len(BACK_OFF) else DAILY

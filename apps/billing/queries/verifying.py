"""The verifier's own check run here, with its findings in words."""

import hashlib
from dataclasses import dataclass
from typing import Any

from apps.metering.domain.evidence import UnreadableEvidence, parse_evidence
from apps.metering.domain.verification import check, summary


@dataclass(frozen=True, slots=True)
class Verification:
    """`findings` in words; empty: verified, and `summary` says what was."""

    findings: list[str]
    summary: dict[str, Any]

    @property
    def verified(self) -> bool:
        return not self.findings


def verified(content: bytes, public_key: str, language: str) -> Verification:
    """Signature, readings, usage, price, tax and totals computed again. Never raises."""
    try:
        document = parse_evidence(content)
    except UnreadableEvidence as problem:
        return Verification([str(problem)], {})
    findings = check(document, public_key)
    if findings:
        return Verification([item.text(language) for item in findings], {})
    return Verification([], summary(document))


def fingerprint(public_key: str) -> str:
    """SHA-256 of the key in groups of four, short enough to be read aloud."""
    digest = hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:32]
    return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))

"""The verifier's command line: one evidence file and the issuer's public key."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from apps.common.money import Money, format_money
from apps.metering.domain.evidence import UnreadableEvidence, parse_evidence
from apps.metering.domain.verification import Finding, check, summary

VERIFIED, DIFFERS, UNREADABLE = 0, 1, 2
_MOST_SHOWN = 50

MESSAGES: dict[str, dict[str, str]] = {
    "description": {
        "en": "Checks signature, readings, usage, price, tax and totals of an evidence file.",
        "de": "Prüft Signatur, Messwerte, Nutzung, Preis, Steuer und Summen einer Beweisdatei.",
    },
    "unreadable": {"en": "Not readable: {reason}", "de": "Nicht lesbar: {reason}"},
    "verified": {
        "en": "VERIFIED: {number}, {issuer} to {customer}, {gross} "
        "({lines} lines, {readings} readings).",
        "de": "GEPRÜFT: {number}, {issuer} an {customer}, {gross} "
        "({lines} Positionen, {readings} Messwerte).",
    },
    "steps": {
        "en": "Signature, readings, usage, price, tax and totals were computed again and agree.",
        "de": "Signatur, Messwerte, Nutzung, Preis, Steuer und Summen wurden neu berechnet "
        "und stimmen.",
    },
    "derived": {
        "en": "Derived readings: {asset}, {meter}: {text} (steps of {step}, a value holds {hold} s).",
        "de": "Abgeleitete Messwerte: {asset}, {meter}: {text} (Schritte von {step}, ein Wert gilt "
        "{hold} s).",
    },
    "differs": {"en": "NOT VERIFIED: {count} findings.", "de": "NICHT BESTÄTIGT: {count} Befunde."},
    "more": {"en": "… and {count} more.", "de": "… und {count} weitere."},
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 verified, 1 differs, 2 unreadable file or wrong use."""
    options = _options(arguments)
    try:
        document = parse_evidence(Path(options.file).read_bytes())
    except (OSError, UnreadableEvidence) as problem:
        return _report_unreadable(str(problem), options)
    findings = check(document, options.key.strip())
    report = _report_json if options.json else _report_text
    report(document, findings, options.language)
    return DIFFERS if findings else VERIFIED


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=MESSAGES["description"]["en"])
    parser.add_argument("file", metavar="FILE", help="evidence file, JSON")
    parser.add_argument("--key", required=True, metavar="HEX", help="issuer's public key")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--language", choices=("de", "en"), default="en")
    return parser.parse_args(arguments)


def _message(name: str, language: str, **words: object) -> str:
    return MESSAGES[name][language].format(**words)


def _report_unreadable(reason: str, options: argparse.Namespace) -> int:
    if options.json:
        print(json.dumps({"result": "unreadable", "reason": reason}))
    else:
        print(_message("unreadable", options.language, reason=reason), file=sys.stderr)
    return UNREADABLE


def _report_json(document: Mapping[str, object], findings: list[Finding], language: str) -> None:
    result: dict[str, object] = {
        "result": "differs" if findings else "verified",
        "findings": [{**item.to_dict(), "text": item.text(language)} for item in findings],
    }
    if not findings:
        result["invoice"] = summary(document)
    print(json.dumps(result, ensure_ascii=False, indent=1))


def _report_text(document: Mapping[str, object], findings: list[Finding], language: str) -> None:
    if not findings:
        facts = summary(document)
        money = Money(int(str(facts["gross_minor"])), str(facts["currency"]))
        gross = format_money(money, language)
        print(_message("verified", language, **facts, gross=gross))
        print(_message("steps", language))
        for row in facts["derived"]:  # type: ignore[attr-defined]
            print(_message("derived", language, **row))
        return
    print(_message("differs", language, count=len(findings)))
    for finding in findings[:_MOST_SHOWN]:
        print(f"- {finding.text(language)}")
    if len(findings) > _MOST_SHOWN:
        print(_message("more", language, count=len(findings) - _MOST_SHOWN))

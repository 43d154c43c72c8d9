"""Check every invariant over the whole database; exit 1 with what broke."""

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from apps.billing.invariants import COMPANY_CHECKS, SHARED_CHECKS, Check
from apps.billing.management.base import add_common, as_json
from apps.tenancy.context import as_app, as_platform, company_context, no_company
from apps.tenancy.models import Company
from apps.tenancy.queries import active_companies

MOST_SHOWN = 20


class Command(BaseCommand):
    help = "Check every invariant over the whole database. Needs the operations login."

    def add_arguments(self, parser: CommandParser) -> None:
        add_common(parser)

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        results = [*_shared(now), *_of_companies(now)]
        broken = [row for row in results if row["broken"]]
        if options["json"]:
            self.stdout.write(as_json({"ok": not broken, "checks": results}))
        else:
            self.stdout.write("\n".join(_lines(results)))
        if broken:
            sys.exit(1)


def _shared(now: datetime) -> list[dict[str, Any]]:
    with no_company(), as_platform():
        return [_result(check, "", check.find(now)) for check in SHARED_CHECKS]


def _of_companies(now: datetime) -> list[dict[str, Any]]:
    with no_company():
        companies = list(active_companies())
    results = []
    for company in companies:
        with company_context(company), as_app():
            results += [_result(check, company.slug, check.find(now)) for check in COMPANY_CHECKS]
    return results


def _result(check: Check, company: Company | str, found: Iterator[str]) -> dict[str, Any]:
    broken = list(found)
    return {
        "check": check.name, "title": check.title, "company": str(company),
        "ok": not broken, "count": len(broken), "broken": broken[:MOST_SHOWN],
    }  # fmt: skip


def _lines(results: list[dict[str, Any]]) -> Iterator[str]:
    for row in results:
        place = f"{row['company']}: " if row["company"] else ""
        yield f"{'ok    ' if row['ok'] else 'BROKEN'} {place}{row['title']}"
        yield from (f"       {text}" for text in row["broken"])
        if row["count"] > len(row["broken"]):
            yield f"       … and {row['count'] - len(row['broken'])} more"

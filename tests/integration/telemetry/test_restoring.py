"""What a company's restore brings back, what it leaves, and what it refuses."""

import json
import re
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.events.models import AuditRow
from apps.telemetry.management.commands.restore_company import COLUMNS
from apps.telemetry.operations import recompute_dirty
from apps.telemetry.operations.channels import forget_channels
from apps.tenancy.context import as_app, as_owner, company_context
from apps.tenancy.dumps import dump
from tests.integration.billing.scene import NOW, make_asset, send


def rows(question: str) -> list[list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return [[str(value) for value in row] for row in cursor.fetchall()]


def test_what_is_brought_back_what_is_left_and_what_is_refused(
    own_database: str, cast: dict[str, Any], tmp_path: Path
) -> None:
    company, other = cast["provider"], cast["maker"]
    press = make_asset(company)
    send(company, press, *((f"2026-10-{day:02d}T10:00:00Z", str(day)) for day in range(1, 10)))
    send(company, press, ("2016-05-01T10:00:00Z", "0"), now=datetime(2016, 6, 1, tzinfo=UTC))
    backup = tmp_path / "whole.dump"
    dump(backup)
    with company_context(company), as_owner(), connection.cursor() as cursor:
        # One was withdrawn by its import's undo, one says something else now, one is new.
        cursor.execute(
            "insert into telemetry_replaced select channel_id, measured_at, value, received_at, now(), true, "
            "null from telemetry_level where measured_at = '2026-10-03 10:00Z'"
        )
        cursor.execute("delete from telemetry_level where measured_at <> '2026-10-04 10:00Z'")
        cursor.execute("update telemetry_level set value = 4.5")
        cursor.execute("update telemetry_retentionedge set earliest = null")
        # The channel was lost with its days and is made again, under another number.
        for table in ("hourrollup", "discontinuity", "channelday"):
            cursor.execute(f"delete from telemetry_{table}")
        cursor.execute("update telemetry_channel set id = 700")
        cursor.execute("update telemetry_level set channel_id = 700")
        cursor.execute("update telemetry_replaced set channel_id = 700")
    forget_channels()
    send(company, press, ("2026-10-11T10:00:00Z", "11"))
    shown = restored("--company=provider", f"--from={backup}", "--json")
    assert levels(shown) == {
        "in_backup": 10, "missing": 9, "changed": 1, "extra": 1, "withdrawn": 1, "past_term": 1,
        "derived": 0, "inserted": 0,
    }  # fmt: skip
    (changed,) = next(t for t in shown["tables"] if t["table"] == "telemetry_level")["changed_rows"]
    assert (changed["backup"]["value"], changed["live"]["value"]) == (4, 4.5)
    applied = restored("--company=provider", f"--from={backup}", "--apply", "--json")
    assert levels(applied)["inserted"] == 7
    with company_context(company), as_app():
        recompute_dirty(now=NOW)
        values = rows(
            "select value::float from telemetry_level where channel_id = 700 order by measured_at"
        )
        assert values == [[str(n)] for n in (1.0, 2.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0, 11.0)]
        # No day has a version that a record may have named before.
        assert all(int(version) > 10**9 for (version,) in rows(
            "select version from telemetry_channelday where day between '2026-10-05' and '2026-10-09'"
        ))  # fmt: skip
        assert AuditRow.objects.filter(action="telemetry.restored").count() == 1
    assert "Nothing was written" in told(
        "restore_company", "--company=provider", f"--from={backup}"
    )
    refused(f"--from={backup}", "--company=nobody", reason="There is no company")
    refused(f"--from={tmp_path / 'none'}", "--company=maker", reason="There is no file")
    (tmp_path / "bad").write_text("no dump")
    refused(f"--from={tmp_path / 'bad'}", "--company=maker", reason="does not appear to be")
    with company_context(other), as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "insert into django_migrations (app, name, applied) values ('telemetry', '9999_new', now())"
        )
    refused(f"--from={backup}", "--company=maker", reason="another version (telemetry.9999_new)")
    assert rows("select nspname from pg_namespace where nspname like 'restore%'") == []


def told(*words: str) -> str:
    said = StringIO()
    call_command(*words, stdout=said)
    return said.getvalue()


def restored(*words: str) -> dict[str, Any]:
    return json.loads(told("restore_company", *words))


def refused(*words: str, reason: str) -> None:
    with pytest.raises(CommandError, match=re.escape(reason)):
        told("restore_company", *words)


def levels(shown: dict[str, Any]) -> dict[str, int]:
    found = next(table for table in shown["tables"] if table["table"] == "telemetry_level")
    return {name: found[name] for name in COLUMNS}

"""Text that wants to run in a browser, laid into every free text column of a database, and what shows that it did.

Each payload carries a mark (`pu07`): where the mark stands in a page as anything but plain text or the value of a
harmless attribute, a text came out unescaped.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

import psycopg
from django.apps import apps
from django.db import models
from psycopg import sql
from psycopg.types.json import Jsonb

from tests import databases

_FORMS = (
    "<script>alert('@')</script>", "<img src=/@ onerror=alert('@')>", "<svg onload=alert('@')>",
    '"><script>alert("@")</script>', "'><script>alert('@')</script>", "</title><script>alert('@')</script>",
    "</textarea><script>alert('@')</script>", "</script><script>alert('@')</script>",
    '" onmouseover="alert(\'@\')', "' onfocus='alert(\"@\")' autofocus='", '" autofocus onfocus=alert("@") x="',
    "javascript:alert('@')", "JaVaScRiPt:alert('@')", "java\tscript:alert('@')", "data:text/html,<script>alert('@')</script>",
    "<iframe src=javascript:alert('@')>", "<iframe srcdoc='<b id=@>'>", "<object data=/@>", "<embed src=/@>",
    "<a href=javascript:alert('@')>@</a>", "<form action=javascript:alert('@')>", "<button formaction=/@>",
    "<base href=//@.example/>", "<meta http-equiv=refresh content=0;url=/@>", "<link rel=stylesheet href=/@>",
    "<style>@import '/@';</style>", "<div style=background:url(/@)>", "<body onload=alert('@')>",
    "<details open ontoggle=alert('@')>", "<video src=/@ onerror=alert('@')>", "<audio src=/@ onerror=alert('@')>",
    "<input autofocus onfocus=alert('@')>", "<select autofocus onfocus=alert('@')>", "<marquee onstart=alert('@')>",
    "<math href=javascript:alert('@')>", "<svg><script>alert('@')</script></svg>", "<svg><a href=javascript:alert('@')>",
    "<svg><animate onbegin=alert('@')>", "<svg><use href=/@#x>", "<template><script>alert('@')</script>",
    "<noscript><img src=/@></noscript>", "<!--><img src=/@>-->", "<![CDATA[><img src=/@>]]>",
    "{{constructor.constructor('alert(\"@\")')()}}", "${alert('@')}", "{% include '/@' %}",
    "<b hx-get=/@ hx-trigger=load>", "<b hx-on:load=alert('@') data-@>", "&lt;img src=/@&gt;<@>",
    "\u2028<img\u00a0src=/@><ſcript>alert('@')",
)  # fmt: skip
# Ids have no u: none of them ever reads as a mark, whatever the hour it is made from.
PAYLOADS = tuple(form.replace("@", f"pu{place:02}") for place, form in enumerate(_FORMS))
MARK = re.compile(r"pu\d\d")

# Columns that the program writes or a validator keeps to codes, so nobody can lay a text there.
_CODES = """
schema_name slug country language time_zone currency domain session_key session_data key password kind
dedupe secret_sealed previous_sealed content_type secret_hash token_hash code_hash browser_hash
xml_sha256 content_sha256 split_sha256 terms_sha256 plan_sha256 readings_sha256 raw_sha256 text_sha256
sha256 public_key private_key_encrypted path xml_path stored_as unit usage_unit code channel
channel_code while_channel meter charge step service series category tax_category document_number
formula period_kind topic message event state digest previous client_secret hint transfer
app_label model codename what checkout_ref customer_ref subscription_ref session_id return_path
tax_proof blueprint
"""
CODES = frozenset(_CODES.split())
_CODES_OF = {
    "billing_billingrun.label", "accounts_signonlink.subject", "contracts_priceindexvalue.reference",
    "notifications_notification.subject",
    # A file in a grammar of its own, judged when it is taken in; its name is a column beside it.
    "blueprints_ownblueprint.text",
    "events_outboxevent.name", "events_auditrow.action", "console_operatoract.action",
    "billing_correction.reason", "billing_runitem.reason", "telemetry_refuseditem.reason",
    "telemetry_disbelief.reason", "metering_declaredanswer.reason",
    "telemetry_refuseditem.outcome", "assets_mounting.position",
}  # fmt: skip
# Of values in JSON these keys lead to free text.
_WORDY = re.compile(
    r"^(.*_?(name|label|title|note|text|reason|purpose|street|city|person|company|description|by)|de|en|site|phone)$"
)
Pack = Callable[[int, int], str]
_APPS = ("django_", "auth_", "usersessions_usersession.data")


class Column:
    """A text column of a model; `most` is how many characters it holds."""

    def __init__(self, model: type[models.Model], field: Any) -> None:
        self.table, self.name = model._meta.db_table, field.column
        self.key = model._meta.pk.column  # type: ignore[union-attr]
        self.is_json = isinstance(field, models.JSONField)
        self.most = min(field.max_length or 2000, 600) if not self.is_json else 200

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


def columns() -> Iterator[Column]:
    """Every text column that somebody's words can stand in."""
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            wordy = isinstance(field, models.CharField | models.TextField | models.JSONField)
            column = Column(model, field) if wordy else None
            if column and not field.choices and not field.primary_key and not _is_code(column):
                yield column


def _is_code(column: Column) -> bool:
    return column.name in CODES or str(column) in _CODES_OF or str(column).startswith(_APPS)


def pack(start: int, most: int) -> str:
    """As many payloads as fit, from a place of the list on."""
    text = ""
    for payload in (PAYLOADS[(start + step) % len(PAYLOADS)] for step in range(len(PAYLOADS))):
        if len(text) + len(payload) > most:
            if text:
                break
            continue
        text += payload
    return text


def _laid_in(value: Any, start: int, pack: Pack, *, wordy: bool = False) -> Any:
    """A JSON value with its free texts replaced."""
    if isinstance(value, dict):
        return {
            key: _laid_in(one, start + place, pack, wordy=bool(_WORDY.match(key)))
            for place, (key, one) in enumerate(value.items())
        }
    if isinstance(value, list):
        return [_laid_in(one, start, pack, wordy=wordy) for one in value]
    return pack(start, 160) if wordy and isinstance(value, str) and value else value


@contextmanager
def poisoned(database: str, start: int = 0, pack: Pack = pack) -> Iterator[dict[str, set[int]]]:
    """The database with payloads in all its texts, and as it was afterwards.

    Gives by column the numbers of the payloads that stand in it; `pack` makes a text of a given length.
    """
    with databases.admin(database) as server:
        # Frozen rows too: what an issued document says came from somebody's form once.
        server.execute("set session_replication_role = replica")
        before: list[tuple[Column, str, Any, Any]] = []
        found: dict[str, set[int]] = {}
        try:
            for place, column in enumerate(columns()):
                found[str(column)] = _lay(server, column, start + place, before, pack)
            yield found
        finally:
            for column, schema, key, value in reversed(before):
                _write(server, column, schema, key, value)


def _lay(
    server: psycopg.Connection, column: Column, start: int,
    before: list[tuple[Column, str, Any, Any]], pack: Pack,
) -> set[int]:  # fmt: skip
    there = set()
    for schema in _schemas(server, column.table):
        place = sql.Identifier(schema, column.table)
        rows = server.execute(
            sql.SQL("select {}, {} from {} order by 1").format(
                sql.Identifier(column.key), sql.Identifier(column.name), place
            )
        ).fetchall()
        for number, (key, value) in enumerate(rows):
            if not value:
                continue
            new = _new(column, value, start + number, pack)
            try:
                _write(server, column, schema, key, new)
            except psycopg.errors.CheckViolation:
                break  # the database keeps it to codes
            before.append((column, schema, key, value))
            there |= {int(mark[2:]) for mark in MARK.findall(json.dumps(new))}
    return there


def _new(column: Column, value: Any, start: int, pack: Pack) -> Any:
    if column.is_json:
        return _laid_in(value, start, pack)
    if value.startswith("{"):  # a message that the program writes; its values are somebody's
        return json.dumps({"title": pack(start, column.most)})
    return pack(start, column.most)


def _schemas(server: psycopg.Connection, table: str) -> list[str]:
    rows = server.execute(
        "select schemaname from pg_tables where tablename = %s and schemaname not like 'pg\\_%%'",
        [table],
    )
    return [row[0] for row in rows]


def _write(server: psycopg.Connection, column: Column, schema: str, key: Any, value: Any) -> None:
    statement = sql.SQL("update {} set {} = %s where {} = %s").format(
        sql.Identifier(schema, column.table),
        sql.Identifier(column.name),
        sql.Identifier(column.key),
    )
    server.execute(statement, [Jsonb(value) if column.is_json else value, key])


_LEADS = {"href", "src", "action", "formaction", "data", "xlink:href", "srcdoc", "poster", "style"}
_RUNS = ("javascript:", "data:", "vbscript:")
_HOLDS_CODE = {"script", "style"}


class Active(HTMLParser):
    """Reads a page; `found` tells where a mark stands as more than text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._open: list[tuple[str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if MARK.search(tag):
            self.found.append(f"<{tag}>")
        kind = dict(attrs).get("type") or ""
        if tag in _HOLDS_CODE and "json" not in kind:
            self._open.append((tag, kind))
        self.found += [
            f"<{tag} {name}={value!r}>" for name, value in attrs if _is_active(name, value or "")
        ]

    def handle_endtag(self, tag: str) -> None:
        if tag in _HOLDS_CODE:
            self._open = []

    def handle_data(self, data: str) -> None:
        if self._open and MARK.search(data):
            self.found.append(f"<{self._open[-1][0]}> {data[:80]}")

    def handle_comment(self, data: str) -> None:
        self.found += [f"<!--{data[:80]}"] if MARK.search(data) else []


def _is_active(name: str, value: str) -> bool:
    if MARK.search(name):
        return True
    if not MARK.search(value):
        return False
    value = re.sub(r"[\x00-\x20]", "", value).lower()
    if name in _LEADS:
        return value.startswith((*_RUNS, "/pu", "//pu")) or name in ("srcdoc", "style")
    return name.startswith(("on", "hx-on", "hx-get", "hx-post", "hx-vals"))


def active(page: str) -> list[str]:
    """Where a payload came out as markup; empty for a page that escaped all of them."""
    raw = [payload for payload in PAYLOADS if "<" in payload and payload in page]
    return [f"unescaped: {payload}" for payload in raw] + Active(page).found

"""Audit rows are chained: a changed, a removed and an inserted row are each found, and named."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from apps.common.ids import new_id
from apps.events.checks import heads_can_be_kept
from apps.events.models import AuditCheck, AuditRow, AuditSeal
from apps.events.operations import accept_chain, record, seal_audit, sealing, verify_audit
from apps.events.operations.heads import keep_heads, kept_heads
from apps.events.operations.sealing import chain_faults
from apps.tenancy.context import as_owner, as_platform, company_context, no_company
from tests.databases import ROOT

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
OLD = datetime.now(UTC) - timedelta(days=2)


@pytest.fixture(autouse=True)
def heads(settings: Any, tmp_path: Path) -> Path:
    settings.PERUSE_AUDIT_HEADS = tmp_path / "outside" / "heads.json"
    return settings.PERUSE_AUDIT_HEADS


@pytest.fixture(autouse=True)
def no_rows_yet(cast: dict[str, Any]) -> None:
    """The companies of the cast have a history."""
    with no_company(), as_owner(), connection.cursor() as cursor:
        # A table with checks that are still to come cannot be altered.
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table events_auditrow disable trigger user")
        cursor.execute("delete from events_auditrow")
        cursor.execute("alter table events_auditrow enable trigger user")


@pytest.fixture
def provider(cast: dict[str, Any]) -> Any:
    return cast["provider"]


def act(company: Any, number: int = 3) -> list[AuditRow]:
    with company_context(company):
        return [
            record(action="test.act", subject=str(n), now=NOW, details={"n": n, "ä": [1.5, None]})
            for n in range(number)
        ]


def seal() -> int:
    with no_company(), as_platform():
        return seal_audit(now=NOW)


def faults(company: Any) -> list[str]:
    with no_company(), as_platform():
        found, _seals, _rows = chain_faults(
            company_id=company.pk, kept=kept_heads().get(company.pk)
        )
    return found


def tamper(*statements: str) -> None:
    """What only somebody with the database in their hands can do."""
    with no_company(), as_owner(), connection.cursor() as cursor:
        # A table with checks that are still to come cannot be altered.
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table events_auditrow disable trigger user")
        cursor.execute("alter table events_auditseal disable trigger user")
        for statement in statements:
            cursor.execute(statement)
            assert cursor.rowcount, statement
        cursor.execute("alter table events_auditrow enable trigger user")
        cursor.execute("alter table events_auditseal enable trigger user")


def change(rows: list[AuditRow]) -> None:
    tamper(f"update events_auditrow set actor = 'somebody else' where id = '{rows[1].pk}'")


def move(rows: list[AuditRow]) -> None:
    tamper(f"update events_auditrow set at = at - interval '1 day' where id = '{rows[1].pk}'")


def remove(rows: list[AuditRow]) -> None:
    tamper(f"delete from events_auditrow where id = '{rows[1].pk}'")


def insert(rows: list[AuditRow]) -> None:
    tamper(
        "insert into events_auditrow (id, author_id, parties, at, actor, action, subject, details) "
        f"select '{new_id(OLD)}', author_id, parties, at, actor, action, subject, details "
        f"from events_auditrow where id = '{rows[1].pk}'"
    )


TAMPERING = [
    (change, "was changed"), (move, "was changed"), (remove, "was removed"),
    (insert, "was put among sealed rows"),
]  # fmt: skip


@pytest.mark.parametrize(("tampering", "words"), TAMPERING)
def test_what_was_done_to_sealed_rows_is_found(
    provider: Any, tampering: Callable[[list[AuditRow]], None], words: str
) -> None:
    rows = act(provider)
    assert seal() == 3
    assert faults(provider) == []
    tampering(rows)
    (fault,) = faults(provider)
    assert words in fault
    if tampering is not insert:
        assert fault.startswith(rows[1].public_id)


@pytest.mark.parametrize(("tampering", "words"), TAMPERING)
def test_without_the_seal_nothing_is_found(
    provider: Any, tampering: Callable[[list[AuditRow]], None], words: str
) -> None:
    """Positive control: it is the seal that finds it, not the database."""
    tampering(act(provider))
    assert faults(provider) == []


def test_batches_are_chained(provider: Any) -> None:
    for _batch in range(3):
        act(provider, 2)
        seal()
    with no_company(), as_platform():
        seals = list(AuditSeal.all_parties.filter(author=provider).order_by("number"))
    assert [one.number for one in seals] == [1, 2, 3]
    assert [one.previous for one in seals[1:]] == [one.digest for one in seals[:-1]]
    assert kept_heads()[provider.pk].digest == seals[-1].digest
    assert faults(provider) == []
    assert seal() == 0


def test_each_company_has_a_chain_of_its_own(cast: dict[str, Any]) -> None:
    for slug in ("provider", "customer"):
        act(cast[slug])
    assert seal() == 6
    with no_company(), as_platform():
        numbers = AuditSeal.all_parties.values_list("author__slug", "number")
        assert sorted(numbers) == [("customer", 1), ("provider", 1)]
    assert set(kept_heads()) == {cast["provider"].pk, cast["customer"].pk}


def test_a_row_that_commits_late_is_sealed_late(provider: Any) -> None:
    """Its key is older than those that were sealed before it."""
    with company_context(provider):
        late = AuditRow(
            id=new_id(datetime.now(UTC) - timedelta(hours=1)), author=provider,
            parties=[provider.pk], at=NOW, actor="", action="test.late",
        )  # fmt: skip
    act(provider)
    seal()
    with company_context(provider):
        late.save(force_insert=True)
    assert seal() == 1
    assert faults(provider) == []


def test_a_row_put_into_a_quiet_companys_past_is_found(provider: Any, cast: dict[str, Any]) -> None:
    """Its own last seal is older than the row; the sealer has been at work for others since."""
    week_ago = datetime.now(UTC) - timedelta(days=7)
    with company_context(provider):
        quiet = AuditRow(
            id=new_id(week_ago), author=provider, parties=[provider.pk], at=week_ago, actor="",
            action="test.act",
        )  # fmt: skip
        quiet.save(force_insert=True)
    seal()
    act(cast["customer"])
    seal()
    assert faults(provider) == []
    insert([quiet, quiet])
    (fault,) = faults(provider)
    assert "was put among sealed rows" in fault


def test_a_rewritten_chain_is_betrayed_by_the_head_outside(provider: Any, heads: Path) -> None:
    """Whoever changes a row and makes all seals anew leaves a chain that holds in itself."""
    rows = act(provider)
    seal()
    before = kept_heads()
    change(rows)
    tamper("delete from events_auditseal")
    seal()
    with no_company(), as_platform():
        alone, _seals, _rows = chain_faults(company_id=provider.pk, kept=None)
    assert alone == ["no head of this chain is kept outside the database"]
    assert kept_heads() == before, "the old head is evidence"
    (fault,) = faults(provider)
    assert "is not the one whose digest is kept outside" in fault


def test_a_chain_cut_short_is_found(provider: Any) -> None:
    for _batch in range(2):
        act(provider)
        seal()
    with no_company(), as_platform():
        last = AuditSeal.all_parties.order_by("-number").first()
    assert last is not None
    keys = ",".join(f"'{key}'" for key in last.rows)
    tamper(
        "delete from events_auditseal where number = 2",
        f"delete from events_auditrow where id in ({keys})",
    )
    (fault,) = faults(provider)
    assert "ends before seal 2" in fault


def test_a_lost_file_is_found(provider: Any, heads: Path) -> None:
    act(provider)
    seal()
    heads.unlink()
    lost = ["no head of this chain is kept outside the database"]
    assert faults(provider) == lost
    act(provider)
    assert seal() == 3
    assert faults(provider) == lost, "the next seal does not make up for it"
    with no_company(), as_platform():
        assert verify_audit(now=NOW) >= 1
        accept_chain(company=provider)
    assert faults(provider) == []
    act(provider)
    seal()
    assert (faults(provider), kept_heads()[provider.pk].number) == ([], 3)


def test_a_crash_before_the_first_head_is_no_loss(
    provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    act(provider)
    with monkeypatch.context() as patch:
        patch.setattr(sealing, "_keep_heads", lambda: None)
        seal()
    assert (kept_heads()[provider.pk].number, faults(provider)) == (0, [])
    act(provider)
    seal()
    assert (kept_heads()[provider.pk].number, faults(provider)) == (2, [])


def test_where_the_file_cannot_be_written_rows_are_sealed_and_it_is_said(
    provider: Any, settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "plain").write_text("")
    settings.PERUSE_AUDIT_HEADS = tmp_path / "plain" / "heads.json"
    act(provider)
    with pytest.raises(OSError, match="plain"):
        seal()
    assert "cannot be kept" in caplog.text
    settings.PERUSE_AUDIT_HEADS = tmp_path / "heads.json"
    assert faults(provider) == ["no head of this chain is kept outside the database"]


def test_before_going_live_the_folder_must_be_writable(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PERUSE_KEEPS_HEADS = True
    (tmp_path / "plain").write_text("")
    for path, said in (
        (tmp_path / "plain" / "heads.json", ["events.E001"]), (tmp_path / "new" / "heads.json", []),
    ):  # fmt: skip
        settings.PERUSE_AUDIT_HEADS = path
        assert [found.id for found in heads_can_be_kept(None)] == said, path
    monkeypatch.setattr("os.access", lambda *_given: False)
    assert [found.id for found in heads_can_be_kept(None)] == ["events.E001"], "a read-only root"
    settings.PERUSE_KEEPS_HEADS = False
    assert heads_can_be_kept(None) == [], "a process that keeps no heads need not reach them"


def test_all_chains_are_accepted_at_once(provider: Any, cast: dict[str, Any], heads: Path) -> None:
    for slug in ("provider", "customer"):
        act(cast[slug])
    seal()
    heads.unlink()
    call_command("audit_chains", "accept", "--all", stdout=StringIO())
    assert set(kept_heads()) == {cast["provider"].pk, cast["customer"].pk}
    call_command("audit_chains", "verify", stdout=StringIO())


def test_the_shipped_setup_keeps_heads_on_a_volume_of_its_own() -> None:
    """Of the worker of the platform alone, under a folder that the image gives to its user."""
    setup = yaml.safe_load((ROOT / "docs/operations/compose.yml").read_text())
    worker = setup["services"]["platform-worker"]
    volumes = dict(one.split(":")[:2] for one in worker["volumes"])
    told = (ROOT / "docs/operations/settings.env", ROOT / "docs/operations/compose.yml")
    text = "".join(path.read_text() for path in told if path.exists())
    assert re.search(r"PERUSE_AUDIT_HEADS[=:] ?/heads/audit-heads.json", text)
    assert (volumes["heads"], "heads" in setup["volumes"]) == ("/heads", True)
    assert re.search(r"install -d -o peruse .*/heads", (ROOT / "Containerfile").read_text())


def test_a_seal_cannot_be_changed(provider: Any) -> None:
    rows = act(provider)
    seal()
    with no_company(), as_owner():
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            AuditSeal.all_parties.update(digest="0" * 64)
    tamper("update events_auditseal set hashes = decode(repeat('00', 96), 'hex')")
    assert faults(provider) == ["seal 1 was changed"]
    assert rows


def test_companies_neither_seal_nor_check(provider: Any) -> None:
    with company_context(provider):
        for row in (
            AuditSeal(
                author=provider, parties=[provider.pk], number=1, made_at=NOW, previous="", digest="",
                rows=[], hashes=b"", last_row=new_id(NOW),
            ),
            AuditCheck(author=provider, parties=[provider.pk], checked_at=NOW, seals=0, rows=0),
        ):  # fmt: skip
            with pytest.raises(ProgrammingError), transaction.atomic():
                row.save(force_insert=True)


def test_the_night_notes_and_logs_what_broke(
    provider: Any, cast: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    rows = act(provider)
    act(cast["customer"])
    seal()
    with no_company(), as_platform():
        assert verify_audit(now=NOW) == 0
    remove(rows)
    with no_company(), as_platform():
        assert verify_audit(now=NOW + timedelta(days=1)) == 1
        check = AuditCheck.all_parties.get(author=provider)
        other = AuditCheck.all_parties.get(author=cast["customer"])
    assert check.faults == [f"{rows[1].public_id} was removed"]
    assert (check.seals, check.rows, other.faults) == (1, 3, [])
    assert f"{rows[1].public_id} was removed" in caplog.text


def test_a_broken_file_is_loud(provider: Any, heads: Path) -> None:
    act(provider)
    seal()
    heads.write_text("{")
    with no_company(), as_platform():
        assert verify_audit(now=NOW) >= 1


def test_the_file_is_written_whole_or_not_at_all(heads: Path, provider: Any) -> None:
    act(provider)
    seal()
    before = heads.read_text()
    with pytest.raises(AttributeError):
        keep_heads({1: None})  # type: ignore[dict-item]
    assert heads.read_text() == before

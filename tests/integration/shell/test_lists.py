"""A list page: search, filters, sorting, pages, export, the two kinds of emptiness."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from apps.common.spreadsheets import neutral
from apps.events.models import Job
from apps.tenancy.context import company_context

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def add_jobs(company: Any, count: int, **facts: Any) -> list[Job]:
    with company_context(company):
        return Job.objects.bulk_create(
            Job(
                author=company, parties=[company.pk], company=company, kind="telemetry.import",
                run_after=NOW, created_at=NOW + timedelta(minutes=number), requested_by=1,
                **facts,
            )
            for number in range(count)
        )  # fmt: skip


def rows_of(html: str) -> int:
    return html.split("<tbody")[1].count("<tr ")


@pytest.fixture
def client(cast: dict[str, Any], client_of: Callable[..., Client]) -> Client:
    return client_of(cast["provider"])


def test_twenty_five_rows_a_page_and_the_count(client: Client, cast: dict[str, Any]) -> None:
    add_jobs(cast["provider"], 60)
    html = client.get("/jobs/").content.decode()
    assert rows_of(html) == 25
    assert "60 entries" in html
    assert rows_of(client.get("/jobs/?page=3").content.decode()) == 10


def test_beyond_a_thousand_the_count_ends_and_the_pages_go_on(
    client: Client, cast: dict[str, Any]
) -> None:
    add_jobs(cast["provider"], 1060)
    first = client.get("/jobs/").content.decode()
    assert "More than 1,000 entries" in first
    assert "?page=40" in first
    assert "?page=41" in client.get("/jobs/?page=40").content.decode()
    last = client.get("/jobs/?page=43").content.decode()
    assert rows_of(last) == 10
    assert "1060 entries" in last
    assert 'rel="next"' not in last


def test_the_same_rows_stand_on_the_pages_as_in_the_export(
    client: Client, cast: dict[str, Any]
) -> None:
    jobs = add_jobs(cast["provider"], 60)
    shown = "".join(
        client.get(f"/jobs/?sort=-created_at&page={page}").content.decode() for page in (1, 2, 3)
    )
    places = [shown.index(f"/jobs/{job.public_id}/") for job in reversed(jobs)]
    assert places == sorted(places)


def test_a_cell_is_escaped(client: Client, cast: dict[str, Any]) -> None:
    add_jobs(cast["provider"], 1, state="parked", error="<b>late</b>")
    html = client.get("/jobs/").content.decode()
    assert "<b>late" not in html


def test_odd_parameters_are_no_fault(client: Client, cast: dict[str, Any]) -> None:
    add_jobs(cast["provider"], 1)
    for query in (
        "page=x",
        "page=99",
        "page=-1",
        "sort=nothing",
        "sort=-",
        "per_page=-3",
        "per_page=0",
        "page=99999999999999999999",
        "state=x",
        "q=%00%ff",
    ):
        assert client.get(f"/jobs/?{query}").status_code == 200, query


def test_a_cell_says_its_column_and_the_row_its_head(client: Client, cast: dict[str, Any]) -> None:
    [job] = add_jobs(cast["provider"], 1)
    html = client.get("/jobs/").content.decode()
    head, state, progress, *_more = html.split("<tbody")[1].split("<td ")[1:]
    assert 'role="rowheader"' in head
    assert f"/jobs/{job.public_id}/" in head
    assert 'data-label="State"' in state
    assert "data-empty" not in state
    assert 'data-label="Progress" data-empty' in progress


def test_sorting_is_in_reach_where_the_heads_are_not(client: Client, cast: dict[str, Any]) -> None:
    """The line above the cards leads where the columns' heads lead."""
    add_jobs(cast["provider"], 2)
    html = client.get("/jobs/?state=waiting&sort=kind").content.decode()
    above = html.split('<details class="sorting">')[1].split("</details>")[0]
    heads = html.split("<thead")[1].split("</thead>")[0]
    links = [part.partition("</a>")[0] for part in above.split('<a class="sort"')[1:]]
    assert len(links) == 5
    assert all(f'<a class="sort"{link}</a>' in heads for link in links)
    assert "?state=waiting&amp;sort=-kind" in links[0]


def test_a_filter_stays_in_the_address(client: Client, cast: dict[str, Any]) -> None:
    add_jobs(cast["provider"], 2, state="done")
    add_jobs(cast["provider"], 3, state="running")
    html = client.get("/jobs/?state=done&sort=kind").content.decode()
    assert "2 entries" in html
    assert "?state=done&amp;sort=kind&amp;export=csv" in html


def test_htmx_gets_only_the_list(client: Client, cast: dict[str, Any]) -> None:
    add_jobs(cast["provider"], 1)
    part = client.get("/jobs/", headers={"HX-Request": "true", "HX-Target": "list"})
    assert "<html" not in part.content.decode()
    assert "<table" in part.content.decode()
    assert "HX-Request" in part.headers["Vary"]
    restored = client.get(
        "/jobs/",
        headers={
            "HX-Request": "true", "HX-Target": "list", "HX-History-Restore-Request": "true",
        },
    )  # fmt: skip
    assert "<html" in restored.content.decode()


def test_the_export_holds_every_filtered_row(client: Client, cast: dict[str, Any]) -> None:
    add_jobs(cast["provider"], 60, state="done")
    add_jobs(cast["provider"], 5, state="running")
    answer = client.get("/jobs/?state=done&page=2&export=csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 61
    assert rows[0][:2] == ["Job", "State"]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"), ("+49 40 123", "'+49 40 123"), ("-x", "'-x"), ("@sum", "'@sum"),
        ("\tx", "'\tx"), ("-5.25", "-5.25"), ("+3", "+3"), ("12", "12"), ("", ""), ("a=b", "a=b"),
        ("-1e5", "'-1e5"), ("-1.2.3", "'-1.2.3"), ("\r=1", "'\r=1"), ("\n=1", "'\n=1"),
        (" =1+1", "' =1+1"), ("＝1+1", "'＝1+1"), (" ", " "),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(cell: str, written: str) -> None:
    assert neutral(cell) == written


def test_empty_and_nothing_found_differ(client: Client, cast: dict[str, Any]) -> None:
    assert "No jobs yet" in client.get("/jobs/").content.decode()
    add_jobs(cast["provider"], 1)
    assert "Nothing matches" in client.get("/jobs/?state=done").content.decode()


def test_the_number_of_queries_does_not_grow(
    client: Client, cast: dict[str, Any], django_assert_max_num_queries: Any
) -> None:
    add_jobs(cast["provider"], 55)
    client.get("/jobs/")
    with django_assert_max_num_queries(12):
        client.get("/jobs/")


def test_jobs_of_others_are_not_listed(
    cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    jobs = add_jobs(cast["provider"], 1)
    stranger = client_of(cast["stranger"])
    assert "No jobs yet" in stranger.get("/jobs/").content.decode()
    assert stranger.get(f"/jobs/{jobs[0].public_id}/").status_code == 404

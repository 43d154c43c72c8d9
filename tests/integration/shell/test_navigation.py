"""The menu shows what a position may see."""

from apps.accounts.domain.capabilities import capabilities_of
from apps.common import navigation


def names(position: str, path: str = "/") -> list[str]:
    return [
        link.entry.url_name
        for _title, links in navigation.links(capabilities_of(position), path)
        for link in links
    ]


def test_a_viewer_sees_no_billing_runs() -> None:
    assert "run_list" not in names("viewer")
    assert "run_list" in names("finance")


def test_the_current_page_is_the_longest_address_above_it() -> None:
    marked = [
        link.entry.url_name
        for _title, links in navigation.links(capabilities_of("director"), "/jobs/job_x/")
        for link in links
        if link.current
    ]
    assert marked == ["job_list"]


def test_home_is_current_only_on_itself() -> None:
    sections = dict(navigation.links(capabilities_of("director"), "/nowhere/"))
    assert not any(link.current for links in sections.values() for link in links)

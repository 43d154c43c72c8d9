"""Error pages render where there is neither request nor database."""

import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string

PAGES = ["404", "403", "csrf", "500", "503"]


@pytest.mark.parametrize("name", PAGES)
def test_an_error_page_needs_nothing(name: str) -> None:
    html = render_to_string(f"errors/{name}.html")
    assert html.count("<h1") == 1
    assert "Peruse" in html


def test_a_closed_portal_says_whose_it_is() -> None:
    class Company:
        name = "A & B"
        state = "suspended"

    html = render_to_string("errors/closed.html", {"company": Company})
    assert "A &amp; B" in html


def test_no_template_has_inline_script_or_style() -> None:
    files = [*Path("templates").rglob("*.html"), *Path("apps").rglob("templates/**/*.html")]
    assert len(files) > 20
    for file in files:
        html = file.read_text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)", html), file

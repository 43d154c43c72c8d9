"""Filters of the console's pages."""

from apps.console.templatetags.console import breakable


def test_a_code_breaks_after_a_dot_or_underscore_and_stays_text() -> None:
    assert breakable("billing.evidence_exported") == "billing.<wbr>evidence_<wbr>exported<wbr>"
    assert breakable("<b>") == "&lt;b&gt;<wbr>"
    assert breakable("") == ""

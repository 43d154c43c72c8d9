"""Filters of the console's pages."""

import re

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def brief(length: str) -> str:
    """Of a length of time its larger part: “3 days” of “3 days, 4 hours”."""
    return length.split(",")[0]


@register.filter
def breakable(code: str) -> SafeString:
    """A code that a narrow column breaks after a dot or an underscore, never in a word."""
    parts = re.findall(r"[^._]*[._]?", code)
    return format_html_join("", "{}<wbr>", ((part,) for part in parts if part))

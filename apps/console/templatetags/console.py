"""Filters of the console's pages."""

from django import template

register = template.Library()


@register.filter
def brief(length: str) -> str:
    """Of a length of time its larger part: “3 days” of “3 days, 4 hours”."""
    return length.split(",")[0]

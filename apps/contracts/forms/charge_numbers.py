"""Numbers as people type them."""


def point(text: str) -> str:
    """0,067 as 0.067; a number with both signs is left for the plan to refuse."""
    return text.replace(",", ".") if text.count(",") == 1 and "." not in text else text

"""Which expected payment a booking on the account is: by reference and amount, or left to a person."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# What people and banks put between the characters of a number, line breaks of a form included.
BETWEEN = r"[\s\-/._]*"
SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open document, or a payment noted for one: its public id, its number, how much, who."""

    reference: str
    label: str
    amount_minor: int
    currency: str
    payer_name: str = ""
    # The public id of the payment that a person noted for it by hand; empty: it is open.
    noted: str = ""

    @property
    def choice(self) -> str:
        """What a person chooses it by."""
        return self.noted or self.reference


def names(text: str, label: str) -> bool:
    """Whether the text names the number as a whole: RE-2026-1 is not named by RE-2026-10."""
    characters = [character for character in label.upper() if character.isalnum()]
    if len(characters) < SHORTEST:
        return False
    inside = BETWEEN.join(re.escape(character) for character in characters)
    return re.search(rf"(?<![A-Z0-9]){inside}(?![A-Z0-9])", text.upper()) is not None


def match(
    text: str, amount_minor: int, currency: str, candidates: Iterable[Candidate]
) -> Candidate | None:
    """The one candidate of this amount and currency that the text names; None if none or several.

    An amount alone is never enough, nor is a name: both are left to a person.
    """
    found = [
        one for one in candidates
        if one.amount_minor == amount_minor and one.currency == currency
        and (names(text, one.label) or names(text, one.reference))
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def suggestions(
    text: str, other_name: str, amount_minor: int, currency: str, candidates: Sequence[Candidate],
    most: int = 5,
) -> list[Candidate]:  # fmt: skip
    """What a person may mean: named ones first, then the same amount; without either, what the same
    company owes."""

    def rank(one: Candidate) -> int:
        return (
            4 * (names(text, one.label) or names(text, one.reference))
            + 2 * (one.amount_minor == amount_minor)
            + (bool(other_name) and one.payer_name.casefold() == other_name.casefold())
        )

    near = [one for one in candidates if one.currency == currency and rank(one)]
    near = [one for one in near if rank(one) > 1] or near
    return sorted(near, key=lambda one: (-rank(one), one.label))[:most]

"""Who in a network sees whose participation."""

from collections.abc import Collection


def parties_of(
    *, founder: int, company: int, active: bool, members: Collection[int], members_meet: bool
) -> list[int]:
    """Keys of the companies that see one participation, in order.

    The founder and the company itself always; every member sees what the founder does. The other
    members only in a network whose members see each other, and only once this one has joined.
    """
    seen = {founder, company}
    if active and (members_meet or company == founder):
        seen.update(members)
    return sorted(seen)

"""Members of a network as its page shows them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.urls import reverse

from apps.common.templatetags import portal
from apps.networks.models import Participation, Role
from apps.tenancy.context import current_company
from apps.tenancy.queries import known_company_ids

STATE = Participation.State
ACTS = {"end": "participation_ending", "leave": "participation_leaving"}


@dataclass(frozen=True, slots=True)
class Member:
    """A participation in words. `profile`: the company's page, where the reader may open it; `act`:
    `withdraw`, `end` or `leave`, where it is the reader's to do, at `act_url`."""

    name: str
    role: str
    pill: str
    since: str
    until: str
    profile: str
    act: str
    act_url: str


def members_shown(
    rows: Iterable[Participation], *, founds: bool, manages: bool
) -> Iterator[Member]:
    """Of participations with their company's `slug`; words are looked up once, not for each row.

    `founds`: the reader's company founded the network; `manages`: the person may change it.
    """
    own, known = current_company().pk, known_company_ids()
    roles = {role: str(label) for role, label in Role.choices}
    pills = {state: portal.pill(state, str(label)) for state, label in STATE.choices}
    for row in rows:
        act = _act(row, own, founds) if manages else ""
        yield Member(
            name=row.company_name, role=roles[row.role], pill=pills[row.state],
            since=portal.instant(row.joined_at), until=portal.instant(row.ended_at),
            profile=_profile(row) if row.company_id in known else "",
            act=act, act_url=reverse(ACTS.get(act, ACTS["end"]), args=[row.public_id]) if act else "",
        )  # fmt: skip


def _profile(row: Participation) -> str:
    return reverse("company_profile", args=[row.slug])  # type: ignore[attr-defined]


def _act(row: Participation, own: int, founds: bool) -> str:
    if founds:
        return {STATE.INVITED: "withdraw", STATE.ACTIVE: "end"}.get(STATE(row.state), "")
    return "leave" if row.company_id == own and row.state == STATE.ACTIVE else ""

"""Which function does which kind of job, and which jobs follow which event."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Work = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Handler:
    """The function of one kind of job; `atomic`: its effect commits together with “done”."""

    kind: str
    work: Work
    atomic: bool


_handlers: dict[str, Handler] = {}
_subscribers: dict[str, list[str]] = {}


class UnknownKind(LookupError):
    """No installed application does this kind of job."""


def handles(kind: str, *, atomic: bool = True) -> Callable[[Work], Work]:
    """Register `work(job, now) -> result dict or None` as the function of this kind of job."""

    def register(work: Work) -> Work:
        if kind in _handlers and _handlers[kind].work is not work:
            raise ValueError(f"two functions for jobs of kind {kind}")
        _handlers[kind] = Handler(kind, work, atomic)
        return work

    return register


def subscribes(event_name: str, *, kind: str, atomic: bool = True) -> Callable[[Work], Work]:
    """Register `work(job, now)`, run once per company an event of this name reaches.

    The job's payload is the event's.
    """

    def register(work: Work) -> Work:
        handles(kind, atomic=atomic)(work)
        kinds = _subscribers.setdefault(event_name, [])
        if kind not in kinds:
            kinds.append(kind)
        return work

    return register


def handler_of(kind: str) -> Handler:
    """The handler of a kind; raises UnknownKind."""
    try:
        return _handlers[kind]
    except KeyError:
        raise UnknownKind(kind) from None


def subscribers_of(event_name: str) -> tuple[str, ...]:
    """Kinds of the jobs that follow an event."""
    return tuple(_subscribers.get(event_name, ()))


_DAY_MINUTES = 1440
# Of a kind after how many minutes it is due again.
_housekeeping: dict[str, int] = {}


def housekeeping(
    kind: str, *, atomic: bool = True, daily: bool = False, every: int = 1
) -> Callable[[Work], Work]:
    """Register `work(job, now)` as something every company does each `every` minutes, or once a day."""

    def register(work: Work) -> Work:
        handles(kind, atomic=atomic)(work)
        _housekeeping[kind] = _DAY_MINUTES if daily else every
        return work

    return register


def housekeeping_kinds() -> dict[str, int]:
    """By kind of these jobs after how many minutes it is due again."""
    return dict(_housekeeping)


# Of a kind of webhook message whether it may still be sent: `holds(message, now)`.
_conditions: dict[str, Work] = {}


def sent_while(event: str) -> Callable[[Work], Work]:
    """Register `holds(message, now) -> bool`, asked before each try of messages of this event."""

    def register(holds: Work) -> Work:
        _conditions[event] = holds
        return holds

    return register


def condition_of(event: str) -> Work | None:
    """What must hold before a message of this event is sent; None: nothing."""
    return _conditions.get(event)


_reactions: dict[str, Work] = {}


def after_taken(event: str) -> Callable[[Work], Work]:
    """Register `note(message, now)`, run in the transaction that notes that one was taken."""

    def register(note: Work) -> Work:
        _reactions[event] = note
        return note

    return register


def reaction_to(event: str) -> Work | None:
    """What is noted when a message of this event was taken; None: nothing more."""
    return _reactions.get(event)

"""What apps above do with messages of the provider that are theirs."""

from collections.abc import Callable
from datetime import datetime

from apps.payments.domain.webhooks import KINDS, Message

# Returns why the message was refused; empty when it was applied.
Apply = Callable[[Message, datetime], str]
_above: dict[str, Apply] = {}


def applies(*kinds: str) -> Callable[[Apply], Apply]:
    """Register what is done with these kinds of messages, in the company they concern."""

    def register(apply: Apply) -> Apply:
        for kind in kinds:
            if kind in KINDS or _above.get(kind, apply) is not apply:
                raise ValueError(f"two functions for messages of kind {kind}")
            _above[kind] = apply
        return apply

    return register


def applier_of(kind: str) -> Apply | None:
    """Of an app above; None: the message is for payments, or for nobody."""
    return _above.get(kind)


def kinds_heard() -> frozenset[str]:
    """All kinds that anybody here acts on: what the provider's endpoint has to send."""
    return KINDS | frozenset(_above)


def is_heard(kind: str) -> bool:
    """Whether anybody here acts on messages of this kind; others are answered and not kept."""
    return kind in KINDS or kind in _above

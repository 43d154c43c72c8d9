"""The second person's step, the same on every page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.confirming import confirmed_at
from apps.payments.models.approving import TwoPeople
from apps.payments.operations import Approval


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What the page part `payments/second_look.html` shows of a row that waits."""

    row: TwoPeople
    action: str
    is_asker: bool


def second_look(request: HttpRequest, row: TwoPeople, route: str) -> SecondLook:
    """`route` takes the approval; it asks who is there (`confirmed`)."""
    return SecondLook(row, reverse(route, args=[row.public_id]), row.is_asked_by(request.user))


def is_approved(request: HttpRequest, act: Callable[[Approval], Any]) -> bool:
    """Have `act` approve; where it refuses, the page says why."""
    try:
        act(Approval(request.user, confirmed_at(request)))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    return True

"""One act on a contract, from a button of its page."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.contracts.models import Contract


def done(
    request: HttpRequest, contract: Contract, text: str, act: Callable[[], Any]
) -> HttpResponse:
    """Back to the contract with `text`, or with why not; 404 for a contract that is gone."""
    try:
        act()
    except ValidationError as error:
        for message in error.messages:
            messages.error(request, message)
    except Contract.DoesNotExist:
        raise Http404 from None
    else:
        messages.success(request, text)
    return redirect("contract_detail", contract.public_id)

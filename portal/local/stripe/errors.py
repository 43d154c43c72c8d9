"""Refusals in the shape Stripe gives them."""

from typing import Any


class Refused(Exception):
    """An answer with an `error` object and its HTTP status."""

    def __init__(self, status: int, kind: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"type": kind, "message": message, **more}


def invalid(message: str, param: str = "", code: str = "parameter_invalid_empty") -> Refused:
    return Refused(400, "invalid_request_error", message, param=param, code=code)


def missing(param: str) -> Refused:
    text = f"Missing required param: {param}."
    return Refused(400, "invalid_request_error", text, param=param, code="parameter_missing")


def absent(kind: str, key: str) -> Refused:
    text = f"No such {kind}: '{key}'"
    return Refused(404, "invalid_request_error", text, param="id", code="resource_missing")


def unknown_address(method: str, path: str) -> Refused:
    text = f"Unrecognized request URL ({method}: {path})."
    return Refused(404, "invalid_request_error", text)


def declined(code: str, intent: dict[str, Any]) -> Refused:
    """402: the card said no; the payment intent stands in the error."""
    text = {
        "insufficient_funds": "Your card has insufficient funds.",
        "authentication_required": "This payment requires authentication.",
    }.get(code, "Your card was declined.")
    outer = code if code == "authentication_required" else "card_declined"
    return Refused(
        402, "card_error", text, code=outer, decline_code=code, payment_intent=intent
    )  # fmt: skip

"""What an invoice keeps of both companies and the terms, as they were when it was drafted."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

PARTY_FIELDS = (
    "name", "street", "postcode", "city", "country", "vat_id", "email", "tax_number",
    "register_entry", "contact_name", "phone", "language", "e_address",
)  # fmt: skip


def party_facts(company: Any) -> dict[str, str]:
    """Name, address, tax ids and contact as printed; the language documents are written in."""
    return {name: getattr(company, name) for name in PARTY_FIELDS}


def terms_facts(
    contract: Any, public_id: str, order_number: str = "", served: Sequence[str] = ()
) -> dict[str, object]:
    """What the contract says about payment and references; an order of its own goes before it.

    `served`: the first covered day and the first that is not any more, where they are not the period's.
    """
    return {
        "contract": public_id, "title": contract.title, "payment_days": contract.payment_days,
        "buyer_reference": contract.buyer_reference, "order_number": order_number or contract.order_number,
        "tax_category": contract.tax_category,
        **({"dunning": contract.dunning} if contract.dunning else {}),
        **({"served": list(served)} if served else {}),
    }  # fmt: skip


def served_days(contract: Any, first: date, after: date) -> list[str]:
    """Of the period from `first` to before `after` the days the contract covers; empty: all of them."""
    ends_on = contract.ends_on
    covered = max(first, contract.starts_on), after if ends_on is None else min(after, ends_on)
    return [] if covered == (first, after) else [day.isoformat() for day in covered]


def invoice_facts(issuer: Any, recipient: Any, terms: Mapping[str, object]) -> dict[str, object]:
    return {
        "issuer": party_facts(issuer), "recipient": party_facts(recipient), "terms": dict(terms),
    }  # fmt: skip

"""The plans at the provider: products, prices, meters and tax rates, made when first needed.

A price never changes there: its amount is part of the name it is found by.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings

from apps.accounts.domain.vies import INVALID
from apps.accounts.queries import own_vat_check
from apps.payments.domain.amounts import to_provider
from apps.payments.operations.provider import ask
from apps.subscriptions.domain.limits import Counted
from apps.subscriptions.domain.tax import FeeTax, tax_id_of, tax_on_fee
from apps.subscriptions.models import Plan
from apps.tenancy.context import current_company
from apps.tenancy.models import Company

# What is charged by use, by the name of its meter's events.
METERS = {
    Counted.ASSETS: "peruse_assets", Counted.READINGS: "peruse_reading_packs",
    Counted.STATEMENTS: "peruse_statements", Counted.ORDERS: "peruse_orders",
}  # fmt: skip
FEE = "fee"


@dataclass(frozen=True, slots=True)
class Part:
    """One price of a plan: its fee, or one thing that is charged by use."""

    name: str
    amount_minor: int

    def key(self, plan: Plan) -> str:
        return f"peruse-{plan.code}-{self.name}-{plan.currency}-{self.amount_minor}".lower()


def parts_of(plan: Plan) -> list[Part]:
    """The fee first; what costs nothing is no part."""
    found = [Part(FEE, plan.fee_minor), *(Part(what, plan.fee_for(what)) for what in METERS)]
    return [part for part in found if part.amount_minor]


def prices_of(plan: Plan) -> dict[str, str]:
    """The provider's id of each part's price, by the part's name. Raises ValidationError in words."""
    wanted = {part.key(plan): part for part in parts_of(plan)}
    keys: Any = {"lookup_keys": list(wanted), "limit": 100}
    known = ask(lambda stripe: stripe.v1.prices.list(keys))
    found = {wanted[one.lookup_key].name: one.id for one in known.data if one.lookup_key in wanted}
    for part in wanted.values():
        if part.name not in found:
            found[part.name] = _new_price(plan, part)
    return {part.name: found[part.name] for part in wanted.values()}


def _new_price(plan: Plan, part: Part) -> str:
    key = part.key(plan)
    product = ask(
        lambda stripe: stripe.v1.products.create(
            {"name": f"Peruse {plan.title_en}: {part.name}", "metadata": {"plan": plan.code}},
            {"idempotency_key": f"product-{key}"},
        )
    )
    recurring: dict[str, Any] = {"interval": "month"}
    if part.name != FEE:
        recurring |= {"usage_type": "metered", "meter": meter_of(Counted(part.name))}
    params: Any = {
        "currency": plan.currency.lower(), "product": product.id, "recurring": recurring,
        "unit_amount": to_provider(part.amount_minor, plan.currency), "lookup_key": key,
        "nickname": product.name, "metadata": {"plan": plan.code, "part": part.name},
    }  # fmt: skip
    made = ask(lambda stripe: stripe.v1.prices.create(params, {"idempotency_key": f"price-{key}"}))
    return str(made.id)


def meter_of(what: Counted) -> str:
    """The provider's id of the meter that sums this."""
    name = METERS[what]
    for one in ask(lambda stripe: stripe.v1.billing.meters.list({"limit": 100})).data:
        if one.event_name == name and one.status == "active":
            return str(one.id)
    params: Any = {
        "display_name": name.replace("_", " "), "event_name": name,
        "default_aggregation": {"formula": "sum"},
    }  # fmt: skip
    made = ask(
        lambda stripe: stripe.v1.billing.meters.create(params, {"idempotency_key": f"meter-{name}"})
    )
    return str(made.id)


def own_tax() -> FeeTax:
    """What is added to the current company's fees. An id that the EU's register does not know is none."""
    own = Company.objects.get(pk=current_company().pk)
    return tax_on_fee(
        operator=settings.PERUSE_OPERATOR["country"], rate=Decimal(settings.PERUSE_OPERATOR["vat"]),
        country=own.country, vat_id=_known_vat_id(own),
    )  # fmt: skip


def own_tax_id() -> dict[str, str]:
    """The current company's VAT id for its invoices there; empty: none."""
    own = Company.objects.get(pk=current_company().pk)
    return tax_id_of(country=own.country, vat_id=_known_vat_id(own))


def _known_vat_id(own: Company) -> str:
    check = own_vat_check()
    is_unknown = check is not None and check.vat_id == own.vat_id and check.state == INVALID
    return "" if is_unknown else own.vat_id


def tax_rates() -> list[str]:
    """The provider's ids of the rates on the current company's invoices."""
    percent = own_tax().percent
    if not percent:
        return []
    name = f"VAT {settings.PERUSE_OPERATOR['country']} {percent}"
    for one in ask(lambda stripe: stripe.v1.tax_rates.list({"limit": 100})).data:
        if one.display_name == name and one.active:
            return [str(one.id)]
    params: Any = {
        "display_name": name, "percentage": float(percent), "inclusive": False,
        "country": settings.PERUSE_OPERATOR["country"],
    }  # fmt: skip
    made = ask(
        lambda stripe: stripe.v1.tax_rates.create(params, {"idempotency_key": f"tax-{name}"})
    )
    return [str(made.id)]

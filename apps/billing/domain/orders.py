"""Under which purchase order a period is billed, and whether it allows that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from apps.common.money import Money
from apps.pricing.values import PricingError


@dataclass(frozen=True, slots=True)
class Order:
    """`until` is included; `left_minor` is what may still be billed, net; None: no bound."""

    number: str
    valid_from: date
    until: date | None
    left_minor: int | None

    def covers(self, day: date) -> bool:
        return self.valid_from <= day and (self.until is None or day <= self.until)


def order_for(orders: Sequence[Order], day: date) -> Order | None:
    """The one whose validity began last among those that cover the period's last day."""
    valid = [order for order in orders if order.covers(day)]
    return max(valid, key=lambda order: (order.valid_from, order.number), default=None)


def check_order(orders: Sequence[Order], day: date, net_minor: int, currency: str) -> None:
    """Raises PricingError where there are orders and none allows this amount on that day."""
    if not orders:
        return
    order = order_for(orders, day)
    if order is None:
        raise PricingError("order_expired", number=orders[-1].number, day=day.isoformat())
    if order.left_minor is not None and net_minor > order.left_minor:
        left = Money(max(0, order.left_minor), currency)
        raise PricingError(
            "order_exhausted", number=order.number, left=str(left),
            needed=str(Money(net_minor, currency)),
        )  # fmt: skip

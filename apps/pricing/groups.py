"""Groups: several assets under one meter whose usage is priced as one quantity."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.common.quantity import BadValue, add, bounded, canonical, divide, parse_decimal
from apps.pricing.changes import windows_added
from apps.pricing.values import AssetUsage, PricingError, Step, step

SUM = "sum"
MAXIMUM = "maximum"
MEAN = "mean"
COUNT_ABOVE = "count_above"
GROUP_AGGREGATES = (SUM, MAXIMUM, MEAN, COUNT_ABOVE)


@dataclass(frozen=True, slots=True)
class Group:
    """What a contract makes of its members' quantities of a period.

    `key`: what its lines name as their asset, a UUID as text; `level`, in the members' unit: members
    with more than it are counted; `unit`: that of the result.
    """

    key: str
    label: str
    aggregate: str
    unit: str
    level: Decimal | None = None

    def __post_init__(self) -> None:
        """Raises BadValue: bad_group_aggregate, missing_group_level, needless_group_level."""
        if self.aggregate not in GROUP_AGGREGATES:
            raise BadValue("bad_group_aggregate")
        if (self.level is None) == (self.aggregate == COUNT_ABOVE):
            which = "missing" if self.level is None else "needless"
            raise BadValue(f"{which}_group_level")

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: decimals as text."""
        return {
            "key": self.key, "label": self.label, "aggregate": self.aggregate, "unit": self.unit,
            "level": None if self.level is None else canonical(self.level),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: object) -> "Group | None":
        """Raises KeyError, TypeError or ValueError (BadValue) for another form."""
        if data is None:
            return None
        if not isinstance(data, Mapping):
            raise TypeError("a group is an object")
        level = data["level"]
        return cls(
            str(data["key"]), str(data["label"]), str(data["aggregate"]), str(data["unit"]),
            None if level is None else parse_decimal(level),
        )  # fmt: skip


def combined(group: Group, members: Sequence[AssetUsage]) -> AssetUsage:
    """The group's usage as that of one asset, with a step for each member."""
    quantity = _aggregated(group, [item.quantity for item in members])
    shown: list[Step] = [
        step("group_member", asset=item.label, quantity=item.quantity, unit=item.unit or group.unit)
        for item in members
    ]
    above = {} if group.level is None else {"above": group.level}
    shown.append(
        step(
            f"group_{group.aggregate}", group=group.label, members=len(members),
            quantity=quantity, unit=group.unit, **above,
        )
    )  # fmt: skip
    windows = members[0].windows if group.aggregate == SUM else None
    for item in members[1:] if windows is not None else ():
        windows = windows_added(windows, item.windows)
    return AssetUsage(group.key, group.label, quantity, group.unit, windows, tuple(shown))


def _aggregated(group: Group, quantities: Sequence[Decimal]) -> Decimal:
    """The mean is that over the members the period has, to 12 decimals half up."""
    if group.aggregate == SUM:
        return add(*quantities)
    if group.aggregate == MAXIMUM:
        return max(quantities)
    if group.aggregate == MEAN:
        return bounded(divide(add(*quantities), Decimal(len(quantities))))
    return Decimal(sum(1 for item in quantities if group.level is not None and item > group.level))


def priced_usage(
    measured: Iterable[tuple[str, Group | None, AssetUsage]],
) -> dict[str, list[AssetUsage]]:
    """Per meter what a plan prices, in order: each asset once, and each group once at the place of
    its first member. Takes (meter, group, usage); an asset's usages are added up first.

    Raises PricingError where those of one asset are in different units.
    """
    assets: dict[tuple[str, str, str], AssetUsage] = {}
    groups: dict[tuple[str, str, str], Group | None] = {}
    for meter, group, usage in measured:
        name = (meter, group.key if group else "", usage.asset_id)
        before = assets.get(name)
        assets[name] = usage if before is None else _usages_added(before, usage)
        groups.setdefault(name, group)
    found: dict[str, list[AssetUsage]] = {}
    for name, group in groups.items():
        meter, key, _ = name
        if group is None:
            found.setdefault(meter, []).append(assets[name])
        elif all(item.asset_id != key for item in found.get(meter, ())):
            members = [usage for other, usage in assets.items() if other[:2] == (meter, key)]
            found.setdefault(meter, []).append(combined(group, members))
    return found


def _usages_added(one: AssetUsage, other: AssetUsage) -> AssetUsage:
    if one.unit != other.unit:
        raise PricingError("units_of_one_asset_differ", asset=one.label)
    return AssetUsage(
        other.asset_id, other.label, add(one.quantity, other.quantity), other.unit,
        windows_added(one.windows, other.windows),
    )  # fmt: skip

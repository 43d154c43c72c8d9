"""The data clause: which company reads what of the covered assets besides, how finely, what for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FINEST_FIRST = ("raw", "hourly", "daily")


@dataclass(frozen=True, slots=True)
class ClauseEntry:
    """One recipient. `kind`: `values` with channels and a resolution, or `health` with neither.

    A channel is granted on every covered asset that has it.
    """

    company: int
    name: str
    kind: str
    channels: tuple[str, ...]
    resolution: str
    purpose: str
    revocable: bool = False

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ClauseEntry":
        return cls(
            int(data["company"]), str(data["name"]), str(data["kind"]),
            tuple(str(code) for code in data["channels"]), str(data["resolution"]),
            str(data["purpose"]), bool(data["revocable"]),
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        return {
            "company": self.company, "name": self.name, "kind": self.kind,
            "channels": sorted(self.channels), "resolution": self.resolution,
            "purpose": self.purpose, "revocable": self.revocable,
        }  # fmt: skip

    @property
    def key(self) -> tuple[int, str, str]:
        """One entry for each: a grant is known by them."""
        return self.company, self.kind, self.resolution

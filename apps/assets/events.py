"""What this app publishes. Payloads carry batches of keys."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AssetsRegistered:
    """New assets of the publishing company."""

    name: ClassVar[str] = "assets.registered"
    assets: tuple[UUID, ...]

    @property
    def payload(self) -> dict[str, Any]:
        return {"assets": _texts(self.assets)}


@dataclass(frozen=True, slots=True)
class AssetsChanged:
    """Passports or channels of these assets changed."""

    name: ClassVar[str] = "assets.changed"
    assets: tuple[UUID, ...]

    @property
    def payload(self) -> dict[str, Any]:
        return {"assets": _texts(self.assets)}


@dataclass(frozen=True, slots=True)
class GrantsEnded:
    """Grants no longer hold, or will end sooner; for everybody who sees them."""

    name: ClassVar[str] = "assets.grants_ended"
    grants: tuple[UUID, ...]

    @property
    def payload(self) -> dict[str, Any]:
        return {"grants": _texts(self.grants)}


@dataclass(frozen=True, slots=True)
class DataGranted:
    """Grants under which hours or days are delivered began or changed; for who collects."""

    name: ClassVar[str] = "assets.data_granted"
    grants: tuple[UUID, ...]

    @property
    def payload(self) -> dict[str, Any]:
        return {"grants": _texts(self.grants)}


@dataclass(frozen=True, slots=True)
class RequestEvent:
    """Something happened to a request for data."""

    request: UUID
    name: ClassVar[str] = ""

    @property
    def payload(self) -> dict[str, Any]:
        return {"request": str(self.request)}


class DataRequested(RequestEvent):
    """A company asks for data; for those whose yes it takes."""

    name: ClassVar[str] = "assets.data_requested"


class RequestAnswered(RequestEvent):
    """One of those asked has answered, or the request was taken back; for who collects and who asked,
    or for those asked."""

    name: ClassVar[str] = "assets.request_answered"


@dataclass(frozen=True, slots=True)
class MountingEvent:
    """Something happened to mountings; for every party of theirs."""

    mountings: tuple[UUID, ...]
    name: ClassVar[str] = ""

    @property
    def payload(self) -> dict[str, Any]:
        return {"mountings": _texts(self.mountings)}


class Mounted(MountingEvent):
    """Components were mounted, or hosts coupled."""

    name: ClassVar[str] = "assets.mounted"


class Dismounted(MountingEvent):
    """Components were dismounted, or hosts uncoupled."""

    name: ClassVar[str] = "assets.dismounted"


class MountingWithdrawn(MountingEvent):
    """Mountings were recorded by mistake; the rows are kept and marked."""

    name: ClassVar[str] = "assets.mounting_withdrawn"


def _texts(keys: Iterable[UUID]) -> list[str]:
    return [str(key) for key in keys]

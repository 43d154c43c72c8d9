"""Asset types, assets with their passport and life, what is mounted where, and data grants."""

from apps.assets.models.grants import (
    DataGrant,
    DataRequest,
    GrantedSeries,
    GrantRead,
    RequestAnswer,
)
from apps.assets.models.lifecycle import (
    Holding,
    LifecycleAct,
    OwnershipHold,
    Purchase,
    Role,
)
from apps.assets.models.mountings import ComponentLife, CounterNote, Mounting
from apps.assets.models.things import (
    CODE,
    Asset,
    AssetType,
    ChannelKind,
    ChannelMark,
    TypeChannel,
)

__all__ = [
    "CODE", "Asset", "AssetType", "ChannelKind", "ChannelMark", "ComponentLife", "CounterNote",
    "DataGrant", "DataRequest", "GrantRead", "GrantedSeries", "Holding", "LifecycleAct", "Mounting",
    "OwnershipHold", "Purchase", "RequestAnswer", "Role", "TypeChannel",
]  # fmt: skip

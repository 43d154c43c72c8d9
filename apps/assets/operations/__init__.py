"""Writes of this app: asset types, assets, mountings, data grants."""

from apps.assets.operations.file import AssetPlan, import_assets, plan_asset_import
from apps.assets.operations.grants import end_grants, grant_data, revoke_grant
from apps.assets.operations.lives import begin_life
from apps.assets.operations.mounting_file import (
    MountingPlan,
    import_mountings,
    plan_mounting_import,
)
from apps.assets.operations.mountings import (
    correct_mounting,
    dismount_component,
    exchange_component,
    mount_component,
    withdraw_mounting,
)
from apps.assets.operations.notes import note_counter_value
from apps.assets.operations.things import (
    change_asset,
    change_assets,
    register_assets,
)
from apps.assets.operations.types import change_asset_type, register_asset_type

__all__ = [
    "AssetPlan", "MountingPlan", "begin_life", "change_asset", "change_asset_type",
    "change_assets", "correct_mounting", "dismount_component", "end_grants", "exchange_component",
    "grant_data", "import_assets", "import_mountings", "mount_component", "note_counter_value",
    "plan_asset_import", "plan_mounting_import", "register_asset_type", "register_assets",
    "revoke_grant", "withdraw_mounting",
]  # fmt: skip

"""Writes of this app: asset types, assets and their life, mountings, data grants."""

from apps.assets.operations.acts import note_purchase, record_act, withdraw_act
from apps.assets.operations.contract_grants import GrantWish, grant_data
from apps.assets.operations.file import AssetPlan, import_assets, plan_asset_import
from apps.assets.operations.grants import (
    drop_ended_series,
    end_grants,
    give_data,
    revoke_grant,
)
from apps.assets.operations.holdings import hold_ownership, pass_title, release_ownership
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
from apps.assets.operations.reading import NotGranted, log_act, read_series
from apps.assets.operations.requests import (
    answer_request,
    end_consent,
    request_data,
    settle_request,
    withdraw_request,
)
from apps.assets.operations.things import (
    change_asset,
    change_assets,
    register_assets,
)
from apps.assets.operations.types import change_asset_type, register_asset_type
from apps.assets.operations.using import heal_use_grants, refresh_facts, sync_use_grants

__all__ = [
    "AssetPlan", "GrantWish", "MountingPlan", "NotGranted", "answer_request", "begin_life", "change_asset",
    "change_asset_type", "change_assets", "correct_mounting",  "dismount_component",
    "drop_ended_series", "end_consent", "end_grants", "exchange_component", "give_data",
    "grant_data", "heal_use_grants", "hold_ownership", "import_assets", "import_mountings", "log_act",
    "mount_component", "note_counter_value", "note_purchase", "pass_title", "plan_asset_import",
    "plan_mounting_import", "read_series", "record_act", "refresh_facts", "register_asset_type",
    "register_assets", "release_ownership", "request_data", "revoke_grant", "settle_request", "sync_use_grants",
    "withdraw_act", "withdraw_mounting", "withdraw_request",
]  # fmt: skip

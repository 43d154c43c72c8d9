"""Addresses of file imports and of the parts telemetry shows on pages of assets."""

from django.urls import path

from apps.accounts.access import requires
from apps.telemetry.views import asset_parts, imports, profiles

view = requires("view_readings")

urlpatterns = [
    path("imports/", view(imports.ImportList.as_view()), name="import_list"),
    path("imports/new/", imports.new_import, name="import_new"),
    path("imports/<pid:run_id>/", imports.import_detail, name="import_detail"),
    path("imports/<pid:run_id>/preview/", imports.import_preview, name="import_preview"),
    path("imports/<pid:run_id>/run/", imports.run_file, name="import_run"),
    path("imports/<pid:run_id>/disposal/", imports.dispose_of_file, name="import_disposal"),
    path("imports/<pid:run_id>/withdrawal/", imports.undo, name="import_undo"),
    path("imports/<pid:run_id>/problems/", imports.import_problems, name="import_problems"),
    path("import-profiles/", view(profiles.ProfileList.as_view()), name="profile_list"),
    path("import-profiles/new/", profiles.new_profile, name="profile_new"),
    path("import-profiles/column-row/", profiles.column_row, name="profile_column_row"),
    path("import-profiles/<pid:profile_id>/", profiles.edit_profile, name="profile_edit"),
    path("readings/usage-lines/", asset_parts.usage_lines, name="asset_sparklines"),
    path("readings/assets/<pid:asset_id>/", asset_parts.asset_channels, name="asset_channels"),
]

"""Addresses of assets and their types."""

from django.urls import path

from apps.accounts.access import requires
from apps.assets.views import acts, assets, files, mounting_files, mountings, passport, types

view = requires("view_assets")

urlpatterns = [
    path("assets/", view(assets.AssetList.as_view()), name="asset_list"),
    path("assets/new/", assets.new_asset, name="asset_new"),
    path("assets/import/", files.import_file, name="asset_import"),
    path("assets/import/template/", files.template_file, name="asset_import_template"),
    path("assets/<pid:asset_id>/", assets.asset_detail, name="asset_detail"),
    path("assets/<pid:asset_id>/edit/", assets.edit_asset, name="asset_edit"),
    path("assets/<pid:asset_id>/passport/", passport.passport_page, name="asset_passport"),
    path("assets/<pid:asset_id>/nameplate/", passport.nameplate_file, name="asset_nameplate"),
    path("assets/<pid:asset_id>/mark/", passport.mark_file, name="asset_mark"),
    path("assets/<pid:asset_id>/mountings/new/", mountings.mount, name="mounting_new"),
    path("assets/<pid:asset_id>/placement/new/", mountings.place, name="placement_new"),
    path("assets/<pid:asset_id>/lives/new/", mountings.new_life, name="life_new"),
    path("assets/<pid:asset_id>/acts/new/", acts.new_act, name="act_new"),
    path("acts/<pid:act_id>/withdrawal/", acts.withdrawal, name="act_withdrawal"),
    path("mountings/import/", mounting_files.import_file, name="mounting_import"),
    path(
        "mountings/import/template/", mounting_files.template_file, name="mounting_import_template"
    ),
    path("mountings/<pid:mounting_id>/end/", mountings.dismount, name="mounting_end"),
    path("mountings/<pid:mounting_id>/correction/", mountings.correct, name="mounting_correction"),
    path("asset-types/", view(types.AssetTypeList.as_view()), name="asset_type_list"),
    path("asset-types/new/", types.new_type, name="asset_type_new"),
    path("asset-types/channel-row/", types.channel_row, name="asset_type_channel_row"),
    path("asset-types/<pid:type_id>/", types.type_detail, name="asset_type_detail"),
    path("asset-types/<pid:type_id>/edit/", types.edit_type, name="asset_type_edit"),
]

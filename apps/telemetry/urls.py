"""Addresses of readings: quarantine, channels, devices, grants, and file imports."""

from django.urls import path

from apps.accounts.access import requires
from apps.telemetry import urls_imports
from apps.telemetry.views import (
    channels,
    declarations,
    devices,
    grants,
    meters,
    pushes,
    quarantine,
    requests,
    use_data,
)

view = requires("view_readings")

urlpatterns = [
    path("data/refused/", view(quarantine.RefusedList.as_view()), name="quarantine"),
    path("data/not-believed/", view(quarantine.DisbeliefList.as_view()), name="disbelief_list"),
    path("data/refused/<pid:item_id>/", quarantine.refused_detail, name="refused_detail"),
    path(
        "data/refused/release/", quarantine.judge_items, {"verdict": "release"},
        name="refused_release",
    ),
    path(
        "data/refused/disposal/", quarantine.judge_items, {"verdict": "discard"},
        name="refused_disposal",
    ),
    path(
        "data/not-believed/release/", quarantine.judge_disbeliefs, {"verdict": "believe"},
        name="disbelief_release",
    ),
    path(
        "data/not-believed/disposal/", quarantine.judge_disbeliefs, {"verdict": "disbelieve"},
        name="disbelief_disposal",
    ),
    path("data/grants/", view(grants.GrantList.as_view()), name="grant_list"),
    path("data/grants/<pid:grant_id>/", grants.grant_detail, name="grant_detail"),
    path(
        "data/grants/<pid:grant_id>/revocation/", grants.revocation, name="grant_revocation"
    ),
    path("data/grants/<pid:grant_id>/push/", pushes.push, name="grant_push"),
    path(
        "data/grants/<pid:grant_id>/push/repetition/", pushes.repetition,
        name="grant_push_repetition",
    ),
    path("data/grants/<pid:grant_id>/push/end/", pushes.end, name="grant_push_end"),
    path("data/requests/", view(requests.RequestList.as_view()), name="request_list"),
    path("data/requests/<pid:request_id>/", requests.request_detail, name="request_detail"),
    path(
        "data/requests/<pid:request_id>/acceptance/", requests.acceptance,
        name="request_acceptance",
    ),
    path("data/requests/<pid:request_id>/refusal/", requests.refusal, name="request_refusal"),
    path(
        "data/requests/<pid:request_id>/withdrawal/", requests.withdrawal,
        name="request_withdrawal",
    ),
    path(
        "data/requests/<pid:request_id>/consent-end/", requests.consent_end,
        name="request_consent_end",
    ),
    path("data/use/", view(use_data.UseList.as_view()), name="use_list"),
    path("data/exports/<pid:job_id>/", use_data.download, name="data_export"),
    path("assets/<pid:asset_id>/data/", use_data.asset_data, name="asset_data"),
    path("assets/<pid:asset_id>/data/export/", use_data.export, name="asset_data_export"),
    path("assets/<pid:asset_id>/data/grants/new/", grants.give, name="grant_new"),
    path("assets/<pid:asset_id>/data/requests/new/", requests.ask, name="request_new"),
    path(
        "assets/<pid:asset_id>/channels/<slug:code>/", channels.channel_detail,
        name="channel_detail",
    ),
    path(
        "assets/<pid:asset_id>/channels/<slug:code>/chart/", channels.channel_chart,
        name="channel_chart",
    ),
    path(
        "assets/<pid:asset_id>/channels/<slug:code>/declaration/", declarations.declare_jump,
        name="channel_declaration",
    ),
    path(
        "assets/<pid:asset_id>/channels/<slug:code>/correction/", declarations.correct_usage,
        name="channel_correction",
    ),
    path(
        "assets/<pid:asset_id>/channels/<slug:code>/correction-limit/",
        declarations.limit_of_channel, name="channel_correction_limit",
    ),
    path(
        "assets/<pid:asset_id>/channels/<slug:code>/declarations/<pid:declaration_id>/confirmation/",
        declarations.confirm, name="declaration_confirmation",
    ),
    path(
        "assets/<pid:asset_id>/channels/<slug:code>/declarations/<pid:declaration_id>/withdrawal/",
        declarations.withdraw, name="declaration_withdrawal",
    ),
    path(
        "assets/<pid:asset_id>/channels/<slug:code>/meter/", meters.describe, name="channel_meter"
    ),
    path(
        "assets/<pid:asset_id>/channels/<slug:code>/meter/<slug:since>/withdrawal/",
        meters.withdraw, name="channel_meter_withdrawal",
    ),
    path("data/correction-limit/", declarations.limit_of_company, name="correction_limit"),
    path("assets/<pid:asset_id>/devices/", devices.asset_devices, name="asset_devices"),
    path("assets/<pid:asset_id>/devices/new/", devices.new_device, name="device_new"),
    path("devices/<pid:device_id>/retirement/", devices.retirement, name="device_retirement"),
    *urls_imports.urlpatterns,
]  # fmt: skip

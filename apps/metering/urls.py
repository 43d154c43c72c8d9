"""Addresses of metering in a company's portal."""

from django.urls import path

from apps.metering.views import components, declared, needs, records, retention, touched

_ONE = "usage/<pid:record_id>/"

urlpatterns = [
    path("assets/<pid:asset_id>/mounting-usage/", components.mounting_usage, name="mounting_usage"),
    path("assets/<pid:asset_id>/positions/", components.host_positions, name="host_positions"),
    path("contracts/<pid:contract_id>/usage/", records.contract_usage, name="contract_usage"),
    path("usage/needs/", needs.usage_needs, name="usage_needs"),
    path("usage/to-check/", needs.usage_to_check, name="usage_to_check"),
    path("usage/touched/", touched.usage_touched, name="usage_touched"),
    path("usage/declared/", declared.declared_readings, name="declared_readings"),
    path(
        "usage/declared/<pid:item_id>/readings/",
        declared.new_declared_reading,
        name="new_declared_reading",
    ),
    path(_ONE, records.usage_record, name="usage_record"),
    path(f"{_ONE}chart/", records.usage_record_chart, name="usage_record_chart"),
    path(f"{_ONE}readings/", records.usage_record_readings, name="usage_record_readings"),
    path("data/retention/", retention.retention, name="retention"),
    path("data/retention/term/", retention.retention_term, name="retention_term"),
]

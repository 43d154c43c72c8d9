"""Addresses of the API under /api/v1/."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_safe

from apps.accounts.access import requires
from apps.telemetry import api, api_declarations, api_grants, api_meters, api_reads


@require_safe
@requires("anybody")
def describe(request: HttpRequest) -> HttpResponseBase:
    """The OpenAPI description of this API. What writes it is loaded by the first who asks."""
    from apps.telemetry.api_schema import Schema

    return Schema.as_view()(request)


urlpatterns = [
    path("events", api.post_events, name="api_events"),
    path("telemetry", api.post_telemetry, name="api_telemetry"),
    path("assets/<pid:asset_id>/readings", api_reads.Readings.as_view(), name="api_readings"),
    path("assets/<pid:asset_id>/usage", api_reads.Usage.as_view(), name="api_usage"),
    path("assets/<pid:asset_id>/health", api_grants.Health.as_view(), name="api_health"),
    path("grants", api_grants.Grants.as_view(), name="api_grants"),
    path(
        "assets/<pid:asset_id>/declarations",
        api_declarations.Declarations.as_view(),
        name="api_declarations",
    ),
    path("declarations", api_declarations.NewDeclaration.as_view(), name="api_declaration_new"),
    path(
        "declarations/<pid:declaration_id>/withdrawal",
        api_declarations.Withdrawal.as_view(),
        name="api_declaration_withdrawal",
    ),
    path("assets/<pid:asset_id>/meters", api_meters.Meters.as_view(), name="api_meters"),
    path("meters", api_meters.NewMeter.as_view(), name="api_meter_new"),
    path("meters/exchange", api_meters.NewExchange.as_view(), name="api_meter_exchange"),
    path("meters/withdrawal", api_meters.MeterWithdrawal.as_view(), name="api_meter_withdrawal"),
    path("schema/", describe, name="api_schema"),
]

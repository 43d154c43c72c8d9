"""Addresses of the API under /api/v1/."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from apps.telemetry import api, api_declarations, api_reads


class Schema(SpectacularAPIView):
    """The OpenAPI description of this API; anybody may read it."""

    authentication_classes = ()
    permission_classes = ()
    capability = "anybody"
    custom_settings = {
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "apps.telemetry.api_schema.add_intake",
        ],
        "OAS_VERSION": "3.1.0",
    }  # fmt: skip


urlpatterns = [
    path("events", api.post_events, name="api_events"),
    path("telemetry", api.post_telemetry, name="api_telemetry"),
    path("assets/<pid:asset_id>/readings", api_reads.Readings.as_view(), name="api_readings"),
    path("assets/<pid:asset_id>/usage", api_reads.Usage.as_view(), name="api_usage"),
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
    path("schema/", Schema.as_view(), name="api_schema"),
]

"""Addresses of a company's portal."""

from django.conf import settings
from django.urls import include, path, register_converter
from django.views.generic import RedirectView

from apps.common.fields import PublicIdConverter

register_converter(PublicIdConverter, "pid")

urlpatterns = [
    path("", include("apps.reporting.urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.payments.urls")),
    path("", include("apps.subscriptions.urls")),
    path("", include("apps.networks.urls")),
    path("", include("apps.assets.urls")),
    path("", include("apps.telemetry.urls")),
    path("", include("apps.contracts.urls")),
    path("", include("apps.metering.urls")),
    path("", include("apps.billing.urls")),
    path("", include("apps.settlement.urls")),
    path("", include("apps.supply.urls")),
    path("", include("apps.notifications.urls")),
    path("", include("apps.blueprints.urls")),
    path("api/v1/", include("apps.telemetry.api_urls")),
    path("api/v1/", include("apps.assets.api_urls")),
    path("api/v1/", include("apps.reporting.api_urls")),
    path("favicon.ico", RedirectView.as_view(url="/static/peruse/icon.svg", permanent=True)),
]
if settings.DEMO:
    urlpatterns.append(path("", include("apps.demo.urls")))
handler404 = "apps.accounts.views.not_found"
handler403 = "apps.accounts.views.forbidden"
handler500 = "apps.tenancy.middleware.server_error"

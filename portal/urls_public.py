"""Addresses of the public host, where people sign in."""

from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", include("apps.subscriptions.urls_public")),
    path("", include("apps.accounts.urls_public")),
    path("", include("apps.payments.urls_public")),
    path("", include("apps.assets.urls_public")),
    path("favicon.ico", RedirectView.as_view(url="/static/peruse/icon.svg", permanent=True)),
]
handler404 = "apps.accounts.views.not_found"
handler403 = "apps.accounts.views.forbidden"
handler500 = "apps.tenancy.middleware.server_error"

"""Addresses of the admin console."""

from django.urls import include, path

urlpatterns = [path("", include("apps.console.urls"))]
handler404 = "apps.accounts.views.not_found"
handler403 = "apps.accounts.views.forbidden"
handler500 = "apps.tenancy.middleware.server_error"

"""Addresses of assets under /api/v1/."""

from django.urls import path

from apps.assets import api

urlpatterns = [
    path("mountings", api.NewMounting.as_view(), name="api_mountings"),
    path("mountings/<pid:mounting_id>/end", api.EndOfMounting.as_view(), name="api_mounting_end"),
    path("assets/<pid:asset_id>/mountings", api.Mountings.as_view(), name="api_asset_mountings"),
]

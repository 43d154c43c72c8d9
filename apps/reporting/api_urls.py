"""Addresses of the API that look across apps."""

from django.urls import path

from apps.reporting import api

urlpatterns = [
    path("assets/<pid:asset_id>/timeline", api.AssetTimeline.as_view(), name="api_asset_timeline"),
]

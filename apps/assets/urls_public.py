"""Addresses of assets on the sign-in host."""

from django.urls import re_path

from apps.assets.views import public

urlpatterns = [
    re_path(r"^id/(?P<thing>ast_[0-9a-hjkmnp-tv-z]{26})/$", public.identified, name="identified"),
]

"""The portal's addresses as where the demo runs."""

from django.urls import include, path

from portal.urls import handler403, handler404, handler500
from portal.urls import urlpatterns as portal_urls

urlpatterns = [*portal_urls, path("", include("apps.demo.urls"))]
__all__ = ["handler403", "handler404", "handler500", "urlpatterns"]

"""The console is the admin site, and the way in and out of it."""

from django.urls import include, path

from apps.console.admin import site

urlpatterns = [path("", include("apps.accounts.urls_console")), path("", site.urls)]

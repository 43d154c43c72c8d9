"""The console is the admin site and nothing else."""

from django.urls import path

from apps.console.admin import site

urlpatterns = [path("", site.urls)]

"""The page of the demo's story; addresses of a portal that shows the demo."""

from django.urls import path

from apps.demo.views import story

urlpatterns = [path("story/", story, name="demo_story")]

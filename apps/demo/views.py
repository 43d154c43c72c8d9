"""The demo's story as a page: what happened, each step one click away."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.demo.story import moved_tires


@require_GET
@requires("view_home")
def story(request: HttpRequest) -> HttpResponse:
    """A tire moves, a reading comes late, and everybody's money follows, as this company sees it."""
    return render(request, "demo/story.html", {"told": moved_tires()})

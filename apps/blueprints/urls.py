"""Addresses of blueprints on a company's host."""

from django.urls import path

from apps.blueprints.views import gallery, setups

_ONE = "setups/<pid:setup_id>/"

urlpatterns = [
    path("blueprints/", gallery.gallery, name="blueprint_list"),
    path("blueprints/files/", gallery.taking_in, name="blueprint_taking_in"),
    path("blueprints/schema/", gallery.file_schema, name="blueprint_schema"),
    path("blueprints/<slug:blueprint>/beginning/", gallery.beginning, name="blueprint_beginning"),
    path("blueprints/<slug:blueprint>/file/", gallery.blueprint_file, name="blueprint_file"),
    path(
        "networks/<pid:network_id>/blueprint/", gallery.network_blueprint, name="network_blueprint"
    ),
    path(_ONE, setups.detail, name="setup_detail"),
    path(f"{_ONE}places/", setups.places, name="setup_places"),
    path(f"{_ONE}flows/", setups.flows, name="setup_flows"),
    path(f"{_ONE}terms/", setups.terms, name="setup_terms"),
    path(f"{_ONE}making/", setups.making, name="setup_making"),
    path(f"{_ONE}discarding/", setups.discarding, name="setup_discarding"),
]

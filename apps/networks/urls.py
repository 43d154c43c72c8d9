"""Addresses of networks on a company's host."""

from django.urls import path

from apps.accounts.access import requires
from apps.networks.views import acts, pages, profiles

urlpatterns = [
    path("companies/<slug:slug>/", profiles.company_profile, name="company_profile"),
    path("company-profile/", profiles.own_profile, name="own_profile"),
    path("networks/", requires("view_networks")(pages.NetworkList.as_view()), name="network_list"),
    path("networks/new/", acts.new_network, name="network_new"),
    path("networks/<pid:network_id>/", pages.network_detail, name="network_detail"),
    path("networks/<pid:network_id>/invitations/", acts.invitation, name="network_invitation"),
    path(
        "participations/<pid:participation_id>/acceptance/", acts.acceptance,
        name="participation_acceptance",
    ),
    path(
        "participations/<pid:participation_id>/refusal/", acts.refusal,
        name="participation_refusal",
    ),
    path(
        "participations/<pid:participation_id>/leaving/", acts.leaving,
        name="participation_leaving",
    ),
    path(
        "participations/<pid:participation_id>/ending/", acts.ending,
        name="participation_ending",
    ),
]  # fmt: skip

"""Home, search and jobs."""

from django.urls import path

from apps.accounts.access import requires
from apps.reporting import jobs, networks, roles, timeline, views

urlpatterns = [
    path("", requires("view_home")(views.home), name="home"),
    path("home/running-cost/", requires("view_home")(views.running_cost_tile), name="home_running_cost"),
    path(
        "home/running-cost/chart/", requires("view_home")(views.running_cost_chart),
        name="home_running_cost_chart",
    ),
    path("home/fleet/", requires("view_home")(roles.fleet), name="home_fleet"),
    path("home/book/", requires("view_home")(roles.book), name="home_book"),
    path("home/shares/", requires("view_home")(roles.shares), name="home_shares"),
    path("home/served/", requires("view_home")(roles.served), name="home_served"),
    path("home/dealings/", requires("view_home")(roles.dealings), name="home_dealings"),
    path("home/data/", requires("view_home")(roles.data), name="home_data"),
    path("home/platform/", requires("view_home")(roles.platform), name="home_platform"),
    path("home/networks/", requires("view_home")(roles.memberships), name="home_networks"),
    path("pages/", requires("view_home")(views.all_pages), name="all_pages"),
    path("search/", requires("view_home")(views.search_page), name="search"),
    path(
        "networks/<pid:network_id>/map/", requires("view_networks")(networks.network_map),
        name="network_map",
    ),
    path(
        "assets/<pid:asset_id>/timeline/", requires("view_assets")(timeline.asset_timeline),
        name="asset_timeline",
    ),
    path("jobs/", requires("view_home")(jobs.JobList.as_view()), name="job_list"),
    path("jobs/<pid:job_id>/", requires("view_home")(jobs.job_progress), name="job_progress"),
]  # fmt: skip

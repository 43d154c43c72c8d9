"""Home, search and jobs."""

from django.urls import path

from apps.accounts.access import requires
from apps.reporting import jobs, views

urlpatterns = [
    path("", requires("view_home")(views.home), name="home"),
    path("home/running-cost/", requires("view_home")(views.running_cost_tile), name="home_running_cost"),
    path(
        "home/running-cost/chart/", requires("view_home")(views.running_cost_chart),
        name="home_running_cost_chart",
    ),
    path("search/", requires("view_home")(views.search_page), name="search"),
    path("jobs/", requires("view_home")(jobs.JobList.as_view()), name="job_list"),
    path("jobs/<pid:job_id>/", requires("view_home")(jobs.job_progress), name="job_progress"),
]  # fmt: skip

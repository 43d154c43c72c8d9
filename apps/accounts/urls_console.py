"""Addresses of coming and going on the console's host."""

from django.urls import path

from apps.accounts.views import confirmation, console, entry, policy_reports

urlpatterns = [
    path("enter/", console.enter, name="enter"),
    path("enter/start/", entry.start, name="enter_start"),
    path("confirmation/kept/", confirmation.kept_form, name="kept_form"),
    path("logout/", entry.sign_out, name="sign_out"),
    path("policy-reports/", policy_reports.policy_reports, name="policy_reports"),
]

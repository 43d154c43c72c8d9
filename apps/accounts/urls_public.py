"""Addresses of the sign-in host. Names that begin with account_ are those allauth asks for."""

from allauth.account import views as allauth
from django.urls import include, path, re_path

from apps.accounts.access import requires
from apps.accounts.limits import ADDRESS, MAILS_OF_ADDRESS, by_address, counted
from apps.accounts.views import policy_reports, public, sign_on

anybody = requires("anybody")
sign_on_begin, sign_on_callback = counted(sign_on.begin), counted(sign_on.callback)
sign_in = counted(anybody(public.SignIn.as_view()))
forgotten = by_address("mail-from", MAILS_OF_ADDRESS)(anybody(allauth.password_reset))
chosen_anew = by_address("reset", ADDRESS)(anybody(allauth.password_reset_from_key))

urlpatterns = [
    path("sign-in/", sign_in, name="account_login"),
    path("sign-out/", public.sign_out, name="sign_out"),
    path("inactive/", anybody(allauth.account_inactive), name="account_inactive"),
    path("password/reset/", forgotten, name="account_reset_password"),
    path(
        "password/reset/done/", anybody(allauth.password_reset_done),
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        chosen_anew, name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/", anybody(allauth.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path("companies/", public.companies, name="companies"),
    path("companies/<slug:slug>/entry/", public.entry, name="entry"),
    path("console/entry/", public.console_entry, name="console_entry"),
    path("profile/", counted(public.profile), name="profile"),
    path("sign-on/", sign_on_begin, name="sign_on_begin"),
    path("sign-on/callback/", sign_on_callback, name="sign_on_callback"),
    path("policy-reports/", policy_reports.policy_reports, name="policy_reports"),
    path("language/", public.language, name="set_language"),
    path("", include("apps.accounts.urls_security")),
]  # fmt: skip

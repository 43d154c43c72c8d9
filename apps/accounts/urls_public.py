"""Addresses of the sign-in host. Names that begin with account_ are those allauth asks for."""

from allauth.account import views as allauth
from django.urls import include, path, re_path

from apps.accounts.access import requires
from apps.accounts.views import public

anybody = requires("anybody")

urlpatterns = [
    path("", public.landing, name="landing"),
    path("sign-in/", anybody(public.SignIn.as_view()), name="account_login"),
    path("sign-out/", public.sign_out, name="sign_out"),
    path("inactive/", anybody(allauth.account_inactive), name="account_inactive"),
    path("password/reset/", anybody(allauth.password_reset), name="account_reset_password"),
    path(
        "password/reset/done/", anybody(allauth.password_reset_done),
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        anybody(allauth.password_reset_from_key), name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/", anybody(allauth.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path("companies/", public.companies, name="companies"),
    path("companies/<slug:slug>/entry/", public.entry, name="entry"),
    path("profile/", public.profile, name="profile"),
    path("language/", public.language, name="set_language"),
    path("", include("apps.accounts.urls_security")),
]  # fmt: skip

"""Addresses of the public site, on the sign-in host."""

from django.urls import path

from apps.accounts.limits import MAILS_OF_ADDRESS, by_address
from apps.subscriptions.views import certificate, public, signing_up

# As for forgotten passwords: one network may have only so many mails sent.
begin = by_address("mail-from", MAILS_OF_ADDRESS)(signing_up.begin)

urlpatterns = [
    path("", public.landing, name="landing"),
    path("prices/", public.prices, name="prices"),
    path("imprint/", public.imprint, name="imprint"),
    path("privacy/", public.privacy, name="privacy"),
    path("certificate/", certificate.certificate, name="certificate"),
    path("certificate/file/", certificate.certificate_file, name="certificate_file"),
    path("sign-up/", begin, name="sign_up"),
    path("sign-up/proof/", signing_up.proof, name="sign_up_proof"),
    path("sign-up/company/", signing_up.company, name="sign_up_company"),
    path("sign-up/progress/", signing_up.progress, name="sign_up_progress"),
]

"""Addresses of payments on a company's host."""

from django.urls import path

from apps.payments.views import checkout

urlpatterns = [
    path("checkouts/<pid:request_id>/", checkout.checkout_detail, name="checkout_detail"),
]

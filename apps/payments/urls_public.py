"""Addresses of payments on the sign-in host."""

from django.urls import path

from apps.payments.views import webhooks

urlpatterns = [path("webhooks/stripe/", webhooks.stripe_webhook, name="stripe_webhook")]

"""A company that orders plans at the stand-in for Stripe."""

from tests.integration.payments.conftest import stripe_fake

__all__ = ["stripe_fake"]

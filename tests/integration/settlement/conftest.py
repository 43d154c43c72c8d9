"""Fixtures of the settlement tests."""

from tests.integration.billing.conftest import billed, customer, issued, provider

__all__ = ["billed", "customer", "issued", "provider"]

"""The works of the metering tests, for contracts."""

from tests.integration.metering.conftest import month, works

__all__ = ["month", "works"]

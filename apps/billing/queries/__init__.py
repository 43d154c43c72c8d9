"""Reads of billing."""

from apps.billing.queries.running import RunningCost, running_cost

__all__ = ["RunningCost", "running_cost"]

"""Loading scenario files, through the public operations of the apps."""

from apps.blueprints.operations.loading import Outcome, load_scenario

__all__ = ["Outcome", "load_scenario"]

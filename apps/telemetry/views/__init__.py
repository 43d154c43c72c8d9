"""Pages of telemetry."""

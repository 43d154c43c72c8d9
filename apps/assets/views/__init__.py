"""Pages of asset types and assets."""

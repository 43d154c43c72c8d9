"""Pages of blueprints and of networks on their way."""

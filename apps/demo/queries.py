"""What the demo looks up about itself."""

from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

SCENARIO = Path(__file__).parent / "scenarios" / "machines-by-use.yaml"
# The demo's machines and people live on one machine; everybody there may know this.
PASSWORD = "look-closely-2026"  # noqa: S105


def portal_address(slug: str, port: str) -> str:
    """The address of a company's portal."""
    suffix = f":{port}" if port else ""
    return f"{settings.PERUSE_SCHEME}://{slug}.{settings.PERUSE_DOMAIN}{suffix}/"


def demo_people() -> list[dict[str, Any]]:
    """The scenario's people in order, as written."""
    content = yaml.safe_load(SCENARIO.read_text().replace("START", "2026-01-01"))
    return list(content["people"])


def keys_path() -> Path:
    """Where the simulator finds its device keys (mode 0600)."""
    return Path(settings.STATE_DIR) / "demo-keys.json"

"""The stated list of events: each is published under that name, and told as prefixed ids."""

import re
import uuid
from pathlib import Path

from apps.common.ids import encode
from apps.events.domain.public import PUBLIC_EVENTS, public_data, public_event

ROOT = Path(__file__).resolve().parents[3]


def test_each_source_is_an_event_some_app_publishes() -> None:
    sources = "\n".join(
        path.read_text() for path in (ROOT / "apps").rglob("*.py")
        if "events/domain/public.py" not in str(path) and "migrations" not in path.parts
    )  # fmt: skip
    missing = [e.source for e in PUBLIC_EVENTS
               if not re.search(rf'(?:ClassVar\[str\] = |publish\(\s*name=)"{re.escape(e.source)}"', sources)]  # fmt: skip
    assert missing == []


def test_names_and_sources_are_used_once() -> None:
    assert len({event.name for event in PUBLIC_EVENTS}) == len(PUBLIC_EVENTS)
    assert len({event.source for event in PUBLIC_EVENTS}) == len(PUBLIC_EVENTS)


def test_every_event_stands_in_the_how_to_with_its_fields() -> None:
    page = (ROOT / "docs/how-to/webhooks.md").read_text()
    for event in PUBLIC_EVENTS:
        [line] = [line for line in page.splitlines() if line.startswith(f"| `{event.name}`")]
        for field, prefix in event.fields.items():
            assert f"`{field}`" in line, event.name
            assert f"`{prefix}_…`" in line, event.name


def test_only_seen_keys_are_told_and_one_stays_one() -> None:
    issued, offered = public_event("billing.issued"), public_event("contracts.offered")
    assert issued is not None
    assert offered is not None
    one, other = uuid.uuid4(), uuid.uuid4()
    payload = {"invoices": [str(one), str(other)], "inside": "not told"}
    assert public_data(issued, payload, {"invoices": {one}}) == {"invoices": [encode("inv", one)]}
    assert public_data(issued, payload, {}) == {}
    told = public_data(offered, {"contract": str(one)}, {"contract": {one}})
    assert told == {"contract": encode("ctr", one)}

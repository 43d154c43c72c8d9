"""A data clause in words."""

from typing import Any

from apps.assets.domain.mounting import ShownChannel
from apps.assets.models import ChannelKind, ChannelMark, DataGrant
from apps.contracts.domain.clause import ClauseEntry


def clause_words(entry: ClauseEntry) -> dict[str, Any]:
    """An entry for a page: `what` in the reader's language, `key` for its removal."""
    is_values = entry.kind == DataGrant.Kind.VALUES
    kinds, fineness = dict(DataGrant.Kind.choices), dict(DataGrant.Resolution.choices)
    what = str(kinds[entry.kind])
    if is_values:
        what = f"{', '.join(entry.channels)} · {fineness[entry.resolution]}"
    return {
        "name": entry.name, "what": what, "purpose": entry.purpose, "revocable": entry.revocable,
        "key": f"{entry.company}-{entry.kind}-{entry.resolution}",
    }  # fmt: skip


def channel_words(channel: ShownChannel) -> dict[str, str]:
    """A channel that the covered assets produce, in the reader's language."""
    kinds, marks = dict(ChannelKind.choices), dict(ChannelMark.choices)
    return {
        "code": channel.code, "title": channel.title, "unit": channel.unit,
        "kind": str(kinds.get(channel.kind, channel.kind)),
        "mark": str(marks.get(channel.mark, "")),
    }  # fmt: skip

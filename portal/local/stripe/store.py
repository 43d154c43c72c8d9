"""Everything the fake knows: objects, events, what is due later, answers given before.

One lock around each request; the state is written to its file after every change.
"""

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portal.local.stripe.errors import Refused, absent, invalid

Thing = dict[str, Any]


class Store:
    """The state. `now` is the fake's own clock in Unix seconds; it can be put forward."""

    def __init__(self, path: Path | None = None) -> None:
        self.path, self.lock = path, threading.RLock()
        self.things: dict[str, Thing] = {}
        self.answers: dict[str, Thing] = {}
        self.due: list[Thing] = []
        self.ahead = 0.0
        # How the fake behaves, such as what becomes of a subscription nobody pays.
        self.flags: Thing = {}
        self._at: int | None = None
        self.heard: list[Callable[[Thing], None]] = []
        if path is not None and path.exists():
            self._load(json.loads(path.read_text()))

    def _load(self, kept: Thing) -> None:
        self.things, self.answers = kept["things"], kept["answers"]
        self.due, self.ahead = kept["due"], kept["ahead"]
        self.flags = kept.get("flags", {})

    def keep(self) -> None:
        if self.path is None:
            return
        text = json.dumps(
            {
                "things": self.things,
                "answers": self.answers,
                "due": self.due,
                "ahead": self.ahead,
                "flags": self.flags,
            }
        )
        draft = self.path.with_suffix(".new")
        draft.write_text(text)
        draft.replace(self.path)

    @property
    def now(self) -> int:
        return int(time.time() + self.ahead) if self._at is None else self._at

    @contextmanager
    def acting_at(self, moment: float) -> Iterator[None]:
        """What is done belongs to this moment, however far the clock has gone on."""
        self._at = int(moment)
        try:
            yield
        finally:
            self._at = None

    # --- objects ---------------------------------------------------------------------------------

    def make(self, kind: str, prefix: str, **fields: Any) -> Thing:
        """A new object; its number in `_order` sorts lists, newest first."""
        key = fields.pop("id", None) or self.fresh(prefix)
        thing = {
            "id": key, "object": kind, "created": self.now, "livemode": False, "metadata": {},
            **fields, "_order": len(self.things),
        }  # fmt: skip
        self.things[key] = thing
        return thing

    @staticmethod
    def fresh(prefix: str) -> str:
        return f"{prefix}_{secrets.token_hex(12)}"

    def forget(self, *keys: str | None) -> None:
        """As if they had never been made; nothing is due for them any more."""
        for key in keys:
            self.things.pop(str(key), None)
        self.due = [one for one in self.due if one["key"] not in keys]

    def get(self, kind: str, key: Any) -> Thing:
        """Raises Refused (404) where there is none of this kind."""
        found = self.things.get(str(key))
        if found is None or found["object"] != kind or found.get("deleted"):
            raise absent(kind.replace(".", "_"), str(key))
        return found

    def all(self, kind: str) -> Iterator[Thing]:
        """Newest first."""
        rows = [
            thing for thing in self.things.values()
            if thing["object"] == kind and not thing.get("deleted")
        ]  # fmt: skip
        return iter(sorted(rows, key=lambda thing: -thing["_order"]))

    def page(self, kind: str, params: Thing, url: str) -> Thing:
        """A list object: filters by equal fields, cursors, `has_more`."""
        rows = [one for one in self.all(kind) if _fits(one, params)]
        limit = _limit(params)
        if after := params.get("starting_after"):
            rows = rows[_place(rows, after) + 1 :]
        if before := params.get("ending_before"):
            rows = rows[: _place(rows, before)]
            return _list(rows[-limit:], len(rows) > limit, url)
        return _list(rows[:limit], len(rows) > limit, url)

    # --- what happened, what is due --------------------------------------------------------------

    def emit(
        self, kind: str, thing: Thing, account: str = "", before: Thing | None = None
    ) -> Thing:  # fmt: skip
        """Write an event with the object as it stands now, and tell who listens.

        `before`: what its changed attributes were.
        """
        data = {"object": shown(thing)}
        if before:
            data["previous_attributes"] = shown(before)
        event = self.make(
            "event", "evt", type=kind, data=data, api_version="2026-10-28.endive",
            pending_webhooks=1, request={"id": None, "idempotency_key": None},
            **({"account": account} if account else {}),
        )  # fmt: skip
        for hear in self.heard:
            hear(shown(event))
        return event

    def later(self, seconds: float, deed: str, key: str) -> None:
        self.due.append({"at": self.now + seconds, "deed": deed, "key": key})

    def take_due(self) -> Thing | None:
        """The earliest that is due, once."""
        ready = [one for one in self.due if one["at"] <= self.now]
        if not ready:
            return None
        first: Thing = min(ready, key=lambda one: one["at"])
        self.due.remove(first)
        return first

    # --- idempotency -----------------------------------------------------------------------------

    def answered(self, key: str, asked: Thing) -> Thing | None:
        """The answer given to this key before. Raises Refused when it was another question."""
        before = self.answers.get(key)
        if before is None:
            return None
        if before["asked"] != asked:
            raise Refused(
                400, "idempotency_error",
                "Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{key}'.",
            )  # fmt: skip
        return before

    def note_answer(self, key: str, asked: Thing, status: int, body: Thing) -> None:
        self.answers[key] = {"asked": asked, "status": status, "body": body}


def merged(metadata: Thing, given: Thing) -> Thing:
    """As at Stripe: an empty value removes its key."""
    return {key: value for key, value in {**metadata, **given}.items() if value != ""}


def shown(thing: Any) -> Any:
    """Without what only the fake keeps."""
    if isinstance(thing, dict):
        return {key: shown(one) for key, one in thing.items() if not key.startswith("_")}
    return [shown(one) for one in thing] if isinstance(thing, list) else thing


def expanded(store: Store, thing: Thing, paths: list[str]) -> Thing:
    """Ids along each path (`latest_charge.balance_transaction`) replaced by their objects."""
    found = shown(thing)
    for path in paths:
        _expand(store, found, path.split("."))
    return dict(found)


def _expand(store: Store, thing: Any, path: list[str]) -> None:
    if isinstance(thing, list):
        for one in thing:
            _expand(store, one, path)
        return
    if not isinstance(thing, dict) or not path:
        return
    if path[0] not in thing:
        raise invalid(
            f"This property cannot be expanded ({path[0]}).", "expand", "property_missing"
        )
    value = thing[path[0]]
    if isinstance(value, str) and value in store.things:
        thing[path[0]] = shown(store.things[value])
    _expand(store, thing[path[0]], path[1:])


def _limit(params: Thing) -> int:
    text = str(params.get("limit", "10"))
    if not text.isdigit() or not 1 <= int(text) <= 100:
        raise invalid("Invalid integer: limit must be between 1 and 100.", "limit")
    return int(text)


_CURSORS = {"limit", "starting_after", "ending_before", "expand"}


def _fits(thing: Thing, params: Thing) -> bool:
    if thing["object"] == "subscription" and "status" not in params:
        # As at Stripe: those that have ended are listed on demand alone.
        params = {**params, "status": "not ended"}
    for name, wanted in params.items():
        if name in _CURSORS or (name, wanted) == ("status", "all"):
            continue
        if name == "lookup_keys":
            if thing.get("lookup_key") not in wanted:
                return False
            continue
        if wanted == "not ended":
            if thing["status"] == "canceled":
                return False
            continue
        value = thing.get(name)
        if isinstance(wanted, dict):
            if not all(_compares(value, how, limit) for how, limit in wanted.items()):
                return False
        elif str(value) != wanted:
            return False
    return True


def _compares(value: Any, how: str, limit: str) -> bool:
    ways: dict[str, Callable[[int, int], bool]] = {
        "gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__,
    }  # fmt: skip
    return ways[how](int(value), int(limit))


def _place(rows: list[Thing], key: str) -> int:
    for number, row in enumerate(rows):
        if row["id"] == key:
            return number
    raise absent("object", key)


def listed(rows: list[Thing], url: str) -> Thing:
    """A list object that holds all there is."""
    return _list(rows, False, url)


def _list(rows: list[Thing], more: bool, url: str) -> Thing:
    return {"object": "list", "data": rows, "has_more": more, "url": url}

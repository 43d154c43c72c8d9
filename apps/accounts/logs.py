"""Log lines: for programs as JSON, for people as text; without keys, one-time codes and mailed tokens."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from apps.common import tracing

_SECRET = re.compile(
    r"(prk_|[sr]k_(?:test|live)_|(?:[?&]|%3F|%26)(?:code|token)(?:=|%3D)|/password/reset/key/|Bearer\s+)"
    r"[A-Za-z0-9_\-.~]+",
    re.IGNORECASE,
)
# In base 64, whose letters would eat too much of an address above.
_WEBHOOK_SECRET = re.compile(r"(whsec_)[A-Za-z0-9_\-+/=]+")
# Other fields than these came with `extra`.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def masked(text: str) -> str:
    """The text with every key, code and token replaced by “…”."""
    return _WEBHOOK_SECRET.sub(r"\1…", _SECRET.sub(r"\1…", text))


class MaskSecrets(logging.Filter):
    """Masks the finished message; arguments are merged first so that nothing slips by."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        clean = masked(text)
        if clean != text:
            record.msg, record.args = clean, ()
        return True


class Lines(logging.Formatter):
    """One readable line, then what it is about; a traceback is masked too."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        about = " ".join(f"{key}={value}" for key, value in tracing.notes().items())
        return f"{super().formatMessage(record)}{' · ' if about else ''}{about}"


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message; company, person, request, job;
    what the line itself names; a traceback under `error`."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **tracing.notes(),
            **_named(record),
        }
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return masked(json.dumps(said, ensure_ascii=False, default=str))


def _named(record: logging.LogRecord) -> dict[str, Any]:
    """Fields a line brought itself, as far as they are plain values."""
    return {
        key: value
        for key, value in vars(record).items()
        if key not in _OWN and isinstance(value, str | int | float)
    }

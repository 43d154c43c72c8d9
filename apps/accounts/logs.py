"""Keeps secrets out of logs: keys, one-time codes, mailed tokens."""

import logging
import re

_SECRET = re.compile(
    r"(prk_|[sr]k_(?:test|live)_|(?:[?&]|%3F|%26)(?:code|token)(?:=|%3D)|/password/reset/key/|Bearer\s+)"
    r"[A-Za-z0-9_\-.~]+",
    re.IGNORECASE,
)
# In base 64, whose letters would eat too much of an address above.
_WEBHOOK_SECRET = re.compile(r"(whsec_)[A-Za-z0-9_\-+/=]+")


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

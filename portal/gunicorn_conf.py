"""Gunicorn's own lines go the way of all others (`-c portal/gunicorn_conf.py`)."""

import os

_FORMATTERS = {"json": "apps.accounts.logs.JsonLines", "lines": "apps.accounts.logs.Lines"}
_PRODUCTION = os.environ.get("PERUSE_PRODUCTION") == "1"
_FORMAT = os.environ.get("PERUSE_LOG_FORMAT", "json" if _PRODUCTION else "lines")

control_socket_disable = True
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"own": {"()": _FORMATTERS[_FORMAT]}},
    "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "own"}},
    "root": {"handlers": ["stream"], "level": "INFO"},
    "loggers": {
        "gunicorn.error": {"handlers": ["stream"], "level": "INFO", "propagate": False},
        "gunicorn.access": {"handlers": [], "propagate": False},
    },
}

"""The Celery application."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

from portal.settled import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def _settle(**_: Any) -> None:
    """In each process that does jobs, once its code is loaded."""
    settle()

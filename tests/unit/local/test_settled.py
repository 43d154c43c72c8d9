"""A process that has loaded its code does not look through it again for garbage."""

import gc

from celery.signals import worker_process_init

import portal.celery
from portal.settled import YOUNG, settle


def test_what_is_loaded_is_looked_through_no_more() -> None:
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)
    settle()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == (YOUNG, 10, 10)


def test_each_process_of_the_worker_settles() -> None:
    gc.unfreeze()
    assert portal.celery.app.main == "portal"
    worker_process_init.send(sender=None)
    assert gc.get_freeze_count() > 10_000

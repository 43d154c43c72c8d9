"""A connection that has just answered is not asked again whether it lives."""

from unittest.mock import Mock

from django.db import connection


def test_a_connection_is_asked_at_most_once_a_second() -> None:
    wrapper = connection.copy()
    wrapper.connection, wrapper.health_check_enabled = Mock(), True
    wrapper.is_usable = Mock(return_value=True)
    for _request in range(3):
        wrapper.health_check_done = False
        wrapper.close_if_health_check_failed()
        assert wrapper.health_check_done
    assert wrapper.is_usable.call_count == 1
    wrapper._trusted_until = 0.0
    wrapper.health_check_done = False
    wrapper.close_if_health_check_failed()
    assert wrapper.is_usable.call_count == 2

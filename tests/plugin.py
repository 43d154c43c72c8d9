"""Loaded before Django's settings: names the login and the database of this test process."""

import os

os.environ.setdefault("PERUSE_LOGIN", "ops")
# Set, not defaulted: parallel workers inherit the environment of who started them.
os.environ["PERUSE_DATABASE"] = (
    f"peruse_test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
)
# People of tests are made ready to work; tests of the second factor switch it on.
os.environ.setdefault("PERUSE_MFA", "off")
# Lines of jobs and requests are made by the hundred thousand and read by nobody here.
os.environ.setdefault("PERUSE_LOG_LEVEL", "WARNING")
os.environ.setdefault("PERUSE_EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend")

if "PYTEST_XDIST_WORKER" not in os.environ:
    from portal.local.__main__ import start_servers

    start_servers()


def pytest_collection_finish() -> None:
    """The test processes, too, look for garbage among what the tests make."""
    from portal.settled import settle

    settle()

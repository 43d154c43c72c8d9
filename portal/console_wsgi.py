"""The admin console's WSGI application: a process, host and login of its own."""

import os

os.environ["PERUSE_PROCESS"] = "console"
os.environ.setdefault("PERUSE_LOGIN", "ops")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

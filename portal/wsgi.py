"""The portal's WSGI application."""

import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

from portal.settled import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()

for addresses in ("portal.urls", "portal.urls_public"):
    import_module(addresses)
settle()

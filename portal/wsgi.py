"""The portal's WSGI application."""

import gc
import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()

# All code is loaded now and stays. Looking through it again at each full collection would hold up
# every request of this process for a quarter of a second.
for addresses in ("portal.urls", "portal.urls_public"):
    import_module(addresses)
gc.collect()
gc.freeze()

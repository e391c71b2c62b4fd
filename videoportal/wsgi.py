"""The web process: `gunicorn`, with gunicorn.conf.py."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videoportal.settings")
application = get_wsgi_application()
_ = get_resolver().url_patterns  # loads every view now, not in the first request of each process

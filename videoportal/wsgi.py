"""The web process: `gunicorn videoportal.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videoportal.settings")
application = get_wsgi_application()

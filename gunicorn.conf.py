"""How the web process is started, everywhere: `gunicorn` in this folder finds this file (docs/adr/0013)."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videoportal.settings")

from django.conf import settings

from access.checks import refuse_to_start
from videoportal.env import BadSetting

wsgi_app = "videoportal.wsgi"
try:
    bind = settings.WEB_BIND
except BadSetting as wrong:
    raise SystemExit(f"The web process does not start. {wrong}") from None
workers = settings.WEB_PROCESSES
threads = settings.WEB_THREADS
worker_class = "videoportal.buffering.BufferingWorker"
graceful_timeout = 25  # below the 35 s after which tools/stack.py kills, and compose's stop_grace_period
loglevel = "warning"


def on_starting(server):
    refuse_to_start(server.cfg.address)

"""The web process: `gunicorn`, with gunicorn.conf.py."""

import logging
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from videoportal.requests import Request


def take_accounts_at_start() -> None:
    """Take the accounts that the environment gives. A worker does the same: this one only makes them visible sooner."""
    from django.db import DatabaseError, connections

    from providers.accounts.given import reading
    from providers.accounts.taking import take_accounts

    if not reading().accounts:
        return
    try:
        take_accounts()
    except DatabaseError as error:
        logging.getLogger("providers.accounts.taking").warning("accounts of the environment are left to the worker: %s", error)
    finally:
        connections.close_all()


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videoportal.settings")
application = get_wsgi_application()
application.request_class = Request
_ = get_resolver().url_patterns  # loads every view now, not in the first request of each process
take_accounts_at_start()

"""The portal's settings for `benchmarks.bare`: the same database and web server, other addresses, and of the middleware only that without
which django-allauth does not start, a few microseconds for each request.
"""

from videoportal.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.bare"
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]

"""Settings of the tests: the product's own, with a data directory that is gone afterwards. Nothing is read from or written to var/."""

import os
import tempfile

_DATA = tempfile.TemporaryDirectory(prefix="portal-tests-")
os.environ |= {"PORTAL_DATA_DIR": _DATA.name, "PORTAL_TESTING": "True", "PORTAL_DEBUG": "False", "PORTAL_STORAGE": "local"}

from videoportal.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
PRICES_KEPT_S = -1.0  # each test has its own prices
DECLARED_MODELS_KEPT_S = float("inf")  # tests without a database have the catalog too; those that declare models say so
POOL_STATE_KEPT_S = 0.0  # tests look right after they change something
BUDGETS_KEPT_S = 0.0  # the same
WHITENOISE_AUTOREFRESH = True  # otherwise each test client looks through all static files first
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # a database in memory is one connection for all threads, with one transaction: two requests at once would end each other's
    DATABASES["default"]["TEST"] = {"NAME": f"{_DATA.name}/test.sqlite3"}  # noqa: F405
else:
    DATABASES["default"]["TEST"] = {"TEMPLATE": DATABASES["default"]["NAME"]}  # noqa: F405 - tools.postgres has migrated it
MIDDLEWARE = ["tests.indexed.IndexFirst", *MIDDLEWARE]  # noqa: F405

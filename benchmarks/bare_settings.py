"""The portal's settings for `benchmarks.bare`: the same database and web server, no middleware, other addresses."""

from videoportal.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.bare"
MIDDLEWARE: list[str] = []

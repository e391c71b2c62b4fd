"""Settings. Every value that an installation may change comes from the environment; .env.example lists them with a comment each."""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
from cryptography.fernet import Fernet
from django.utils.translation import gettext_lazy as _
from whitenoise.compress import Compressor

from videoportal import env
from videoportal.storages.choice import media_storage
from webhooks import catalog

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("PORTAL_DATA_DIR") or BASE_DIR / "var").resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

DEBUG = env.boolean("PORTAL_DEBUG", default=False)
TESTING = env.boolean("PORTAL_TESTING", default=False)
SECRET_KEY = env.text("SECRET_KEY") or env.first_run_secret(DATA_DIR / "secrets" / "secret_key", lambda: secrets.token_urlsafe(64))
TOKEN_PEPPER = env.text("TOKEN_PEPPER") or env.first_run_secret(DATA_DIR / "secrets" / "token_pepper", lambda: secrets.token_urlsafe(48))
CREDENTIAL_KEYS = env.items("CREDENTIAL_KEYS") or [
    env.first_run_secret(DATA_DIR / "secrets" / "credential_key", lambda: Fernet.generate_key().decode())
]

ALLOWED_HOSTS = env.items("PORTAL_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.items("PORTAL_ORIGINS")
BEHIND_HTTPS = env.boolean("PORTAL_HTTPS", default=False)
TRUSTED_PROXIES = env.items("PORTAL_TRUSTED_PROXIES")

# The web process (gunicorn.conf.py, docs/adr/0013).
WEB_BIND = env.text("PORTAL_BIND", "127.0.0.1:8000")
WEB_PROCESSES = env.integer("PORTAL_WEB_PROCESSES", 2)
WEB_THREADS = env.integer("PORTAL_WEB_THREADS", 8)
MCP_BIND = env.text("PORTAL_MCP_BIND", "127.0.0.1:8001")  # of `manage.py mcp --http`, a separate process

INSTALLED_APPS = [
    "access.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "django_q",
    "ninja",
    "api",
    "events",
    "access.apps.AccessConfig",
    "providers",
    "generation",
    "delivery",
    "webhooks",
    "prompts",
    "library",
    "batches",
    "jobs",
    "web",
    "videoportal.storages",
]

MIDDLEWARE = [
    "delivery.request_ids.identify_requests",
    "videoportal.health.answer_healthz",
    "videoportal.security.trusted_proxies",
    "videoportal.security.compress_pages",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "videoportal.security.content_security_policy",
    "videoportal.security.cache_control",
    "videoportal.security.no_nul",
    "web.views.live.answer_idle_ticks",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "videoportal.security.body_limits",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "web.views.errors.HeldLocks",
    "web.time_zone.reader_time_zone",
    "allauth.account.middleware.AccountMiddleware",
    "videoportal.security.second_factor",
]

ROOT_URLCONF = "videoportal.urls"
WSGI_APPLICATION = "videoportal.wsgi.application"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
CSRF_FAILURE_VIEW = "videoportal.refusals.csrf_failure"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "web.views.shell.shell",
            ]
        },
    }
]

DATABASES = {"default": dj_database_url.parse(env.text("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'portal.sqlite3'}")}
DATABASES["default"] |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Where money is spent a commit must survive a power cut: the intent to submit, and the vendor's id.
    SYNCHRONOUS = "FULL" if os.environ.get("Q_CLUSTER_NAME") == "submit" else "NORMAL"
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={SYNCHRONOUS}; PRAGMA busy_timeout=20000;",
    }
elif DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # A process that is paused or disconnected inside a transaction keeps its locks; the server ends it, so that nothing waits forever.
    LIMITS = "-c idle_in_transaction_session_timeout=20s -c lock_timeout=10s"
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", LIMITS)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# "default" is one for all processes: failed sign-ins and used codes are counted there. "process": what each process may work out itself.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "access_sharedvalue",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 10_000}},
}

DECLARED_MODELS_KEPT_S = 0.9  # how old the models that administrators declared may be
PRICES_KEPT_S = 0.9  # how old the prices may be that an order is estimated with
POOL_STATE_KEPT_S = 1.0  # how old slots, places in line and the stop of paid submits may be where they are shown
TICK_READER_KEPT_S = 25.0  # how long a process trusts a session it has seen on /tick; an idle page asks every ten seconds (docs/adr/0068)
JOBS_WIRING = "videoportal.wiring.WIRING"
# Consumers of events (events/outbox.py): a name, and prefixes of the types that it wants. A new consumer gets later events only.
EVENT_CONSUMERS: dict[str, tuple[str, ...]] = {catalog.CONSUMER: tuple(catalog.OUTBOX)}
# Jobs: rows decide, django-q2 only delivers (docs/architecture.md, docs/adr/0002). `retry` must exceed the time that a message may wait
# plus `timeout`; retries and results are rows of the portal.
Q_CLUSTER = {
    "name": "submit",
    "broker_class": "jobs.queue.PortalBroker",
    "orm": "default",
    "workers": env.integer("PORTAL_SUBMIT_WORKERS", 4),
    "bulk": 1,
    "queue_limit": 4,
    "timeout": 300,
    "retry": 1000,
    "save_limit": -1,
    "ack_failures": True,
    "catch_up": False,
    "scheduler": False,
    "guard_cycle": 0.5,
    "poll": 0.2,
    "recycle": 500,
    "max_attempts": 0,
    "label": "Queue",
    "ALT_CLUSTERS": {
        "poll": {"workers": env.integer("PORTAL_POLL_WORKERS", 3), "queue_limit": 3, "timeout": 40, "retry": 130},
        "ingest": {"workers": env.integer("PORTAL_INGEST_WORKERS", 4), "queue_limit": 4, "timeout": 900, "retry": 2800},
        "deliver": {"workers": env.integer("PORTAL_DELIVER_WORKERS", 2), "queue_limit": 2, "timeout": 300, "retry": 1000},
    },
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
FORMAT_MODULE_PATH = "videoportal.formats"
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.text("PORTAL_TIME_ZONE", "UTC")

CURRENCY = env.currency("PORTAL_CURRENCY", "CNY")  # of budgets and of everything that is added up (docs/operating.md)
BUDGETS_KEPT_S = 0.9  # how late a process may notice that there is a new budget; the limits of those it knows are always exact

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEBUG or TESTING
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # nothing asks for the others, and each would be compressed too
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [*Compressor.SKIP_COMPRESS_EXTENSIONS, "map"]  # for who debugs other packages' scripts
MEDIA_ROOT = DATA_DIR / "media"
SCRATCH_DIR = DATA_DIR / "scratch"
STORAGES = {
    "default": media_storage(MEDIA_ROOT),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "videoportal.storages.static.HashedStaticFiles"
    },
}
KEEP_VIDEOS = env.kept_for("PORTAL_KEEP_VIDEOS_DAYS", 0)  # then they go into the bin; None: never
# For how long rows are kept whose table grows with use (videoportal/retention.py); None: for ever.
KEPT = {
    name: env.kept_for(name, default)
    for name, default in {
        "PORTAL_KEEP_EVENTS_DAYS": 30,
        "PORTAL_KEEP_HISTORY_DAYS": 1095,
        "PORTAL_KEEP_ATTEMPTS_DAYS": 3650,
        "PORTAL_KEEP_AUDIT_DAYS": 3650,
        "PORTAL_KEEP_FAILED_JOBS_DAYS": 30,
        "PORTAL_KEEP_DELIVERIES_DAYS": 30,
        "PORTAL_KEEP_BILLS_DAYS": 3650,
        "PORTAL_KEEP_BATCHES_DAYS": 90,
    }.items()
}
# How files reach the viewer (docs/storage.md). A player keeps the bucket's address that it was redirected to, and asks there for the next
# part after a pause; no bucket signs for more than a week. Links work at most LINK_DAYS; 0 is for ever.
FILE_URL_S = env.integer("PORTAL_FILE_URL_HOURS", 6, within=range(1, 169)) * 3600
LINK_DAYS = env.integer("PORTAL_LINK_DAYS", 0, within=range(3651))
X_ACCEL_PREFIX = f"/{prefix.strip('/')}/" if (prefix := env.text("PORTAL_X_ACCEL_PREFIX")) else ""
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 30 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3_000  # more than `library.bulk.MOST_CHOSEN`: the wall sends a field for each chosen video
MAX_VIDEO_BYTES = env.integer("PORTAL_MAX_VIDEO_MB", 2048) * 1024 * 1024
BIN_DAYS = env.integer("PORTAL_BIN_DAYS", 30, within=env.DAYS)  # then its videos are deleted for good; 0: never
QUOTA_GB_PER_USER = env.integer("PORTAL_QUOTA_GB_PER_USER", 0, within=range(1_000_001))  # 0: no quota
MIN_FREE_BYTES = env.integer("PORTAL_MIN_FREE_GB", 1) * 1000**3
MAX_IMAGE_BYTES = env.integer("PORTAL_MAX_IMAGE_MB", 20) * 1024 * 1024
MAX_BODY_BYTES = MAX_IMAGE_BYTES + 10 * 1024 * 1024
MAX_BATCH_BYTES = env.integer("PORTAL_MAX_BATCH_MB", 200) * 1000**2  # a table with a ZIP of its images
BATCH_UPLOADS = ("/batches/new", "/api/v1/batches")
MAX_ANONYMOUS_BYTES = env.integer("PORTAL_MAX_ANONYMOUS_KB", 128) * 1024

HELD_ANSWER_S = env.integer("PORTAL_HELD_ANSWER_S", 55, within=range(601))  # dialects whose clients wait for the video; Dify reads for 60 s
TOKEN_DAYS = env.integer("PORTAL_TOKEN_DAYS", 90, within=range(1, 3651))  # the life of a new token unless one is asked for
TOKEN_LONGEST_DAYS = env.integer("PORTAL_TOKEN_LONGEST_DAYS", 365, within=range(3651))  # 0: any, also without an end
# Webhooks and notices (docs/webhooks.md). Chats are at fixed addresses of their vendors, and off until somebody wants them.
MOST_ENDPOINTS = env.integer("PORTAL_MOST_ENDPOINTS", 20, within=range(1, 1001))
CHAT_NOTICES = env.boolean("PORTAL_CHAT_NOTICES", default=False)
EMAIL_HOST = env.text("PORTAL_SMTP_HOST")
MAIL_NOTICES = bool(EMAIL_HOST)
EMAIL_PORT = env.integer("PORTAL_SMTP_PORT", 587, within=range(1, 65_536))
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = env.text("PORTAL_SMTP_USER"), env.text("PORTAL_SMTP_PASSWORD")
EMAIL_USE_SSL = EMAIL_PORT == 465  # TLS from the first byte; on other ports after STARTTLS, unless the mail server is on this machine
EMAIL_USE_TLS = not EMAIL_USE_SSL and EMAIL_HOST not in {"localhost", "127.0.0.1", "::1"}
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("PORTAL_MAIL_FROM", "portal@localhost")

# Networks that downloads and webhooks may reach in addition to the public internet (CIDR, comma separated).
OUTBOUND_ALLOW_CIDRS = env.items("OUTBOUND_ALLOW_CIDRS")
EXPIRY_WARNING = timedelta(minutes=env.integer("PORTAL_EXPIRY_WARNING_MINUTES", 30))  # before the vendor's file ends
STOP_PAID_SUBMITS = env.boolean("PORTAL_STOP_PAID_SUBMITS", default=False)
PUBLIC_URL = env.text("PORTAL_PUBLIC_URL").rstrip("/")  # vendors call back there, and links begin with it; empty: vendors are only polled
# Tests and tools make no accounts of the variables that a developer has set: they would spend money.
ENVIRONMENT_ACCOUNTS = env.boolean("PORTAL_ENVIRONMENT_ACCOUNTS", default=not TESTING)
ACCOUNTS_FILE = env.text("PORTAL_ACCOUNTS_FILE")  # accounts beside those of the vendors' variables (docs/operating.md)
SIMULATOR_URL = env.text("PORTAL_SIMULATOR_URL", "http://127.0.0.1:9100")
POLL_EVERY_S = env.integer("PORTAL_POLL_EVERY_S", 0)  # 0: the interval of each model

# A browser accepts a __Host- cookie only from this host over https, so another host of the domain cannot set it.
COOKIE_PREFIX = "__Host-" if BEHIND_HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}django_language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = BEHIND_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = BEHIND_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_HTTPONLY = True

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Sign-in by django-allauth (docs/sign-in.md, docs/adr/0028). Its own backend alone: a second one would hash each wrong password again.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "access.sign_in.PortalAccounts"
ACCOUNT_FORMS = {
    "login": "access.sign_in.SignInForm",
    "reset_password": "access.password_reset.AskForm",
    "user_token": "access.password_reset.LinkForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key", "reset_password": "10/m/ip,3/10m/key"}
ACCOUNT_RATE_LIMITS |= {"link_password": "30/m/ip,5/5m/key", "link_passwords": "100/h/key"}  # delivery/unlocking.py
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no message to an address that somebody else typed
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Links to set a password by e-mail begin with the host that was asked, so a portal that answers to every name sends none.
PASSWORD_MAILS = MAIL_NOTICES and (bool(PUBLIC_URL) or "*" not in ALLOWED_HOSTS)
PASSWORD_RESET_TIMEOUT = 24 * 3600
MFA_ADAPTER = "access.second_factor.PortalSecondFactors"
MFA_FORMS = {
    "add_webauthn": "access.passkeys.AddForm",
    "authenticate_webauthn": "access.passkeys.AuthenticateForm",
    "login_webauthn": "access.passkeys.LoginForm",
    "reauthenticate_webauthn": "access.passkeys.ConfirmForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up alone, so an address says nothing
MFA_TOTP_TOLERANCE = 0  # a used code is remembered for one period only
REQUIRE_SECOND_FACTOR = env.choice("PORTAL_REQUIRE_SECOND_FACTOR", ("nobody", "staff", "everyone"))
SOCIALACCOUNT_ADAPTER = "access.single_sign_on.PortalSingleSignOn"
SOCIALACCOUNT_LOGIN_ON_GET = True  # browsers apply form-action to the redirect after a form, so the way to the provider is a link
SOCIALACCOUNT_STORE_TOKENS = False
OIDC_ISSUER = env.text("PORTAL_OIDC_ISSUER").rstrip("/")
OIDC_SIGN_UP = env.boolean("PORTAL_OIDC_SIGN_UP", default=False)
OIDC_TRUST_EMAIL = env.boolean("PORTAL_OIDC_TRUST_EMAIL", default=False)
OIDC_DOMAINS = env.items("PORTAL_OIDC_DOMAINS")
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, Any]] = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "team",
                "name": env.text("PORTAL_OIDC_LABEL"),
                "client_id": env.text("PORTAL_OIDC_CLIENT_ID"),
                "secret": env.text("PORTAL_OIDC_CLIENT_SECRET"),
                "settings": {"server_url": OIDC_ISSUER},
            }
        ]
        if OIDC_ISSUER
        else [],
    }
}

LOG_LEVEL = env.text("PORTAL_LOG_LEVEL", "INFO")
LOG_FORMAT = env.choice("PORTAL_LOG_FORMAT", ("line", "json"))
SENTRY_DSN = env.text("PORTAL_SENTRY_DSN")
LOG_HANDLERS = ["console", *(["sentry"] if SENTRY_DSN else [])]
DEFAULT_EXCEPTION_REPORTER_FILTER = "videoportal.error_reports.WithoutValues"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "videoportal.logs.OneRecordALine", "format": "{asctime} {levelname:<7} {name} {message}", "style": "{"},
        "json": {"()": "videoportal.logs.one_object_a_record"},
    },
    "filters": {"callback_keys": {"()": "videoportal.logs.CallbackKeys"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT},
        **({"sentry": {"()": "videoportal.sentry.reporter", "dsn": SENTRY_DSN}} if SENTRY_DSN else {}),
    },
    "root": {"handlers": LOG_HANDLERS, "level": "WARNING"},
    "loggers": {
        name: {"level": LOG_LEVEL, "handlers": LOG_HANDLERS, "propagate": False}
        for name in (
            *("access", "api", "batches", "database", "delivery", "events", "generation", "jobs"),
            *("prompts", "providers", "videoportal", "web", "webhooks"),
        )
    }
    | {"django.request": {"filters": ["callback_keys"]}}
    | {"urllib3": {"level": "ERROR"}}  # it quotes headers that it cannot read
    | {"waitress.queue": {"level": "ERROR"}}
    | {
        "oss2": {"level": "WARNING"}
    }  # at DEBUG it writes Authorization headers and STS tokens, at INFO a line for each file that is missing
    | {"django-q": {"level": "WARNING", "handlers": LOG_HANDLERS, "propagate": False}},
}

"""What the portal refuses and hides where others can reach it."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest
from django.conf import settings as portal_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from access.tokens import issue
from events.models import AuditEvent
from generation.models import Asset
from tests.cases import in_one_test
from tests.pictures import picture
from tools.migrated import put_sqlite
from tools.stack import ROOT

SECRET = "s" * 60
PRODUCTION = {
    "SECRET_KEY": f"{SECRET}0123456789",
    "PORTAL_HOSTS": "portal.example.com",
    "PORTAL_HTTPS": "True",
    "PORTAL_DEBUG": "False",
    "PORTAL_REQUIRE_SECOND_FACTOR": "staff",
}


def run(tmp_path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PORTAL_DATA_DIR": str(tmp_path),
        "PORTAL_TESTING": "False",
        "DJANGO_SETTINGS_MODULE": "videoportal.settings",
    }
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=ROOT, env=environment | settings, text=True, capture_output=True, timeout=120, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"PORTAL_DEBUG": "True", "PORTAL_BIND": "0.0.0.0:0"}, "PORTAL_DEBUG"),
        ({"PORTAL_HOSTS": "*", "PORTAL_BIND": "0.0.0.0:0"}, "PORTAL_HOSTS"),
        ({"PORTAL_HOSTS": "*", "PORTAL_BIND": "[::]:0"}, "PORTAL_HOSTS"),
        ({"PORTAL_HOSTS": "*", "PORTAL_DEBUG": "True", "PORTAL_BIND": "127.0.0.1:0"}, "PORTAL_DEBUG"),
        ({"PORTAL_HTTPS": "True", "PORTAL_BIND": "127.0.0.1:0"}, "PORTAL_TRUSTED_PROXIES"),
        ({"PORTAL_TRUSTED_PROXIES": "nginx", "PORTAL_BIND": "127.0.0.1:0"}, "nginx"),
    ],
)
def test_the_web_process_does_not_start_exposed(tmp_path, settings, word):
    done = run(tmp_path, "-m", "gunicorn", **settings)

    assert done.returncode == 1
    assert word in done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_production_settings_pass_every_check(tmp_path):
    done = run(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION, PORTAL_TRUSTED_PROXIES="10.0.0.0/8")

    assert (done.returncode, done.stderr) == (0, ""), done.stderr


@pytest.mark.slow
def test_over_https_cookies_are_of_this_host_alone(tmp_path):
    words = "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME)"

    done = run(tmp_path, "manage.py", "shell", "--no-imports", "-c", words, **PRODUCTION, PORTAL_TRUSTED_PROXIES="10.0.0.5")

    assert done.stdout.split() == ["__Host-sessionid", "__Host-csrftoken", "__Host-django_language"]


# forwarded headers


@pytest.mark.parametrize(("proxies", "secure"), [([], False), (["10.0.0.0/8"], False), (["10.0.0.0/8", "127.0.0.1"], True)])
def test_only_a_trusted_proxy_says_that_the_client_came_over_https(settings, db, proxies, secure):
    settings.TRUSTED_PROXIES, settings.SECURE_SSL_REDIRECT = proxies, True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    answer = Client().get("/accounts/login/", headers={"x-forwarded-proto": "https"})

    assert answer.status_code == (200 if secure else 301)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        ([], "192.0.2.7", "127.0.0.1"),
        (["127.0.0.1"], "192.0.2.7", "192.0.2.7"),
        (["127.0.0.1", "10.0.0.0/8"], "192.0.2.7, 10.0.0.5", "192.0.2.7"),
        (["127.0.0.1"], "127.0.0.1, 198.51.100.1, 192.0.2.7", "192.0.2.7"),
        (["127.0.0.1"], "", "127.0.0.1"),
        (["127.0.0.1", "10.0.0.0/8"], "192.0.2.7:50123, 10.0.0.5:443", "192.0.2.7"),
        (["127.0.0.1"], "[2001:db8::7]:50123", "2001:db8::7"),
        (["127.0.0.1"], "2001:db8::7", "2001:db8::7"),
    ],
)
def test_clients_address_is_what_the_last_trusted_proxy_saw(settings, staff_client, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies

    fresh = Client(headers={"x-forwarded-for": forwarded})
    fresh.cookies = staff_client.cookies
    fresh.post("/admin/generation/paidsubmits/", {"stop": "1", "reason": "the bill"})

    assert AuditEvent.objects.get().ip == address


def test_a_proxy_is_trusted_by_its_ipv4_address_at_a_socket_for_both_families(settings, staff_client):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]

    fresh = Client(headers={"x-forwarded-for": "192.0.2.7"}, REMOTE_ADDR="::ffff:10.0.0.5")
    fresh.cookies = staff_client.cookies
    fresh.post("/admin/generation/paidsubmits/", {"stop": "1", "reason": "the bill"})

    assert AuditEvent.objects.get().ip == "192.0.2.7"


def test_a_load_balancer_may_ask_under_any_name_and_scheme(settings):
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["portal.example.com"], True

    assert Client().get("/healthz", headers={"host": "10.1.2.3:8000"}).status_code == 200


# caches


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/studio/", {"private", "no-cache"}),
        ("/gallery/", {"private", "no-cache"}),
        ("/api/v1/tasks", {"private", "no-store"}),
        ("/admin/", {"private", "no-store"}),
        ("/accounts/password/change/", {"private", "no-store"}),
    ],
)
def test_no_shared_cache_keeps_what_a_signed_in_person_sees(staff_client, path, words):
    assert words <= set(staff_client.get(path)["Cache-Control"].split(", "))


# NUL


NUL_COOKIES = ['"\\000aaaa"', '"a\\000"', "a\0b"]


@pytest.mark.parametrize("path", ["/accounts/login/", "/studio/", "/api/v1/tasks", "/admin/login/", "/readyz"])
def test_a_cookie_with_a_nul_is_ignored(db, path):
    names = (portal_settings.SESSION_COOKIE_NAME, portal_settings.CSRF_COOKIE_NAME, portal_settings.LANGUAGE_COOKIE_NAME)
    plain = Client().get(path)

    for cookie in (f"{name}={value}" for name in names for value in NUL_COOKIES):
        odd = Client(headers={"cookie": cookie}).get(path)
        assert (odd.status_code, odd.get("Location")) == (plain.status_code, plain.get("Location")), cookie


@in_one_test(
    "path",
    [
        "/%00",
        "/gallery/?q=%00",
        "/activity/?q=%00&status=%00",
        "/studio/?model=%00&prompt=%00",
        "/videos/%00/",
        "/api/v1/tasks?cursor=%00",
        "/api/v1/videos?cursor=%00",
        "/api/v1/models/%00/%00",
        "/callbacks/kling/%00/%00",
        "/admin/generation/generationtask/%00/change/",
        "/admin/generation/generationtask/?q=%00",
        "/accounts/login/?next=%00",
        "/gallery/?q=%ED%A0%80",
        "/%ED%A0%80",
    ],
)
def test_an_address_with_a_nul_or_half_a_pair_is_not_a_server_error(staff_client, path):
    assert staff_client.get(path).status_code < 500


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/accounts/login/", {"username": "\0", "password": "\0", "next": "\0"}),
        ("/i18n/setlang/", {"language": "\0", "next": "\0"}),
        ("/theme", {"theme": "\0"}),
        ("/studio/tasks/", {"model": "kling/kling-v2-6", "prompt": "a\0b"}),
        ("/admin/generation/generationtask/", {"action": "cancel", "_selected_action": "\0", "index": "0"}),
        ("/admin/auth/user/add/", {"username": "\0", "password1": "\0", "password2": "\0"}),
    ],
)
def test_a_form_with_a_nul_is_not_a_server_error(staff_client, path, fields):
    staff_client.raise_request_exception = False

    assert staff_client.post(path, fields).status_code < 500


# a full disk


@pytest.fixture
def full_disk(settings, tmp_path):
    """No file of this process may grow beyond a kilobyte: what is written past it fails, as on a full disk (EFBIG)."""
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    }
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def free_disk():
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.getrlimit(resource.RLIMIT_FSIZE)[1],) * 2)


@pytest.mark.parametrize("way", ["api", "page"])
def test_an_image_that_finds_no_room_is_refused_and_leaves_nothing(user, full_disk, tmp_path, way):
    file = SimpleUploadedFile("a.png", picture((640, 480)).read(), content_type="image/png")
    client = Client(headers={"authorization": f"Bearer {issue(user, 't')[1]}"} if way == "api" else {})
    client.raise_request_exception = False
    client.force_login(user)
    full_disk()
    try:
        answer = client.post("/api/v1/assets" if way == "api" else "/assets/upload", {"file": file})
    finally:
        free_disk()

    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
    assert Asset.objects.count() == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.slow
def test_a_task_that_finds_no_room_in_the_database_is_refused_and_not_stored(tmp_path):
    put_sqlite(tmp_path / "portal.sqlite3")
    done = run(tmp_path, "-c", FULL_DATABASE, PORTAL_TESTING="True", DATABASE_URL=f"sqlite:///{tmp_path / 'portal.sqlite3'}")

    assert done.stdout.splitlines()[-1:] == ["507 storage_full 0"], done.stderr[-2000:]


FULL_DATABASE = """
import django
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
call_command("sandbox_accounts", url="http://127.0.0.1:9", stdout=open("/dev/null", "w"))
from access.tokens import issue
from generation.models import GenerationTask
token = issue(User.objects.create_user("full"), "full")[1]
client = Client(headers={"authorization": f"Bearer {token}"}, raise_request_exception=False)
client.get("/api/v1/tasks", headers={"host": "localhost"})
with connection.cursor() as cursor:
    pages = cursor.execute("PRAGMA page_count").fetchone()[0]
    cursor.execute(f"PRAGMA max_page_count = {pages}")
body = {"model": "kling/kling-v2-6", "prompt": "x" * 2000, "metadata": {"pad": "y" * 15000}}
answer = client.post("/api/v1/tasks", body, content_type="application/json", headers={"host": "localhost"})
print(answer.status_code, answer.json().get("error", {}).get("code"), GenerationTask.objects.count())
"""

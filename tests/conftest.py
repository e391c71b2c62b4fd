"""What all tests share: people, accounts, one simulator, and a driver that advances tasks without waiting."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models.signals import post_migrate
from django.test import Client
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as fuzzing
from pytest_django import DjangoDbBlocker

from generation.ordering import stored
from providers.accounts.clients import set_credentials
from providers.accounts.sandbox import ensure_sandbox_accounts
from providers.declared.current import keep
from providers.models import ProviderAccount
from providers.simulator.testing import SimulatorProcess
from tests.portal_driver import Driver
from tools.migrated import put_sqlite
from tools.oss_server.testing import OssServerProcess
from tools.s3_server import S3ServerProcess

for name, examples in {"short": 25, "long": 1_000}.items():  # the short one makes up the same input each time: no run fails by luck
    calm = [
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ]  # rows of one test are shared by its examples; the machine may be busy
    fuzzing.register_profile(
        name, max_examples=examples, derandomize=name == "short", deadline=None, database=None, suppress_health_check=calm
    )
fuzzing.load_profile(os.environ.get("PORTAL_FUZZ", "short"))
keep({})  # nothing is declared; the database is not asked


def pytest_collection_finish() -> None:
    """Keep what was imported and collected out of garbage collections: it stays to the end, and looking through it takes long."""
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings: None) -> bool:
    """Begin with a copy of a migrated database; on PostgreSQL the settings name a template."""
    if connection.vendor != "sqlite":
        return False
    put_sqlite(Path(settings.DATABASES["default"]["TEST"]["NAME"]))
    return True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Put the rows of permissions back from a copy when the database is flushed, after each test with transactions of its own.

    Django would work them out anew, which takes ten times as long as the rest of the flush.
    """
    with django_db_blocker.unblock():
        kinds, permissions = list(ContentType.objects.all()), list(Permission.objects.all())

    def put_back(using: str, **_others: object) -> None:
        ContentType.objects.using(using).bulk_create(kinds, ignore_conflicts=True)
        Permission.objects.using(using).bulk_create(permissions, ignore_conflicts=True)

    assert post_migrate.disconnect(create_contenttypes)
    assert post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.connect(put_back, sender=apps.get_app_config("auth"), weak=False)


@pytest.fixture(scope="session", autouse=True)
def static_root() -> None:
    """Make the folder of static files, because the middleware warns when it is missing."""
    settings.STATIC_ROOT.mkdir(exist_ok=True)


@pytest.fixture(autouse=True)
def no_paid_requests_on_record() -> None:
    """Remove the record of paid requests: to the empty database of each test it would look like a restored backup."""
    shutil.rmtree(settings.MEDIA_ROOT / "sent", ignore_errors=True)


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    """Reset the language, which a request in Chinese leaves behind in the process."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def no_cached_models() -> Iterator[None]:
    """Forget which models are cached: a test that keeps what was read would have those of an earlier one."""
    yield
    stored.forget()


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(render_s=5.0) as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: SimulatorProcess) -> SimulatorProcess:
    """Return the simulator, reset for each test. Its clock is moved by `advance`, so that no test waits for a render."""
    running_simulator.reset()
    return running_simulator


@pytest.fixture(scope="session")
def running_oss_server() -> Iterator[OssServerProcess]:
    with OssServerProcess() as server:
        yield server


@pytest.fixture
def oss_server(running_oss_server: OssServerProcess) -> OssServerProcess:
    """Return an OSS server with one empty bucket. It is one for all tests of a process, on a free port."""
    running_oss_server.reset()
    return running_oss_server


@pytest.fixture(scope="session")
def running_s3_server() -> Iterator[S3ServerProcess]:
    with S3ServerProcess() as server:
        yield server


@pytest.fixture
def s3_server(running_s3_server: S3ServerProcess) -> S3ServerProcess:
    """Return an S3 server with one empty bucket. It is one for all tests of a process, on a free port."""
    running_s3_server.reset()
    return running_s3_server


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("lin", password="a long enough password")


@pytest.fixture
def other_user(db: None) -> User:
    return User.objects.create_user("zhao", password="a long enough password")


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("admin", password="a long enough password")


@pytest.fixture
def staff_client(staff: User) -> Client:
    """Return the browser of a superuser."""
    client = Client()
    client.force_login(staff)
    return client


MakeAccount = Callable[..., ProviderAccount]


@pytest.fixture
def make_account(db: None) -> MakeAccount:
    """`make_account("kling", "official-key", url, api_key="sk-x", max_in_flight=2)`: an account with these credentials and limits."""

    def make(vendor: str, surface: str, base_url: str, *, label: str = "", credentials: dict[str, str] | None = None, **fields: object):
        account = ProviderAccount(vendor=vendor, surface=surface, base_url=base_url, label=label or f"{vendor} {surface}", **fields)
        names = [field.name for field in account.provider_class.surfaces[surface].credentials]
        set_credentials(account, credentials or {name: f"sk-{name}-for-tests" for name in names})
        account.save()
        return account

    return make


@pytest.fixture
def sandbox_accounts(db: None, simulator: SimulatorProcess) -> list[ProviderAccount]:
    return ensure_sandbox_accounts(simulator.url)


@pytest.fixture
def driver(sandbox_accounts: list[ProviderAccount], simulator: SimulatorProcess) -> Driver:
    """Return a driver that does in this process what the clock and the clusters do, against the simulator."""
    return Driver(simulator)

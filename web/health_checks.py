"""Checks of what the portal needs. Each returns a short finding, or raises `CheckFailed` with what to do.

/readyz runs the quick ones, `manage.py doctor` runs all. None changes data for longer than a moment.
"""

from __future__ import annotations

import ipaddress
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F, Max
from django.http.request import validate_host
from uuid_utils.compat import uuid7

from access.ledger_models import Budget
from database import clock
from generation import store
from generation.lifecycle import Status
from generation.models import GenerationTask, LiveWorker, LostFile, Video
from generation.ordering.room import GB, free_bytes
from generation.queries.unpriced import unpriced
from generation.scheduling.savers import count_expiring
from generation.submitting.restored_backup import backup_facts
from jobs import queue
from providers.accounts.callback_urls import UnusableUrl, is_on_this_machine, require_usable
from providers.accounts.health_test import probe
from providers.accounts.system_checks import accounts_can_be_used, credential_keys_are_keys, given_accounts_can_be_used
from providers.core.messages import Sentence
from providers.models import ProviderAccount
from web.measures import OVERDUE
from web.storage_look import look_at_storage
from webhooks import secrets
from webhooks.lanes import is_due
from webhooks.models import Endpoint

__all__ = [
    "QUICK",
    "THOROUGH",
    "WORKER_PATIENCE_S",
    "CheckFailed",
    "check_accounts",
    "check_budgets",
    "check_credentials",
    "check_expiring",
    "check_lost_files",
    "check_public_url",
    "check_restored",
    "check_reviews",
    "check_teams",
    "check_webhooks",
    "check_worker",
]

SEEN_WITHIN = timedelta(seconds=60)
ACCOUNT_PATIENCE_S = 5
WORKER_PATIENCE_S = 15.0
STORAGE_PATIENCE_S = 3.0
MOST_NAMES = 5
CODECS = (("h264", "r"), ("libx264", "w"))
LIMITS = ("blocked_address", "plain_http", "too_large")
KEPT_OUT_BY = {
    "OUTBOUND_ALLOW_CIDRS": "are at addresses that our network policy blocks: set OUTBOUND_ALLOW_CIDRS.",
    "PORTAL_MAX_VIDEO_MB": "are larger than this portal takes: raise PORTAL_MAX_VIDEO_MB.",
}


class CheckFailed(Exception):
    """Something does not work; the message says what, and what to do."""


def check_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        raise CheckFailed(f"The database does not answer. Check DATABASE_URL. ({error})") from error
    return connection.vendor


def check_migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise CheckFailed(f"The database does not answer. Check DATABASE_URL. ({error})") from error
    if plan:
        raise CheckFailed(f"{len(plan)} migrations are not applied. Run: manage.py migrate")
    return "all applied"


def check_storage() -> str:
    """Write, read, delete one small file."""
    key, words = f"health/{uuid7()}.txt", b"kept"
    try:
        store.save(key, words)
        came_back = store.read(key)
        store.delete(key)
    except (store.ObjectMissing, store.StorageUnavailable) as error:
        raise CheckFailed(f"The media storage does not work. Check its address, rights and space. ({error})") from error
    if came_back != words:
        raise CheckFailed("The media storage gave back other bytes than it was given.")
    return "written, read, deleted"


def check_storage_answers(patience_s: float = STORAGE_PATIENCE_S) -> str:
    """Look at the storage for at most `patience_s`, and without writing, because anybody may ask for /readyz."""
    try:
        look_at_storage(patience_s)
    except TimeoutError as error:
        raise CheckFailed(f"The media storage has not answered for {patience_s:g} s. Check its address and the network.") from error
    except store.StorageUnavailable as error:
        raise CheckFailed(f"The media storage does not answer. Check its address and rights. ({error})") from error
    return "answers"


def check_worker_seen() -> str:
    """Check that a worker's clock has reported in the last minute."""
    try:
        seen_at = LiveWorker.objects.aggregate(last=Max("seen_at"))["last"]
    except DatabaseError as error:
        raise CheckFailed(f"The database does not answer. ({error})") from error
    if seen_at is None or seen_at < clock.now() - SEEN_WITHIN:
        raise CheckFailed(f"No worker has been seen for {SEEN_WITHIN.total_seconds():.0f} s. Start one: manage.py worker")
    return "seen"


def check_secret_files() -> str:
    """Check that only this user can read the secrets that the first run wrote."""
    folder = settings.DATA_DIR / "secrets"
    if not folder.exists():
        return "from the environment"
    loose = [path.name for path in (folder, *folder.iterdir()) if path.stat().st_mode & 0o077]
    if loose:
        raise CheckFailed(f"Others may read {', '.join(loose)} in {folder}. Run: chmod -R go= {folder}")
    return "for this user alone"


def check_static_files() -> str:
    if settings.WHITENOISE_USE_FINDERS:
        return "served from the source tree"
    if not (settings.STATIC_ROOT / "staticfiles.json").exists():
        raise CheckFailed("Static files are not collected. Run: manage.py collectstatic --noinput")
    return "collected"


def check_media_tools() -> str:
    import av  # here, because a web process has no need of it

    missing = [name for name, way in CODECS if not _has_codec(name, way)]
    if missing:
        raise CheckFailed(f"PyAV lacks {', '.join(missing)}. Install the pinned wheel again: pip install -r requirements.txt")
    return f"PyAV {av.__version__}"


def _has_codec(name: str, way: str) -> bool:
    import av

    try:
        av.codec.Codec(name, way)  # type: ignore[arg-type]
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def check_disk() -> str:
    """Check that there is room for a large video, and that orders are taken (PORTAL_MIN_FREE_GB)."""
    free = free_bytes()
    for folder, size in free.items():
        if size < settings.MIN_FREE_BYTES:
            raise CheckFailed(
                f"{size / GB:.1f} GB are free in {folder}, so nothing new may be ordered. Make room, or lower PORTAL_MIN_FREE_GB."
            )
        if size < settings.MAX_VIDEO_BYTES:
            raise CheckFailed(f"{size / GB:.1f} GB are free in {folder}, less than one video may take. Make room.")
    if not free:
        raise CheckFailed("No disk says how much is free. Look at the data directory.")
    return f"{min(free.values()) / GB:.0f} GB free"


def check_public_url() -> str:
    """Check, as far as this machine can, that vendors can reach the address that they get for callbacks."""
    url = settings.PUBLIC_URL
    if not url:
        return "not set: vendors are polled"
    try:
        require_usable(url)
    except UnusableUrl as problem:
        raise CheckFailed(str(problem)) from problem
    host = urlsplit(url).hostname or ""
    if not validate_host(f"[{host}]" if ":" in host else host, settings.ALLOWED_HOSTS):
        raise CheckFailed(f"PORTAL_PUBLIC_URL names {host}, but PORTAL_HOSTS does not, so every callback is refused. Add it there.")
    if is_on_this_machine(url):
        return f"only the simulator can call {url}"
    if _is_private(host):
        raise CheckFailed(
            f"PORTAL_PUBLIC_URL names {host}, a private address that no vendor can reach. Write the public one, or leave it empty."
        )
    return f"vendors call {url}"


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def check_credentials() -> str:
    found = [*credential_keys_are_keys(None), *given_accounts_can_be_used(None), *accounts_can_be_used(None, databases=["default"])]
    if found:
        raise CheckFailed(" ".join(f"{item.msg} {item.hint or ''}".strip() for item in found))
    return f"{ProviderAccount.objects.count()} accounts"


def check_webhooks() -> str:
    """Check that events are sent to endpoints, signed, with addresses that others can open."""
    enabled = Endpoint.objects.filter(enabled=True)
    broken = [f"{one} of {one.owner}" for one in enabled.select_related("owner") if not secrets.is_readable(one)]
    if broken:
        raise CheckFailed(
            f"The secrets of {_some(broken)} cannot be decrypted, so their deliveries wait. Restore the old key in CREDENTIAL_KEYS, or "
            "let their owners make new secrets on the endpoints' pages (of a chat: a new endpoint)."
        )
    if is_due(clock.now() - OVERDUE):
        raise CheckFailed("Webhooks have been due for minutes. Look at the worker's log: its cluster “deliver” sends them.")
    count = enabled.count()
    if count and not settings.PUBLIC_URL:
        raise CheckFailed("Set PORTAL_PUBLIC_URL: without it the addresses of videos in webhooks and notices have no host.")
    failing = enabled.filter(failures__gt=0).count()
    return f"{count} endpoints, {failing} of them failing"


def check_restored() -> str:
    """Check that the database has every paid request that the media storage has on record."""
    try:
        facts = backup_facts()
    except store.StorageUnavailable as error:
        raise CheckFailed(f"The media storage cannot be read. ({error})") from error
    if facts.missing or facts.held_at:
        raise CheckFailed(
            f"The database does not know {facts.missing} paid requests that are on record in the media storage: it was restored from a "
            "backup, or is a new one. Nothing is sent until an administrator confirms: on the page of the switch for paid submits, or "
            "with manage.py restored --confirm"
        )
    return "knows all that was sent"


def check_reviews() -> str:
    """Check that no finished video waits for a setting of this portal, in a review or before one."""
    waiting = [f"{count} finished videos {KEPT_OUT_BY[setting]}" for setting, count in sorted(_settings_in_the_way().items())]
    if waiting:
        raise CheckFailed(" ".join([*waiting, "Then ask the vendor again about those in review; the others follow by themselves."]))
    return "no video waits for a setting"


def _settings_in_the_way() -> Counter[str]:
    """Count the finished videos by the setting that keeps them out."""
    rendered = GenerationTask.objects
    messages = [
        *rendered.filter(status=Status.NEEDS_REVIEW, error_code__in=LIMITS).values_list("error_message", flat=True),
        *rendered.filter(status=Status.INGESTING, failures__gt=0).values_list("wait_reason", flat=True),
    ]
    sentences = [part for message in messages for part in message.parts if isinstance(part, Sentence)]
    return Counter(str(sentence.args["setting"]) for sentence in sentences if "setting" in sentence.args)


def check_expiring() -> str:
    """Check that no finished video may be lost because its file soon ends at the vendor."""
    count, first = count_expiring(clock.now())
    if first:
        raise CheckFailed(
            f"{count} finished videos are not stored and end at the vendor soon, the first at {first:%Y-%m-%d %H:%M} UTC. "
            "Look at the media storage, the worker's log and the reviews."
        )
    return "no finished video is about to be lost"


def check_lost_files() -> str:
    """Check that the media storage has every file that a row names, as far as that is known."""
    count = LostFile.objects.count()
    if count:
        raise CheckFailed(f"{count} stored files are missing or changed. manage.py lost_files names them; put them back from a backup.")
    return "none"


def check_budgets() -> str:
    """Say how many budgets are in force, and which models they refuse because nobody knows what those cost."""
    count = Budget.objects.filter(enabled=True).count()
    names = [spec.name for spec in unpriced().models] if count else []
    if not names:
        return f"{count} in force" if count else "none"
    shown = _some(names)
    words = f"{count} in force. They refuse {len(names)} models whose cost is not known: {shown}."
    return f"{words} Set their prices, and rates of other currencies, in the admin."


def _some(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    return ", ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else "")


def check_teams() -> str:
    """Check that every video is shared with the team of its task. Only rows that are shared are read, by their indexes."""
    others = Video.objects.filter(team__isnull=False).exclude(task__team=F("team"))
    without = Video.objects.filter(team=None, task__team__isnull=False)
    apart = [*others.values_list("task", flat=True), *without.values_list("task", flat=True)]
    if apart:
        raise CheckFailed(
            f"{len(apart)} videos are not shared with the team of their task. The owner shares the task again, which changes both. "
            f"Tasks: {', '.join(sorted({str(pk) for pk in apart})[:MOST_NAMES])}"
        )
    return "every video is shared as its task is"


def check_accounts() -> Iterator[tuple[str, str | CheckFailed]]:
    """Yield each enabled account's name with what a free call found, each call within `ACCOUNT_PATIENCE_S`."""
    for account in ProviderAccount.objects.enabled():
        account.connect_timeout_s = min(account.connect_timeout_s, ACCOUNT_PATIENCE_S)
        account.read_timeout_s = min(account.read_timeout_s, ACCOUNT_PATIENCE_S)
        finding = probe(account)
        yield str(account), finding.message if finding.ok else CheckFailed(finding.message)


def check_worker(patience_s: float = WORKER_PATIENCE_S, pause: Callable[[float], None] = time.sleep) -> str:
    """Check that a worker takes a message that does nothing, and that no task has been due for minutes."""
    sent = queue.send_open_beat(queue.SUBMIT)
    until = time.monotonic() + patience_s
    while queue.open_beats_wait(sent):
        if time.monotonic() >= until:
            raise CheckFailed(f"No worker took a message within {patience_s:.0f} s. Start one: manage.py worker")
        pause(0.25)
    overdue = GenerationTask.objects.overdue(clock.now(), OVERDUE).count()
    if overdue:
        raise CheckFailed(f"{overdue} tasks have been due for minutes. Look at the worker's log, or start more of them: manage.py worker")
    return "takes messages, nothing overdue"


QUICK: Mapping[str, Callable[[], str]] = {
    "database": check_database,
    "migrations": check_migrations,
    "storage": check_storage_answers,
    "worker": check_worker_seen,
}
"""Checks that write nothing, for /readyz."""
THOROUGH: Mapping[str, Callable[[], str]] = {
    "database": check_database,
    "migrations": check_migrations,
    "storage": check_storage,
    "disk": check_disk,
    "secrets": check_secret_files,
    "media tools": check_media_tools,
    "static files": check_static_files,
    "callbacks": check_public_url,
}
"""Checks that need no tables; `doctor` calls the others by name."""

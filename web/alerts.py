"""What those who look after the portal must know before others notice: looked for every half minute, told when it begins and ends.

A finding is a row of `events.models.Alert` while it lasts. One that is gone within `PATIENCE` is told to nobody. Each worker also looks for
what only its own machine can see, so a row stays as long as anybody finds it.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from database import clock
from database.one_at_a_time import one_at_a_time
from events import outbox
from events.models import Alert
from generation import store
from generation.models import GenerationTask, LiveWorker
from generation.ordering.room import GB, free_bytes
from generation.scheduling.savers import count_expiring
from providers.core.messages import SENTENCES, Message, Sentence, say
from providers.models import ProviderAccount
from web.measures import OVERDUE, event_lag_s
from web.storage_look import look_at_storage

__all__ = ["ALERT_SENTENCES", "Finding", "find", "open_alerts", "watch"]

PATIENCE = timedelta(minutes=1)
GONE_AFTER = timedelta(minutes=2)
"""An alert that nobody has found for so long is over: several looks of every worker."""
EXPIRY_TOLD = timedelta(days=7)
STORAGE_PATIENCE_S = 10.0
LATE_S = 120
REFUSED = frozenset({"account_auth_failed", "account_out_of_credit", "variable_gone", "entry_gone", "given_differs"})
"""Why an account rests that no wait will mend: somebody has to act."""
ALERT_SENTENCES = {
    "alert_worker_silent": _("The worker %(name)s has stopped reporting. Look at its machine and start it again."),
    "alert_storage_away": _("The media storage does not respond on %(machine)s, so no video is saved. Check its address and the network."),
    "alert_disk_low": _("%(free)s GB are free in %(folder)s on %(machine)s. Make room: below %(least)s GB nothing new is ordered."),
    "alert_account": _("The account %(name)s needs a person: new credentials, or credit. Until then it takes nothing. It says:"),
    "alert_credentials_expire": _("The credentials of the account %(name)s expire on %(day)s. Enter new ones before."),
    "alert_credentials_expired": _("The credentials of the account %(name)s expired on %(day)s, as its page says. Enter new ones."),
    "alert_tasks_overdue": _("Tasks have been due for minutes and no worker takes them. Look at the workers' logs, or start more workers."),
    "alert_events_late": _("Webhooks and notices have been late for minutes. Look at the workers' logs: the cluster “deliver” sends them."),
    "alert_expiring": _("Finished videos are not saved and end at the vendor soon. Look at the media storage and the workers' logs."),
}
SENTENCES |= ALERT_SENTENCES


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is wrong now. `subject` tells findings of one code apart; `more` are words of others."""

    code: str
    subject: str = ""
    args: dict[str, str] = field(default_factory=dict)
    more: Message = field(default_factory=Message)

    @property
    def message(self) -> Message:
        return say(self.code, **self.args) + self.more


def find(now: datetime) -> Iterator[Finding]:
    """Yield what is wrong, as far as this machine can see."""
    yield from _of_workers(now)
    yield from _of_files(now)
    yield from _of_accounts(now)


def _of_accounts(now: datetime) -> Iterator[Finding]:
    today = timezone.localdate(now)
    for account in ProviderAccount.objects.enabled().filter(credentials_expire_on__lte=today + EXPIRY_TOLD):
        day = account.credentials_expire_on or today
        code = "alert_credentials_expire" if day >= today else "alert_credentials_expired"
        yield Finding(code=code, subject=str(account.pk), args={"name": account.label, "day": day.isoformat()})
    for account in ProviderAccount.objects.enabled().exclude(cooldown_until=None):
        if any(isinstance(part, Sentence) and part.code in REFUSED for part in account.cooldown_reason.parts):
            yield Finding(code="alert_account", subject=str(account.pk), args={"name": account.label}, more=account.cooldown_reason)


def _of_workers(now: datetime) -> Iterator[Finding]:
    for worker in LiveWorker.objects.silent(now):
        yield Finding(code="alert_worker_silent", subject=worker.instance, args={"name": worker.instance})
    if GenerationTask.objects.overdue(now, OVERDUE).exists():
        yield Finding(code="alert_tasks_overdue")
    if event_lag_s(now) > LATE_S:
        yield Finding(code="alert_events_late")


def _of_files(now: datetime) -> Iterator[Finding]:
    machine = socket.gethostname()
    try:
        look_at_storage(STORAGE_PATIENCE_S)
    except (store.StorageUnavailable, TimeoutError):
        yield Finding(code="alert_storage_away", subject=machine, args={"machine": machine})
    least = 2 * settings.MIN_FREE_BYTES
    for folder, free in free_bytes().items():
        if free < least:
            facts = {"free": f"{free / GB:.1f}", "folder": str(folder), "machine": machine, "least": f"{settings.MIN_FREE_BYTES / GB:g}"}
            yield Finding(code="alert_disk_low", subject=f"{machine}:{folder}", args=facts)
    if count_expiring(now)[0]:
        yield Finding(code="alert_expiring")


def watch() -> None:
    """Look, keep what was found, tell what lasts, and end what is over. Each worker's clock calls it."""
    now = clock.now()
    found = list(find(now))
    with one_at_a_time("alerts"):
        for one in found:
            facts = {"seen_at": now, "message": one.message.as_json()}
            Alert.objects.update_or_create(code=one.code, subject=one.subject, defaults=facts, create_defaults=facts | {"since": now})
        for alert in Alert.objects.filter(told_at=None, since__lte=now - PATIENCE):
            _tell("system.alert", alert, now)
        Alert.objects.filter(told_at=None, since__lte=now - PATIENCE).update(told_at=now)
        over = Alert.objects.filter(seen_at__lte=now - GONE_AFTER)
        for alert in over.exclude(told_at=None):
            _tell("system.recovered", alert, now)
        over.delete()


def _tell(kind: str, alert: Alert, now: datetime) -> None:
    facts = {"code": alert.code, "words": str(Message.of(alert.message)), "message": alert.message, "since": alert.since}
    outbox.write(kind, subject=alert.pk, at=now, facts=facts)


def open_alerts() -> list[Alert]:
    """Return what is wrong and has lasted, the oldest first."""
    now = clock.now()
    return list(Alert.objects.filter(~Q(told_at=None) | Q(since__lte=now - PATIENCE), seen_at__gt=now - GONE_AFTER))

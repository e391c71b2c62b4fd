"""Alerts: what is wrong is told to administrators once when it has lasted, and once when it is over."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client
from django.utils import timezone

from access.callers import Caller
from database import clock
from events.models import Alert
from generation.messages import trouble
from generation.models import LiveWorker
from generation.scheduling.live_workers import sign_in, sign_out
from providers.core.errors import AuthenticationFailed, ProviderDown
from providers.models import ProviderAccount
from web.alerts import find, watch
from webhooks.actions import create
from webhooks.deliver import deliver
from webhooks.models import Delivery, Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def killed() -> LiveWorker:
    """Return a worker that was killed three minutes ago, while another works."""
    sign_in()
    return LiveWorker.objects.create(instance="render-2:17", submit_workers=4, seen_at=clock.now() - timedelta(minutes=3))


def _later(minutes: int) -> None:
    """Let the alerts of now be so much older."""
    past = timedelta(minutes=minutes)
    Alert.objects.update(since=F("since") - past, seen_at=F("seen_at") - past)


@pytest.mark.postgresql
def test_silent_worker_is_told_once_and_is_over_when_it_is_gone(killed: LiveWorker, staff: User, staff_client: Client) -> None:
    create(by=Caller(user=staff), url="https://ops.example.com/in", types=["system.alert", "system.recovered"])
    watch()
    deliver()
    assert (Delivery.objects.count(), Notice.objects.count()) == (0, 0)

    _later(2)
    for _look in range(3):
        watch()
    deliver()

    assert list(Delivery.objects.values_list("type", flat=True)) == ["system.alert"]
    assert "render-2:17" in Delivery.objects.get().body
    assert "render-2:17 has stopped reporting" in staff_client.get("/system/").text
    assert "render-2:17 has stopped reporting" in staff_client.get("/usage/").text  # the notice, on every page

    killed.delete()
    _later(3)
    watch()
    deliver()

    assert sorted(Delivery.objects.values_list("type", flat=True)) == ["system.alert", "system.recovered"]
    assert (Alert.objects.count(), Notice.objects.filter(read_at=None).count()) == (0, 0)


def test_what_lasts_only_a_moment_is_told_to_nobody(killed: LiveWorker, staff: User) -> None:
    watch()
    killed.delete()
    Alert.objects.update(seen_at=F("seen_at") - timedelta(minutes=3))

    watch()
    deliver()

    assert (Alert.objects.count(), Notice.objects.count()) == (0, 0)


def test_a_worker_that_starts_takes_the_place_of_those_that_were_killed_on_its_machine(killed: LiveWorker) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    here, running = socket.gethostname()[:40], f"{socket.gethostname()[:40]}:{os.getppid()}"
    for instance in (f"{here}:{gone.pid}", running):
        LiveWorker.objects.create(instance=instance, submit_workers=4, seen_at=killed.seen_at)
    sign_in()  # not at its start: the killed one is still missed
    assert len(list(find(clock.now()))) == 3

    sign_out()
    sign_in()

    assert {finding.subject for finding in find(clock.now())} == {killed.instance, running}


@pytest.mark.parametrize(("days", "words"), [(8, ""), (7, "expire on"), (0, "expire on"), (-1, "expired on")])
def test_credentials_that_expire_are_told_a_week_before(make_account: Callable[..., ProviderAccount], days: int, words: str) -> None:
    day = timezone.localdate() + timedelta(days=days)
    account = make_account("kling", "official-key", "https://kling.example.com", label="ours")
    ProviderAccount.objects.filter(pk=account.pk).update(credentials_expire_on=day)

    found = [str(one.message) for one in find(clock.now())]

    assert len(found) == bool(words)
    assert all(f"account ours {words} {day}" in one for one in found)


def test_findings_name_what_is_wrong(make_account: Callable[..., ProviderAccount], settings: Any) -> None:
    refused, resting = (make_account("kling", "official-key", f"https://{name}.example.com", label=name) for name in ("refused", "resting"))
    refused.cool_down_for(600, trouble(AuthenticationFailed("no such key")))
    resting.cool_down_for(600, trouble(ProviderDown("not now")))
    settings.MIN_FREE_BYTES = 10**18
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "tests.faulty_storages.FailingStorage"}}

    found = list(find(clock.now()))

    assert {one.code for one in found} == {"alert_account", "alert_disk_low", "alert_storage_away"}
    words = [str(one.message) for one in found if one.code == "alert_account"]
    assert len(words) == 1
    assert "The account refused needs a person" in words[0]
    assert "no such key" in words[0]

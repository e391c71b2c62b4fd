"""Which rows are forgotten after how long, and that many are deleted in small steps."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import Failure, Task
from uuid_utils.compat import uuid7

from access.callers import Caller
from access.models import SharedValue
from events.models import AuditEvent, Event, EventDelivery
from generation.actions.bin import move_to_bin, restore
from generation.models import Attempt, Dispatch, GenerationTask, TaskEvent, Video
from library.collections import add, create
from library.models import BulkJob, BulkState
from tests.task_rows import attempt_of, make_task
from tests.web.page_rows import make_video
from videoportal.retention import forget

pytestmark = pytest.mark.postgresql

A_DAY = timedelta(days=1)


def id_of(at: datetime) -> UUID:
    return uuid7(nanoseconds=int(at.timestamp() * 1_000_000_000))


def days_ago(days: float) -> datetime:
    return timezone.now() - days * A_DAY


def event(days: float, **facts) -> Event:
    return Event.objects.create(id=id_of(days_ago(days)), type="task.failed", subject_id=uuid4(), at=days_ago(days), **facts)


def delivery(days: float, consumer: str) -> EventDelivery:
    at = days_ago(days)
    return EventDelivery.objects.create(id=id_of(at), event=event(days), consumer=consumer, due_at=at)


def test_old_events_go_unless_a_consumer_still_waits_for_them(db, settings):
    settings.EVENT_CONSUMERS = {"hooks": ("task.",)}
    event(31)
    delivery(31, "removed")
    kept = {event(29), delivery(31, "hooks").event, delivery(29, "removed").event}

    forget()

    assert set(Event.objects.all()) == kept


def test_history_goes_long_after_the_end_and_what_money_needs_stays(user, make_account):
    account = make_account("kling", "official-key", "http://127.0.0.1:9")
    long_ago = days_ago(3651)
    ended, live, lately = (
        make_task(user, status=status, account=account, finished_at=at)
        for status, at in (("succeeded", long_ago), ("queued", None), ("failed", days_ago(1094)))
    )
    TaskEvent.objects.all().delete()
    ours = ended.submission_id
    cases = [
        (ended, Dispatch.REJECTED, "", False),
        (ended, Dispatch.ACCEPTED, ours, False),
        (ended, Dispatch.ACCEPTED, "another that nobody follows", True),
        (ended, Dispatch.UNKNOWN, "", True),
        (ended, Dispatch.SENDING, "", True),
        (live, Dispatch.REJECTED, "", True),
        (lately, Dispatch.REJECTED, "", True),
    ]
    kept = set()
    for task, dispatch, submission_id, stays in cases:
        attempt = attempt_of(task, account, id=id_of(long_ago), dispatch=dispatch, submission_id=submission_id)
        kept |= {attempt.pk} if stays else set()
    events = [TaskEvent(id=id_of(long_ago), task=task, at=long_ago, to_status="queued") for task in (ended, live, lately)]
    TaskEvent.objects.bulk_create(events)

    forget()

    assert set(Attempt.objects.values_list("pk", flat=True)) == kept
    assert set(TaskEvent.objects.values_list("task", flat=True)) == {live.pk, lately.pk}
    assert GenerationTask.objects.count() == 3


def test_records_of_people_and_of_jobs_go_after_their_time(user):
    for days in (3651, 3649):
        AuditEvent.objects.create(id=id_of(days_ago(days)), at=days_ago(days), action="price.changed", target_label=str(days))
        LogEntry.objects.create(user=user, action_flag=2, action_time=days_ago(days), object_repr=str(days))
    for days in (31, 29):
        Task.objects.create(id=f"{days}", name=f"{days}", func="jobs.run", started=days_ago(days), stopped=days_ago(days), success=False)
        Session.objects.create(session_key=f"{days}", session_data="", expire_date=days_ago(days - 30))
    for days, ended in ((91, 91), (91, 89), (89, 89), (91, None)):
        state = {"state": BulkState.ENDED, "ended_at": days_ago(ended)} if ended else {"due_at": timezone.now()}
        BulkJob.objects.create(id=id_of(days_ago(days)), owner=user, action="star", newest_seq=0, next_seq=0, total=ended or 0, **state)
    cache.set_many({"lives": 1, "ended": 1}, timeout=60)
    SharedValue.objects.filter(cache_key__contains="ended").update(expires=days_ago(0.001))

    forget()

    assert list(AuditEvent.objects.values_list("target_label", flat=True)) == ["3649"]
    assert list(LogEntry.objects.values_list("object_repr", flat=True)) == ["3649"]
    assert list(Failure.objects.values_list("name", flat=True)) == ["29"]
    assert list(Session.objects.values_list("session_key", flat=True)) == ["29"]
    assert sorted(BulkJob.objects.values_list("total", flat=True)) == [0, 89, 89]
    assert SharedValue.objects.count() == 1
    assert cache.get_many(["lives", "ended"]) == {"lives": 1}


def test_zero_days_keep_everything(db, settings):
    settings.KEPT = dict.fromkeys(settings.KEPT, None)
    event(5000)

    forget()

    assert Event.objects.count() == 1


def test_many_rows_are_deleted_in_small_steps_past_those_that_stay(db, settings):
    settings.EVENT_CONSUMERS = {"hooks": ("task.",)}
    at = days_ago(40)
    waiting = [delivery(41, "hooks").event_id for _ in range(3)]
    old = [Event(id=id_of(at), type="task.failed", subject_id=uuid4(), at=at) for _ in range(1_100)]
    Event.objects.bulk_create(old)

    with CaptureQueriesContext(connection) as statements:
        forget()

    deletions = [one["sql"].count(",") for one in statements if one["sql"].startswith('DELETE FROM "events_event"')]
    assert set(Event.objects.values_list("pk", flat=True)) == set(waiting)
    assert len(deletions) >= 3
    assert max(deletions) <= 500


def test_old_videos_go_into_the_bin_and_starred_collected_and_restored_ones_stay(user, settings):
    caller = Caller(user=user)
    old, starred, restored, binned, new, collected = (
        make_video(user, id=id_of(days_ago(days)), favourite=days == 62) for days in (63, 62, 64, 65, 59, 66)
    )
    add(create(by=caller, name="Winter"), [collected.pk], by=caller)
    for video in (restored, binned):
        move_to_bin(video, by=caller)
    restore(restored, by=caller)
    Video.objects.filter(pk=binned.pk).update(deleted_at=days_ago(5))
    forget()
    assert Video.objects.kept().count() == 5  # by default they are kept for ever

    settings.KEEP_VIDEOS = timedelta(days=60)
    forget()
    forget()

    assert set(Video.objects.kept()) == {starred, restored, new, collected}
    assert Video.objects.get(pk=binned.pk).deleted_at < days_ago(4)
    assert list(AuditEvent.objects.filter(user_id=None).values_list("action", "target_id")) == [("video.binned", str(old.pk))]
    restore(Video.objects.get(pk=old.pk), by=caller)
    forget()
    assert old in Video.objects.kept()


def test_a_video_that_was_restored_stays_longer_than_the_audit_log_until_it_is_deleted_for_good(user, settings):
    settings.KEEP_VIDEOS = timedelta(days=60)
    video = make_video(user, id=id_of(days_ago(4000)))
    facts = {"target_type": "generation.video", "target_id": str(video.pk), "at": days_ago(3651)}
    for action in ("video.restored", "video.starred"):
        AuditEvent.objects.create(id=id_of(days_ago(3651)), action=action, **facts)

    forget()
    forget()

    assert video in Video.objects.kept()
    assert [event.action for event in AuditEvent.objects.all()] == ["video.restored"]
    Video.objects.update(deleted_at=timezone.now(), purged_at=timezone.now())
    forget()
    assert not AuditEvent.objects.exists()

"""Links that are given out before their video exists: they wait for it, play it, and say when it will never come."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from access.callers import Caller
from delivery.links import replace_url, task_url, video_url
from delivery.waiting import WAITER, Waiter
from generation.actions.bin import move_to_bin
from generation.lifecycle import Status
from generation.models import GenerationTask
from tests.delivery.test_links import opened
from tests.task_rows import make_task
from tests.web.page_rows import BYTES, make_video

LIVE = (Status.QUEUED, Status.RUNNING, Status.NEEDS_REVIEW)


@pytest.fixture
def task(user: User) -> GenerationTask:
    return make_task(user)


def finish(task: GenerationTask):
    make_task_end(task, Status.SUCCEEDED)
    return make_video(task.owner, task=task)


def make_task_end(task: GenerationTask, status: Status) -> None:
    facts = {"due_at": None, "finished_at": timezone.now(), "submission_id": f"vendor-{task.pk}"}
    GenerationTask.objects.filter(pk=task.pk).update(status=status, **facts)


def test_it_answers_404_until_the_video_is_there_and_then_plays_with_one_query(task, settings, django_assert_num_queries):
    settings.HELD_ANSWER_S = 0
    address = task_url(task, "")
    for status in LIVE:
        due_at = None if status is Status.NEEDS_REVIEW else timezone.now()
        GenerationTask.objects.filter(pk=task.pk).update(status=status, due_at=due_at, submission_id=f"vendor-{task.pk}")
        reply = opened(address)
        assert (reply.status_code, reply["Retry-After"], reply["Cache-Control"]) == (404, "10", "no-store"), status
        assert (reply["Access-Control-Allow-Origin"], "Refresh" in reply) == ("*", False)
        assert all(words in reply.body.decode() for words in ("is being made", "视频正在生成"))
    video = finish(task)

    with django_assert_num_queries(1):
        reply = opened(address)
    part, head = opened(address, range="bytes=10-19"), Client().head(address)
    assert (reply.status_code, reply.body, reply["Content-Type"], reply["Cache-Control"]) == (200, BYTES, "video/mp4", "private, no-cache")
    assert (part.status_code, part.body, head.status_code, head["Content-Length"]) == (206, BYTES[10:20], 200, "1000")
    assert opened(address.replace("video.mp4", "poster.webp"))["Content-Type"] == "image/webp"
    assert task_url(GenerationTask.objects.get(pk=task.pk), "") == video_url(video, "")


def test_a_player_waits_without_a_thread_and_the_second_run_plays(task):
    address, player = task_url(task, ""), Client()

    first = player.get(address, headers={"Accept": "*/*", "Range": "bytes=0-"}, **{WAITER: None})
    assert isinstance(first.waiter, Waiter)
    assert first.waiter.by == Caller(user=task.owner)
    finish(task)
    reply = player.get(address, headers={"Accept": "*/*", "Range": "bytes=0-"}, **{WAITER: first.waiter})

    assert (reply.status_code, reply.getvalue(), reply["Access-Control-Allow-Origin"]) == (206, BYTES, "*")
    assert not hasattr(reply, "waiter")


def test_the_second_run_asks_again_whether_the_link_works(task):
    address = task_url(task, "")
    waiter = Client().get(address, **{WAITER: None}).waiter
    User.objects.filter(pk=task.owner_id).update(is_active=False)

    assert "Retry-After" not in Client().get(address, **{WAITER: waiter})


def test_who_asks_for_headers_or_opens_the_page_is_answered_at_once(task):
    address = task_url(task, "")
    head = Client().head(address, **{WAITER: None})
    page = Client().get(address, headers={"Accept": "text/html,*/*;q=0.8"}, **{WAITER: None})

    assert [(reply.status_code, hasattr(reply, "waiter")) for reply in (head, page)] == [(404, False)] * 2
    assert page["Refresh"] == "10"
    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert "This video is being made." in page.content.decode()
    chinese = Client().get(address, headers={"Accept": "text/html", "Accept-Language": "zh-CN"}).content.decode()
    assert '<html lang="zh-hans">' in chinese
    assert "视频正在生成" in chinese


def test_a_video_that_will_never_come_is_gone_and_strangers_are_not_told_why(user):
    for status in (Status.FAILED, Status.CANCELLED):
        task = make_task(user, status=status, error_code="content_rejected", error_message="no foxes")
        reply = Client().get(task_url(task, ""), **{WAITER: None})

        assert (reply.status_code, reply["Cache-Control"]) == (410, "no-store")
        assert "no foxes" not in reply.content.decode()
        assert "rejected" not in reply.content.decode()


def test_it_ends_with_the_video_with_its_url_with_its_owner_and_with_its_last_day(user, settings):
    tasks = [make_task(user) for _number in range(3)]
    addresses = [task_url(task, "") for task in tasks]
    videos = [finish(task) for task in tasks]
    settings.LINK_DAYS = -1  # as an address that was given out long ago
    old = task_url(make_task(user), "")

    move_to_bin(videos[0], by=Caller(user=user))
    replace_url(videos[1], by=Caller(user=user))

    assert [opened(address).status_code for address in addresses] == [404, 404, 200]
    assert "Retry-After" not in opened(addresses[0])
    assert opened(old).body == opened("/v/x/video.mp4").body
    assert opened(addresses[2].replace("/v/A", "/v/B")).status_code == 404
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert opened(addresses[2]).status_code == 404

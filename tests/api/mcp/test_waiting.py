"""Calls that wait: they hear of progress, end with the task, and hold nothing while they wait."""

from __future__ import annotations

import math
import threading
import time
from contextlib import closing
from functools import partial
from uuid import uuid4

import anyio
import pytest
from anyio import to_thread
from django.db import connection

from access.callers import Caller
from access.models import ApiToken
from access.tokens import revoke
from api.mcp import calls
from api.mcp.watcher import MOST_WAITING, Watcher
from generation.lifecycle import Status
from generation.models import GenerationTask
from library.index import index_waiting
from tests.api.mcp.talking import sender_for, talk, text_of
from tests.task_rows import make_task

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


WAITS = 20


def in_a_thread(work):
    """Return what runs `work` in another thread and closes its connection."""

    def run(*args):
        try:
            return work(*args)
        finally:
            connection.close()

    return lambda *args: to_thread.run_sync(run, *args)


def waits(sender, task, at_first_notice, **arguments):
    """Return the result of wait_video, and its notices. At the first one, `at_first_notice` is done."""
    notices = []

    async def conversation(client):
        async def hear(progress, total, message):
            notices.append((progress, total, message))
            if len(notices) == 1:
                await in_a_thread(at_first_notice)()

        return await client.call_tool("wait_video", {"task_id": str(task.pk)} | arguments, progress_callback=hear)

    return talk(sender, conversation), notices


@pytest.mark.slow
def test_a_wait_ends_with_the_video_which_plays_without_a_token_and_is_found(user, driver, client):
    sender = sender_for(user)

    async def conversation(connected):
        order = {"model": "kling/kling-v2-5-turbo", "prompt": "a fox in the snow"}
        task_id = (await connected.call_tool("create_video", order)).structured_content["task_id"]
        notices = []

        async def hear(_progress, _total, message):
            notices.append(message)
            if len(notices) == 1:
                await in_a_thread(driver.finish)(await in_a_thread(GenerationTask.objects.get)())

        done = await connected.call_tool("wait_video", {"task_id": task_id}, progress_callback=hear)
        await in_a_thread(index_waiting)()
        found = await connected.call_tool("search_videos", {"query": "snow"})
        return notices, done.structured_content, found.structured_content

    notices, done, found = talk(sender, conversation)

    [video] = done["videos"]
    assert (notices[0], done["status"]) == ("It is waiting for its turn.", "succeeded")
    assert found["videos"] == [video]
    assert video["prompt"] == "a fox in the snow"
    with closing(client.get(video["url"].partition("8000")[2])) as file:
        assert file.headers["content-type"] == "video/mp4"


def test_each_change_is_reported_and_the_time_only_grows(user):
    task = make_task(user, status=Status.RUNNING, progress=10)

    def go_on():
        GenerationTask.objects.update(progress=60)

    result, notices = waits(sender_for(user), task, go_on, timeout_seconds=3)

    assert [message for _progress, _total, message in notices] == [f"The vendor is rendering it. ({done} %)" for done in (10, 60)]
    assert [progress for progress, _total, _message in notices] == sorted({progress for progress, _total, _message in notices})
    assert (result.structured_content["status"], result.is_error) == ("running", False)


def test_a_token_that_ends_ends_the_wait(user):
    sender, task = sender_for(user), make_task(user, status=Status.RUNNING)

    def end():
        revoke(ApiToken.objects.get(), by=Caller(user=user))

    began = time.monotonic()
    result, _notices = waits(sender, task, end, timeout_seconds=60)

    assert "Send a valid token" in text_of(result)
    assert time.monotonic() - began < 30  # not the end of the wait


def test_twenty_waits_hold_up_no_other_call(user):
    sender, task = sender_for(user), make_task(user, status=Status.RUNNING)
    used = set()

    async def conversation(client):
        async with anyio.create_task_group() as group:
            told = anyio.Event()
            heard = 0

            async def hear(*_notice):
                nonlocal heard
                heard += 1
                if heard == WAITS:
                    told.set()

            arguments = {"task_id": str(task.pk), "timeout_seconds": 60}
            for _number in range(WAITS):
                group.start_soon(partial(client.call_tool, "wait_video", arguments, progress_callback=hear))
            await told.wait()
            used.update(thread.name for thread in threading.enumerate() if thread.name.startswith("mcp"))
            other = await client.call_tool("search_videos", {})
            group.cancel_scope.cancel()
            return other

    assert not talk(sender, conversation).is_error
    assert len(used) <= calls.THREADS


def test_a_time_that_is_no_number_is_refused_and_the_server_goes_on(user):
    sender, task = sender_for(user), make_task(user, status=Status.RUNNING)

    async def conversation(client):
        wrong = await client.call_tool("wait_video", {"task_id": str(task.pk), "timeout_seconds": math.nan})
        return wrong, await client.call_tool("wait_video", {"task_id": str(task.pk), "timeout_seconds": 0})

    wrong, other = talk(sender, conversation)

    assert wrong.is_error
    assert other.structured_content["status"] == "running"


def test_no_token_has_more_waits_than_are_left_for_the_others():
    watcher, waiting = Watcher(), []

    async def wait(token):
        waiting.append(token)
        await watcher.wait(uuid4(), token, 60, tell)
        waiting.remove(token)

    async def tell(_look):
        """Nothing is looked at here."""

    async def run():
        async with anyio.create_task_group() as group:
            counts = []
            for token in (uuid4(), uuid4()):
                for _number in range(MOST_WAITING):
                    group.start_soon(wait, token)
                await anyio.wait_all_tasks_blocked()
                counts.append(waiting.count(token))
            group.cancel_scope.cancel()
        return counts

    assert anyio.run(run) == [MOST_WAITING // 2, MOST_WAITING // 4]

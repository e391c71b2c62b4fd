"""A vendor that renders while it is asked names its video by an address, however long: what is finished is fetched, its outcome known."""

from __future__ import annotations

import pytest
from django.utils import timezone

from generation import store
from generation.lifecycle import Status
from generation.models import Dispatch, GenerationTask, Video
from generation.submitting.acceptance import accept
from providers.core.errors import UnexpectedReply
from providers.core.types import LONGEST_ID_BYTES, Submission
from providers.models import ProviderAccount
from tests.task_rows import attempt_of, create_task, make_task

COGVIDEO = "cogvideox/cogvideox-2b"


@pytest.fixture
def account(sandbox_accounts, simulator):
    """An account of a service that answers a submit with the video."""
    simulator.settings(render_s=0.1)
    ProviderAccount.objects.filter(vendor="cogvideox").update(base_url=f"{simulator.url}/hosts/cogvideox-sync")
    return ProviderAccount.objects.get(vendor="cogvideox")


def test_video_with_a_long_signed_address_is_stored(user, driver, account):
    task = driver.finish(create_task(owner=user, model=COGVIDEO, prompt="a boat #fault:long-address", params={}))

    assert (task.status, store.size(Video.objects.get(task=task).file) > 0) == (Status.SUCCEEDED, True)
    assert len(task.submission_id) > 1_500
    assert task.attempts.get().submission_id == task.submission_id


def test_longest_address_is_kept_and_followed_by_one_task_alone(user, account):
    address = Submission(id=f"https://files.example/{'v' * LONGEST_ID_BYTES}"[:LONGEST_ID_BYTES], model="cogvideox-2b", kind="finished")
    tasks = [make_task(user, model=COGVIDEO, status=Status.SUBMITTING, account=account) for _ in range(2)]

    for task in tasks:
        accept(task, attempt_of(task, account, dispatch=Dispatch.SENDING, sender_gone_at=timezone.now()), address)

    rows = [GenerationTask.objects.get(pk=task.pk) for task in tasks]
    assert [row.status for row in rows] == [Status.RUNNING, Status.NEEDS_REVIEW]
    assert (rows[0].submission_id, rows[1].submission_id) == (address.id, "")


@pytest.mark.parametrize("name", ["x" * (LONGEST_ID_BYTES + 1), "视" * LONGEST_ID_BYTES])
def test_id_that_is_too_long_to_keep_is_an_unexpected_reply(name):
    with pytest.raises(UnexpectedReply, match="more than 2000 bytes"):
        Submission(id=name, model="cogvideox-2b")

"""One change to many videos: at once, in the background, killed, cancelled, taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection

from access.callers import Caller
from events.models import AuditEvent
from generation.errors import Conflict, InvalidRequest, NotAllowed
from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from library import bulk
from library.bulk import bulk_soon, cancel, start, step, undo
from library.collections import create, delete, seen_in
from library.index import index_waiting
from library.models import BulkJob, BulkState, Obstacle, VideoTag
from tests.task_rows import make_task
from tests.web.page_rows import make_video, make_videos

pytestmark = pytest.mark.postgresql


def caller(user):
    return Caller(user=User.objects.get(pk=user.pk))


def lease(job):
    """Let the clock lease the job; return its fence."""
    BulkJob.objects.filter(pk=job.pk, due_at__isnull=False).update(due_at=job.created_at)
    assert bulk_soon() == 1
    return BulkJob.objects.get(pk=job.pk).fence


def index_all():
    while index_waiting():
        pass


def numbers(job):
    job.refresh_from_db()
    return job.state, job.changed, job.skipped


def test_chosen_videos_are_changed_at_once_where_one_may(user, other_user):
    mine, theirs = [make_video(user) for _number in range(3)], make_video(other_user)
    ids = [video.pk for video in (*mine, theirs)]
    collection = create(by=caller(user), name="Winter")
    for action, arguments, skipped in (
        ("tag", {"tags": ["Night", "city"]}, 1),
        ("untag", {"tags": ["night"]}, 1),
        ("rate", {"rating": 3}, 1),
        ("star", {"starred": True}, 1),
        ("collect", {"collection": collection.pk}, 1),
    ):
        job = start(by=caller(user), action=action, arguments=arguments, ids=ids)
        assert numbers(job) == (BulkState.ENDED, 3, skipped), action

    assert set(Video.objects.filter(owner=user).values_list("rating", "favourite")) == {(3, True)}
    assert list(VideoTag.objects.values_list("name", flat=True)) == ["city"] * 3
    assert seen_in(collection, caller(user)).count() == 3
    assert AuditEvent.objects.filter(action="bulk.started").count() == 5


def test_a_team_gets_the_tasks_of_chosen_videos(user, other_user):
    team = Group.objects.create(name="films")
    user.groups.add(team)
    mine, theirs = make_video(user), make_video(other_user)

    job = start(by=caller(user), action="share", arguments={"team": "films"}, ids=[mine.pk, theirs.pk])
    mine.refresh_from_db()
    assert (numbers(job), mine.team, GenerationTask.objects.get(videos=mine).team) == ((BulkState.ENDED, 1, 1), team, team)
    start(by=caller(user), action="share", arguments={"team": None}, ids=[mine.pk])
    mine.refresh_from_db()
    assert mine.team is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("action", "arguments"), [("tag", {"tags": ["night"]}), ("bin", {})])
def test_videos_are_shared_while_they_are_changed_in_another_way(action, arguments, user):
    user.groups.add(Group.objects.create(name="films"))
    tasks = [make_task(user, status=Status.SUCCEEDED) for _number in range(60)]
    ids = [make_video(user, task=task).pk for task in reversed(tasks)]  # the first task was rendered last

    def change(action, arguments):
        try:
            return start(by=caller(user), action=action, arguments=arguments, ids=ids)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for team in ("films", None) * 4:
            jobs = [pool.submit(change, "share", {"team": team}), pool.submit(change, action, arguments)]
            assert [job.result().state for job in jobs] == [BulkState.ENDED] * 2
            if action == "bin":
                assert undo(jobs[1].result(), by=caller(user)).changed == len(ids)


def test_the_bin_is_undone_for_what_this_job_moved_there_and_nothing_else(user, other_user):
    videos = [make_video(user) for _number in range(4)]
    earlier = start(by=caller(user), action="bin", arguments={}, ids=[videos[0].pk])
    job = start(by=caller(user), action="bin", arguments={}, ids=[video.pk for video in videos])
    assert (numbers(job), Video.objects.in_bin().count()) == ((BulkState.ENDED, 3, 1), 4)

    with pytest.raises(NotAllowed):
        undo(job, by=caller(other_user))
    assert undo(job, by=caller(user)).changed == 3
    assert list(Video.objects.in_bin()) == videos[:1]
    assert undo(job, by=caller(user)).changed == 0
    assert undo(earlier, by=caller(user)).changed == 1
    with pytest.raises(Conflict):
        undo(start(by=caller(user), action="star", arguments={}, ids=[videos[0].pk]), by=caller(user))


def test_what_is_no_change_is_refused_by_field(user, other_user):
    video = make_video(user)
    for action, arguments, ids, field in (
        ("tag", {"tags": [" "]}, [video.pk], "tags"),
        ("collect", {}, [video.pk], "collection"),
        ("share", {"team": "films"}, [video.pk], "team"),
        ("restore", {}, [video.pk], "action"),
        ("bin", {}, [], "videos"),
    ):
        with pytest.raises(InvalidRequest) as refusal:
            start(by=caller(user), action=action, arguments=arguments, ids=ids)
        assert list(refusal.value.fields) == [field]
    assert not BulkJob.objects.exists()


def test_a_filter_is_changed_in_the_background_and_a_killed_step_is_done_again(user, other_user):
    make_videos(user, 450)
    other = make_video(other_user, prompt="a red boat")
    make_video(user, prompt="a green hill")
    index_all()
    job = start(by=caller(user), action="tag", arguments={"tags": ["night"]}, wanted={"q": "red boat"})
    later = make_video(user, prompt="a red boat")  # came after it was asked for
    index_all()

    fence = lease(job)
    assert bulk._part(job.pk, fence) is True  # then the process dies
    assert numbers(job) == (BulkState.RUNNING, 200, 0)
    again = lease(job)
    step(job.pk, fence)  # its message comes twice: the fence decides
    assert numbers(job) == (BulkState.RUNNING, 200, 0)
    step(job.pk, again)

    assert (numbers(job), job.total) == ((BulkState.ENDED, 450, 0), 450)
    assert VideoTag.objects.filter(name="night").count() == 450
    assert not VideoTag.objects.filter(video__in=[later, other]).exists()


def test_a_job_of_many_is_cancelled_or_undone_in_the_background(user, other_user):
    ids = make_videos(user, 420)
    job = start(by=caller(user), action="bin", arguments={}, ids=ids)
    with pytest.raises(Conflict):
        undo(job, by=caller(user))
    assert bulk._part(job.pk, lease(job)) is True
    with pytest.raises(NotAllowed):
        cancel(job, by=caller(other_user))
    cancel(job, by=caller(user))
    step(job.pk, job.fence)
    assert (numbers(job), job.obstacle) == ((BulkState.CANCELLED, 200, 0), "")

    rest = start(by=caller(user), action="bin", arguments={}, ids=ids)
    step(rest.pk, lease(rest))
    assert (numbers(rest), Video.objects.in_bin().count()) == ((BulkState.ENDED, 220, 200), 420)
    back = undo(rest, by=caller(user))
    step(back.pk, lease(back))
    assert (numbers(back), Video.objects.in_bin().count()) == ((BulkState.ENDED, 220, 0), 200)


def test_a_job_ends_with_the_rights_of_its_owner(user):
    ids = make_videos(user, 250)
    job = start(by=caller(user), action="star", arguments={}, ids=ids)
    User.objects.filter(pk=user.pk).update(is_active=False)

    step(job.pk, lease(job))

    assert (numbers(job), Video.objects.filter(favourite=True).count()) == ((BulkState.CANCELLED, 0, 0), 0)
    assert job.obstacle == Obstacle.BLOCKED


def test_a_filter_that_means_nothing_any_more_changes_nothing(user, other_user):
    """A page leaves out what it does not understand; a change would then be of everything."""
    make_videos(user, 3)
    index_all()
    place, theirs = create(by=caller(user), name="drafts"), create(by=caller(other_user), name="theirs")
    for wanted in ({"colletion": str(place.pk)}, {"collection": str(theirs.pk)}, {"q": "boat", "model": "none"}, {"q": "?!"}):
        with pytest.raises(InvalidRequest) as refused:
            start(by=caller(user), action="bin", arguments={}, wanted=wanted)
        assert list(refused.value.fields) == ["filter"]
    job = start(by=caller(user), action="bin", arguments={}, wanted={"collection": str(place.pk)})
    delete(place, by=caller(user))

    step(job.pk, lease(job))

    assert (numbers(job), Video.objects.in_bin().count()) == ((BulkState.CANCELLED, 0, 0), 0)
    assert job.obstacle == Obstacle.FILTER


def test_a_job_ends_when_its_collection_or_its_team_is_gone(user):
    ids = make_videos(user, 250)
    others, team = Group.objects.create(name="others"), Group.objects.create(name="films")
    user.groups.add(others, team)
    Video.objects.update(team=others)
    winter = create(by=caller(user), name="Winter")
    jobs = [
        start(by=caller(user), action="collect", arguments={"collection": winter.pk}, ids=ids),
        start(by=caller(user), action="share", arguments={"team": "films"}, ids=ids),
    ]
    delete(winter, by=caller(user))
    team.delete()

    assert bulk_soon() == 2
    for job in jobs:
        step(job.pk, fence=1)
        assert (numbers(job), job.obstacle) == ((BulkState.CANCELLED, 0, 0), Obstacle.TARGET), job
    assert Video.objects.filter(team=others).count() == 250

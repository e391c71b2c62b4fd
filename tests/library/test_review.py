"""Decisions about a video, and what people say of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection

from access.callers import Caller
from access.models import TeamRules
from events.models import Event
from generation.errors import Conflict, InvalidRequest, NotAllowed
from generation.models import Video
from library import comments
from library.models import Comment, Decision
from library.review import review, waiting_for
from providers.messages import translated
from tests.web.page_rows import make_video
from webhooks.fan_out import fan_out
from webhooks.models import Endpoint, Notice


@pytest.fixture
def team(user: User, other_user: User) -> Group:
    films = Group.objects.create(name="films")
    films.user_set.set([user, other_user])
    return films


@pytest.fixture
def video(user: User, team: Group) -> Video:
    return make_video(user, team=team)


def test_decisions_are_the_state_and_the_history_and_are_indexed(video, user, other_user):
    me, mate = Caller(user=user), Caller(user=other_user)
    Video.objects.filter(pk=video.pk).update(to_index_at=None)
    for state, by, note in (("wanted", me, ""), ("rejected", mate, "too dark"), ("wanted", me, ""), ("approved", mate, ""), ("", mate, "")):
        review(video, state, by=by, note=note)
        assert Video.objects.get(pk=video.pk).review_state == state
    assert Video.objects.get(pk=video.pk).to_index_at is not None
    told = [(one.state, one.note, one.by) for one in Decision.objects.filter(video=video).order_by("id")]
    assert told[:2] == [("wanted", "", user), ("rejected", "too dark", other_user)]
    events = Event.objects.filter(type="video.reviewed").order_by("id")
    assert [one.facts["state"] for one in events] == ["wanted", "rejected", "wanted", "approved", "none"]


def test_a_repeat_changes_nothing_and_a_rejection_says_why(video, other_user):
    mate = Caller(user=other_user)
    for _ in range(2):
        review(video, "rejected", by=mate, note=" too dark ", seen="")
    review(make_video(other_user), "", by=mate)
    with pytest.raises(InvalidRequest):
        review(video, "rejected", by=mate, note=" ")
    with pytest.raises(InvalidRequest):
        review(video, "approved", by=mate, note="x" * 2001)
    assert Decision.objects.count() == 1


def test_the_owner_approves_unless_the_team_wants_another_person(video, team, user, other_user, staff):
    rules = TeamRules.objects.create(team=team, approved_by_another=True)
    with pytest.raises(NotAllowed) as refusal:
        review(video, "approved", by=Caller(user=user))
    assert refusal.value.code == "another_person"
    review(video, "approved", by=Caller(user=other_user))
    review(video, "rejected", by=Caller(user=user), note="no, I saw a mistake")
    rules.delete()
    review(video, "approved", by=Caller(user=user))
    with pytest.raises(NotAllowed):
        review(video, "wanted", by=Caller(user=other_user))


def test_a_decision_about_another_state_is_refused(video, user, other_user):
    stale = Video.objects.get(pk=video.pk)
    review(video, "approved", by=Caller(user=user))
    for seen in (None, "wanted"):
        with pytest.raises(Conflict) as refusal:
            review(stale, "rejected", by=Caller(user=other_user), note="no", seen=seen)
        assert refusal.value.code == "decided_meanwhile"
    assert [one.state for one in Decision.objects.all()] == ["approved"]


def decided_at_once(video: Video, *decisions: tuple[str, User]) -> list[str]:
    """Decide all of this at the same moment. Return what counted, and "conflict" for the others."""
    start = Barrier(len(decisions))

    def decide(state: str, by: User) -> str:
        start.wait(10)
        try:
            review(Video.objects.get(pk=video.pk), state, by=Caller(user=by), note="so", seen="")
        except Conflict:
            return "conflict"
        finally:
            connection.close()
        return state

    with ThreadPoolExecutor(len(decisions)) as pool:
        return list(pool.map(decide, *zip(*decisions, strict=True)))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_decisions_at_once_one_counts(user, other_user):
    films = Group.objects.create(name="films")
    films.user_set.set([user, other_user])
    video = make_video(user, team=films)

    won = {*decided_at_once(video, ("approved", user), ("rejected", other_user))} - {"conflict"}

    assert {Video.objects.get(pk=video.pk).review_state} == won == {one.state for one in Decision.objects.all()}
    assert Event.objects.filter(type="video.reviewed").count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_clicks_of_one_person_at_once_are_one_decision(user):
    for _round in range(5):
        video = make_video(user)
        assert decided_at_once(video, ("approved", user), ("approved", user)) == ["approved", "approved"]
        assert Decision.objects.filter(video=video).count() == 1


def test_the_owner_gets_a_notice_and_endpoints_get_the_event(video, user, other_user):
    Endpoint.objects.create(owner=user, kind="webhook", url="https://shop.example/h", types=["video.reviewed"])
    review(video, "wanted", by=Caller(user=user))
    review(video, "rejected", by=Caller(user=other_user), note="太暗")
    fan_out()

    (notice,) = Notice.objects.all()
    assert (notice.owner, notice.url) == (user, f"/videos/{video.pk}/")
    assert translated(notice.message) == f"“a boat” was rejected by {other_user.username}. 太暗"
    bodies = [one.body for one in Endpoint.objects.get().deliveries.order_by("id")]
    assert ['"state": "wanted"' in bodies[0], '"state": "rejected"' in bodies[1]] == [True, True]


def test_the_queue_has_what_others_wait_for_the_longest_first(team, user, other_user, django_assert_num_queries):
    me, mate = Caller(user=user), Caller(user=other_user)
    first, second, private = make_video(user, team=team), make_video(user, team=team), make_video(user)
    for one in (second, first, private):
        review(one, "wanted", by=me)
    assert (list(waiting_for(mate)), list(waiting_for(me)), list(waiting_for(me, mine=True))) == (
        [second, first],
        [],
        [second, first, private],
    )
    review(second, "approved", by=mate)
    assert list(waiting_for(mate)) == [first]


def test_comments_are_in_the_order_of_the_video(video, user, other_user):
    me, mate = Caller(user=user), Caller(user=other_user)
    whole = comments.add(video, "good", by=me)
    late, early = (comments.add(video, "here", by=mate, at_s=at) for at in (4.5, 0.0))
    assert comments.comments_of(video) == [early, late, whole]
    for text, at in (("", None), ("x" * 2001, None), ("x", 5.2), ("x", -1), ("x", float("nan"))):
        with pytest.raises(InvalidRequest):
            comments.add(video, text, by=me, at_s=at)
    assert comments.add(video, "the end", by=me, at_s=5.04).at_s == video.duration_s  # as a player rounds it


def test_people_edit_and_delete_their_own_comments_and_resolve_all(video, user, other_user, staff):
    me, mate = Caller(user=user), Caller(user=other_user)
    theirs = comments.add(video, "slower", by=mate, at_s=1)
    for refused in (lambda: comments.change(theirs, by=me, text="faster"), lambda: comments.delete(theirs, by=me)):
        with pytest.raises(NotAllowed):
            refused()
    comments.change(theirs, by=mate, text="faster")
    comments.change(theirs, by=me, resolved=True)
    stored = Comment.objects.get()
    assert (stored.text, stored.edited_at is not None, stored.resolved_by) == ("faster", True, user)
    comments.change(theirs, by=mate, resolved=False)
    assert Comment.objects.get().resolved_at is None
    comments.delete(theirs, by=Caller(user=staff))
    assert not Comment.objects.exists()


def test_times_are_read_as_people_type_them():
    read = {text: comments.moment_typed(text) for text in ("", "0:03", "3", "1:02:03.5", "0：07", "90.25")}
    assert read == {"": None, "0:03": 3, "3": 3, "1:02:03.5": 3723.5, "0：07": 7, "90.25": 90.25}
    for text in ("x", "1:2:3:4", "-1", "1:", "١"):
        with pytest.raises(InvalidRequest):
            comments.moment_typed(text)

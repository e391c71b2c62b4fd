"""A task and its videos are shared together, also those that are saved at that moment; who shares is its owner and in the team."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from access.callers import Caller
from access.models import Preference
from access.tokens import issue
from events.models import AuditEvent
from generation.actions.retry import retry_task
from generation.actions.share import share
from generation.errors import InvalidRequest
from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from tests.task_rows import MODEL, create_task, make_task
from tests.web.page_rows import make_video

FORM = {"model": MODEL, "prompt": "a boat at dawn", "count": "1", "duration_s": "5", "aspect_ratio": "16:9", "mode": "std"}


@pytest.fixture
def team(user: User, other_user: User) -> Group:
    films = Group.objects.create(name="films")
    films.user_set.set([user, other_user])
    return films


@pytest.fixture
def visitor(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_it_is_recorded_once_and_reaches_every_video(user, team):
    video = make_video(user)
    for wanted in (team, team, None, None):
        share(video.task, wanted, by=Caller(user=user))
        video.refresh_from_db()
        assert video.team == video.task.team == wanted

    assert list(AuditEvent.objects.order_by("id").values_list("before", "after")) == [
        ({"team": None}, {"team": "films"}),
        ({"team": "films"}, {"team": None}),
    ]


def test_a_team_that_one_has_left_is_no_team_of_theirs(user, team):
    task, by = make_task(user), Caller(user=user)
    user.groups.clear()

    with pytest.raises(InvalidRequest):
        share(task, team, by=by)
    assert GenerationTask.objects.get().team is None


def test_a_video_that_is_saved_later_has_the_team_of_then(driver, user, team):
    task = create_task(owner=user, model=MODEL, prompt="a boat")
    driver.until(task, Status.RUNNING)
    share(task, team, by=Caller(user=user))

    driver.finish(task)
    assert Video.objects.get().team == team


def test_a_retry_stays_in_the_team_as_long_as_its_owner_does(user, team, sandbox_accounts):
    task = make_task(user, status=Status.FAILED, error_code="refused", team=team)

    assert retry_task(task, by=Caller(user=user)).task.team == team
    user.groups.clear()
    assert retry_task(task, by=Caller(user=user)).task.team is None


def test_the_studio_offers_ones_teams_and_orders_for_the_chosen_one(visitor, user, team, sandbox_accounts):
    Group.objects.create(name="others")
    Preference.objects.create(user=user, default_team=team)

    form = visitor.get("/studio/", {"model": MODEL}).context["form"]
    assert [str(label) for _value, label in form.fields["team"].choices] == ["Nobody", "films"]
    assert form["team"].value() == team.pk
    visitor.post("/studio/", FORM | {"team": team.pk})
    assert [task.team for task in GenerationTask.objects.all()] == [team]


def test_the_studio_refuses_a_team_that_one_has_left(visitor, user, team, sandbox_accounts):
    user.groups.clear()

    reply = visitor.post("/studio/", FORM | {"team": team.pk})
    assert "You are no longer in this team" in reply.text
    assert "team" not in visitor.get("/studio/").context["form"].fields
    assert not GenerationTask.objects.exists()


def test_the_panel_changes_the_team_without_script(visitor, user, team):
    video = make_video(user)

    for wanted, words in ((str(team.pk), "Shared with films."), ("", "Shared with nobody.")):
        assert "<option" in visitor.get(f"/videos/{video.pk}/").text
        reply = visitor.post(f"/tasks/{video.task_id}/share", {"team": wanted}, headers={"referer": f"/videos/{video.pk}/"}, follow=True)
        assert words in reply.text


def test_the_settings_keep_the_usual_team(visitor, user, team):
    others = Group.objects.create(name="others")
    for wanted in (team, others):
        visitor.post("/settings/", {"time_zone": "", "team": wanted.pk})

    assert Preference.objects.get(user=user).default_team == team


def test_programs_order_for_a_team_by_its_name(user, team, sandbox_accounts):
    client = Client(headers={"authorization": f"Bearer {issue(user, 'shop')[1]}"})

    def order(**body: str) -> dict[str, object]:
        reply = client.post("/api/v1/tasks", {"model": MODEL, "prompt": "a boat", **body}, content_type="application/json")
        return reply.json()

    assert order(team="films")["team"] == "films"
    assert order()["team"] is None
    assert "team" in order(team="none of mine")["error"]["fields"]  # type: ignore[index]

"""Staff see everybody's tasks and videos. Acting on them takes the permission to change them, on pages and in the API alike."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from access.tokens import issue
from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from tests.task_rows import make_task

ACTS = ["page cancel", "page retry", "API cancel", "API retry", "star"]


@pytest.fixture
def rows(user: User) -> dict[str, GenerationTask]:
    """One task of `user` that waits, and one that failed."""
    return {"cancel": make_task(user), "retry": make_task(user, status=Status.FAILED, error_code="refused")}


@pytest.fixture
def video(user: User) -> Video:
    task = make_task(user, status=Status.SUCCEEDED)
    return Video.objects.create(
        task=task, owner=user, model=task.model, duration_s=5, width_px=640, height_px=360, fps=24, codec="h264", size_bytes=1, sha256="0"
    )


def act(client: Client, what: str, rows: dict[str, GenerationTask], video: Video) -> int:
    """Do it as this person and return the status; a script's header keeps a refusal from being a page."""
    if what == "star":
        return client.post(f"/videos/{video.pk}/star").status_code
    entry, verb = what.split()
    if entry == "page":
        return client.post(f"/tasks/{rows[verb].pk}/{verb}", headers={"HX-Request": "true"}).status_code
    person = User.objects.get(pk=client.session["_auth_user_id"])
    headers = {"authorization": f"Bearer {issue(person, 'tests')[1]}"}
    return Client().post(f"/api/v1/tasks/{rows[verb].pk}/{verb}", headers=headers).status_code


def state(video: Video) -> tuple[object, ...]:
    """Return everything that an act would have changed."""
    video.refresh_from_db()
    tasks = tuple(GenerationTask.objects.order_by("pk").values_list("pk", "status", "cancel_requested_at"))
    return (tasks, video.favourite)


@pytest.mark.parametrize("what", ACTS)
def test_staff_without_permission_see_and_may_not_act(what, staff_who_may, rows, video, kling):
    clerk, before = staff_who_may("generation.view_generationtask", "generation.view_video"), state(video)

    assert clerk.get(f"/tasks/{rows['cancel'].pk}/").status_code == 200
    assert act(clerk, what, rows, video) == 403
    assert state(video) == before


@pytest.mark.parametrize("what", ACTS)
def test_staff_with_the_permission_may_act(what, staff_who_may, rows, video, kling):
    clerk, before = staff_who_may("generation.change_generationtask", "generation.change_video"), state(video)

    assert act(clerk, what, rows, video) < 400
    assert state(video) != before


@pytest.mark.parametrize("what", ACTS)
def test_the_permission_alone_without_staff_opens_nothing(what, staff_who_may, rows, video, kling):
    person, before = staff_who_may("generation.change_generationtask", "generation.change_video"), state(video)
    User.objects.filter(username="clerk").update(is_staff=False)

    assert act(person, what, rows, video) == 404
    assert state(video) == before


def test_no_button_is_offered_that_would_be_refused(staff_who_may, rows, kling):
    clerk, boss = staff_who_may(), staff_who_may("generation.change_generationtask", username="boss")

    for verb, task in rows.items():
        address = f"/tasks/{task.pk}/{verb}"
        for page in (f"/tasks/{task.pk}/", "/activity/", f"/tasks/{task.pk}/card?as=row", f"/tasks/{task.pk}/card?as=job"):
            assert address not in clerk.get(page).content.decode()
            assert address in boss.get(page).content.decode()


BUTTONS = ["/star", "/retry"]


@pytest.mark.parametrize(("rights", "shown"), [((), 0), (("generation.change_generationtask", "generation.change_video"), 2)])
def test_a_videos_buttons_are_shown_only_to_who_may_use_them(rights, shown, staff_who_may, video, kling):
    page = staff_who_may(*rights).get(f"/videos/{video.pk}/").content.decode()
    wall = staff_who_may(*rights, username="second").get("/gallery/?owner=all").content.decode()

    assert [f'{button}"' in page for button in BUTTONS].count(True) == shown
    assert (f'/videos/{video.pk}/star?tile=1"' in wall) == bool(shown)
    assert f"/videos/{video.pk}/" in wall

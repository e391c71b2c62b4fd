"""A person leaves: nothing of theirs works any more, nothing that was paid is lost, and every video has a living owner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from access.callers import Caller
from access.models import ApiToken, Preference
from access.tokens import issue
from delivery.links import link_url, make_link, video_url
from delivery.models import Link
from events.models import AuditEvent
from generation.actions.hand_over import BATCH, hand_over
from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from tests.task_rows import create_task, make_task
from tests.web.page_rows import asked, make_asset, make_video
from videoportal.retention import forget
from web.leaving import leave

STATES = sorted(status.value for status in Status)
NOW = timezone.now()
LIVES: list[dict[str, Any]] = [{}, {"deleted_at": NOW}, {"deleted_at": NOW, "purged_at": NOW}]

PREVIEW = ("1 API token is", "1 waiting task is", "1 render under way", "1 video (", "1 link goes")


def page_of(person: User) -> str:
    return f"/admin/auth/user/{person.pk}/leave/"


def test_the_page_says_what_will_change_and_changes_it(staff_client, staff, user, other_user):
    video, raw = make_video(user), issue(user, "shop")[1]
    visitor, program = Client(), Client(headers={"authorization": f"Bearer {raw}"})
    visitor.force_login(user)
    link = make_link(video, by=Caller(user=user))
    addresses = [link_url(link, ""), video_url(video, "")]
    make_task(user)
    make_task(user, status=Status.RUNNING)
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "desk"})

    shown = staff_client.get(page_of(user))
    assert [words for words in PREVIEW if words not in shown.text] == []
    assert visitor.get("/studio/").status_code == 200

    reply = staff_client.post(page_of(user), {"to": other_user.pk}, follow=True)

    assert "Videos handed over: 1" in reply.text
    assert visitor.get("/studio/").status_code == 302
    assert program.get("/api/v1/tasks").status_code == 401
    assert not Client().login(username="lin", password="a long enough password")
    assert not Authenticator.objects.exists()
    assert sorted(GenerationTask.objects.filter(owner=user).values_list("status", flat=True)) == ["cancelled", "running", "succeeded"]
    assert Video.objects.get().owner == other_user
    assert [asked(Client(), address) for address in addresses] == [200, 200]
    assert Link.objects.get().owner == other_user
    recorded = dict(AuditEvent.objects.values_list("action", "after"))
    assert recorded["user.left"] == {"to": "zhao"}
    assert recorded["videos.handed_over"] == {"to": "zhao", "videos": 1}
    assert AuditEvent.objects.get(action="token.revoked").user_id == staff.pk


def test_the_heir_sees_the_task_and_its_images_and_starts_from_them(user, other_user):
    asset = make_asset(user)
    video = make_video(user)
    video.task.inputs.create(slot="first_frame", asset=asset)
    leave(user, other_user, by=None)
    heir = Client()
    heir.force_login(other_user)

    addresses = [f"/videos/{video.pk}/", f"/tasks/{video.task_id}/", f"/assets/{asset.pk}/", f"/studio/?from={video.pk}"]
    assert [asked(heir, address) for address in addresses] == [200] * 4
    assert str(video.task_id) not in heir.get("/activity/").text
    assert heir.post(f"/tasks/{video.task_id}/retry", headers={"HX-Request": "true"}).status_code == 403


def test_staff_who_are_no_superusers_end_nobodys_access(staff_client, staff, user):
    User.objects.filter(pk=staff.pk).update(is_superuser=False)

    assert staff_client.get(page_of(user)).status_code == 403
    assert staff_client.post(page_of(user)).status_code == 403
    user.refresh_from_db()
    assert user.is_active


@pytest.mark.parametrize("who", ["themselves", "who has left"])
def test_an_heir_is_somebody_else_who_can_sign_in(who, staff_client, user, other_user):
    User.objects.filter(pk=other_user.pk).update(is_active=False)

    reply = staff_client.post(page_of(user), {"to": user.pk if who == "themselves" else other_user.pk})

    assert reply.context["form"].errors["to"]
    user.refresh_from_db()
    assert user.is_active


def test_the_only_administrator_stays(staff_client, staff, user):
    assert "only administrator" in staff_client.post(page_of(staff), {"to": user.pk}).text
    staff.refresh_from_db()
    assert staff.is_active


def test_a_render_under_way_is_saved_for_the_heir(driver, user, other_user):
    task = create_task(owner=user, model="kling/kling-v2-5-turbo", prompt="a boat")
    driver.until(task, Status.RUNNING)

    leave(user, other_user, by=None)

    assert driver.finish(task).state is Status.SUCCEEDED
    assert Video.objects.get(task=task).owner == other_user
    assert GenerationTask.objects.get().owner == user


def test_whatever_somebody_had_ends_with_a_living_owner(user, other_user):
    for status in STATES:
        make_task(user, status=status)
        for facts in LIVES:
            make_video(user, task=make_task(user, status=status), **facts)
    leave(user, other_user, by=None)
    make_video(user)  # saved by a process that had read its owner just before
    forget()

    assert Video.objects.filter(owner=other_user).count() == len(STATES) * len(LIVES) + 1
    assert not Video.objects.exclude(owner=other_user).exists()
    assert not GenerationTask.objects.filter(status=Status.QUEUED).exists()
    assert GenerationTask.objects.filter(owner=user).count() == len(STATES) * (len(LIVES) + 1) + 1


@pytest.mark.parametrize("heir", [True, False])
def test_what_was_ordered_at_that_moment_is_never_bought(heir, user, other_user):
    leave(user, other_user if heir else None, by=None)
    late, others = make_task(user), make_task(other_user)
    decided = [make_task(user, attempt_count=1), make_task(user, created_at=timezone.now() + timedelta(hours=1))]

    forget()

    statuses = dict(GenerationTask.objects.values_list("pk", "status"))
    assert statuses[late.pk] == Status.CANCELLED
    assert [statuses[task.pk] for task in (others, *decided)] == [Status.QUEUED] * 3


def test_an_heir_who_leaves_passes_on_what_is_still_to_come(user, other_user, staff):
    leave(user, other_user, by=None)
    leave(other_user, staff, by=None)
    late = make_video(user)
    forget()

    assert Video.objects.get(pk=late.pk).owner == staff


def test_more_than_a_batch_is_handed_over(user, other_user):
    first = make_video(user)
    facts = {
        field.attname: getattr(first, field.attname) for field in Video._meta.concrete_fields if field.name not in {"id", "output_index"}
    }
    Video.objects.bulk_create(Video(**facts, output_index=number) for number in range(1, BATCH + 1))

    assert hand_over(user, other_user) == BATCH + 1
    assert hand_over(user, other_user) == 0


def test_who_comes_back_keeps_what_they_make(staff_client, user, other_user):
    leave(user, other_user, by=None)
    dates = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "last_login_0": "", "last_login_1": ""}
    staff_client.post(f"/admin/auth/user/{user.pk}/change/", {"username": "lin", "is_active": "on", **dates})

    assert Preference.objects.values_list("left_at", "left_to").get(user=user) == (None, None)
    video = make_video(user)
    forget()
    assert Video.objects.get(pk=video.pk).owner == user


def test_the_command_shows_first_and_does_what_it_is_told(user, other_user, capsys):
    make_video(user)
    issue(user, "shop", expires_in=timedelta(days=1))

    call_command("leave", "lin")
    assert "1 videos" in capsys.readouterr().out
    assert ApiToken.objects.get().revoked_at is None
    call_command("leave", "lin", "--to", "zhao")
    assert Video.objects.get().owner == other_user
    assert ApiToken.objects.get().revoked_at is not None
    with pytest.raises(CommandError):
        call_command("leave", "nobody-here", "--to-nobody")

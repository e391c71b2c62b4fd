"""What pages say about attention, time and money: failures are dismissed, times are the reader's, a sandbox costs nothing."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone, translation

from generation.lifecycle import Status
from generation.models import GenerationTask
from tests.task_rows import make_task
from tests.web.page_rows import KLING, WAN, make_video
from tests.web.test_one_intent import order
from web.formatting import moment

SCRIPT = {"HX-Request": "true"}
NIGHT = datetime(2026, 11, 29, 20, 30, tzinfo=UTC)


def attention(client: Client) -> int:
    return len(client.get("/activity/?tab=attention").context["cards"])


def test_failures_leave_the_list_when_dismissed_edited_or_all_at_once(visitor, user, other_user, accounts):
    failed = [make_task(user, status=Status.FAILED, error_code="content_rejected", prompt=f"storm {number}") for number in range(4)]
    make_task(user, status=Status.NEEDS_REVIEW)
    others = make_task(other_user, status=Status.FAILED, error_code="deadline")
    before = attention(visitor)

    gone = visitor.post(f"/tasks/{failed[0].pk}/dismiss", headers=SCRIPT)
    page = visitor.get(f"/studio/?from_task={failed[1].pk}")
    key = str(page.context["form"]["key"].value())
    edited = visitor.post("/studio/tasks/", order(key, settles=str(failed[1].pk)), headers=SCRIPT)
    left = attention(visitor)
    foreign = visitor.post("/studio/tasks/", order(key, prompt="another", settles=str(others.pk)), headers=SCRIPT)
    running = visitor.post(f"/tasks/{GenerationTask.objects.latest('pk').pk}/dismiss", headers=SCRIPT)
    visitor.post("/activity/dismiss")

    assert (gone.status_code, str(failed[0].pk) in gone.headers["HX-Trigger"]) == (204, True)
    assert f'name="settles" value="{failed[1].pk}"' in page.text
    assert (edited.status_code, str(failed[1].pk) in edited.headers["HX-Trigger"]) == (200, True)
    assert (foreign.status_code, running.status_code) == (200, 409)
    assert (before, left, attention(visitor)) == (5, 3, 1)
    others.refresh_from_db()
    assert others.dismissed_at is None
    assert visitor.get("/studio/").text.count('data-state="failed"') == 0


@pytest.mark.parametrize(("code", "first"), [("out_of_credit", "Retry"), ("auth_failed", "Retry"), ("content_rejected", "Edit and retry")])
def test_first_button_of_a_failure_is_the_one_that_helps(visitor, user, accounts, code, first):
    make_task(user, status=Status.FAILED, error_code=code)

    [card] = visitor.get("/activity/").context["cards"]

    assert card.note.actions[0].label == first
    assert card.note.actions[-1].label == "Dismiss"


def test_cancel_is_offered_where_it_is_possible(visitor, user, kling, wan):
    waits = make_task(user)
    deaf = make_task(user, status=Status.RUNNING, account=kling, submission_id="k")
    hears = make_task(user, status=Status.RUNNING, account=wan, submission_id="w", model=WAN)

    cards = {card.id: [action.label for action in card.actions] for card in visitor.get("/activity/").context["cards"]}

    assert (cards[str(waits.pk)], cards[str(hears.pk)], cards[str(deaf.pk)]) == (["Cancel"], ["Cancel"], ["Details"])


def test_queue_counts_reviews_apart_and_starts_with_what_renders(visitor, user, accounts):
    states = [Status.RUNNING, Status.QUEUED, Status.NEEDS_REVIEW, Status.INGESTING, Status.QUEUED]
    tasks = [make_task(user, status=state, submission_id=f"s{number}") for number, state in enumerate(states)]

    reply = visitor.get("/studio/")

    assert [card.id for card in reply.context["cards"]] == [str(tasks[number].pk) for number in (3, 0, 2, 1, 4)]
    assert reply.context["numbers"] == {"running": 2, "waiting": 2, "review": 1}
    assert "waits for a free worker to save it" in reply.text
    GenerationTask.objects.filter(pk=tasks[3].pk).update(lease_owner="w1", lease_until=timezone.now())
    assert "saving the video" in visitor.get("/studio/").text


def test_sandbox_shows_no_price_anywhere(visitor, staff_visitor, user, kling):
    kling.sandbox = True
    kling.save()
    task = make_task(user, status=Status.SUCCEEDED, account=kling, submission_id="k", cost_estimated="12.34", currency="CNY")
    video = make_video(user, task=task)
    pages = ("/studio/", "/activity/", f"/tasks/{task.pk}/", f"/videos/{video.pk}/", "/admin/generation/generationtask/")

    texts = {path: staff_visitor.get(path).text for path in pages}

    assert [path for path, text in texts.items() if "12.34" in text] == []
    assert "sandbox" in texts["/activity/"]
    assert "Sandbox, not billed" in texts[f"/videos/{video.pk}/"]
    compose = texts["/studio/"].split('id="models"')[0]
    assert "¥" not in compose
    make_task(user, status=Status.SUCCEEDED, submission_id="p", cost_estimated="12.34", currency="CNY")
    assert "¥12.34" in visitor.get("/activity/").text


def test_gallery_count_neighbours_and_back_follow_the_filter(visitor, user):
    videos = [make_video(user, prompt=words, favourite=starred) for words, starred in (("a fox", True), ("a boat", False), ("a koi", True))]
    make_task(user, status=Status.FAILED, model=WAN)

    wall = visitor.get("/gallery/?starred=1")
    page = visitor.get(f"/videos/{videos[2].pk}/?starred=1")

    assert (wall.context["count"], visitor.get("/gallery/").context["count"]) == (2, 3)
    assert f'href="/videos/{videos[2].pk}/?starred=1"' in wall.text
    assert page.context["older_url"] == f"/videos/{videos[0].pk}/?starred=1"
    assert page.context["newer_url"] == ""
    assert page.context["gallery_url"].startswith("/gallery/?starred=1&near=")
    assert [item.href for item in wall.context["menus"].menus[0].items] == [f"/gallery/?{urlencode({'model': KLING, 'starred': 1})}"]


def test_times_are_those_of_the_browser_or_of_the_persons_choice(client, user):
    task = make_task(user, status=Status.FAILED, error_code="deadline")
    GenerationTask.objects.filter(pk=task.pk).update(created_at=NIGHT)
    client.force_login(user)

    def sent() -> str:
        return re.search(r'title="([^"]*)">[^<]*</time>\s*<small>', client.get("/activity/").text)[1]

    utc = sent()
    client.cookies["time_zone"] = "Asia/Shanghai"
    shanghai = sent()
    client.post("/settings/", {"time_zone": "America/New_York"})
    chosen = sent()
    client.logout()
    client.force_login(user)
    client.cookies["time_zone"] = "../../etc/passwd"

    assert (utc, shanghai) == ("29 Nov 2026, 20:30", "30 Nov 2026, 04:30")
    assert (chosen, sent()) == ("29 Nov 2026, 15:30", "29 Nov 2026, 15:30")
    client.post("/settings/", {"time_zone": "Mars/Olympus"})
    assert sent() == chosen
    client.post("/settings/", {"time_zone": ""})
    client.cookies["time_zone"] = "Asia/Shanghai"
    assert sent() == shanghai
    with translation.override("zh-hans"):
        assert moment(NIGHT.replace(year=2020)) == "2020年11月29日 20:30"


def test_staff_without_rights_see_no_link_to_the_admin(client, staff):
    def linked() -> bool:
        return 'href="/admin/"' in client.get("/studio/").text

    staff.is_superuser = False
    staff.save()
    client.force_login(staff)
    before = linked()
    staff.user_permissions.add(Permission.objects.get(codename="view_generationtask"))

    assert (before, linked()) == (False, True)


def test_pages_are_compressed_and_videos_are_not(visitor, user):
    video = make_video(user)
    asks = {"Accept-Encoding": "gzip"}

    page = visitor.get("/gallery/", headers=asks)
    part = visitor.get(f"/videos/{video.pk}/file", headers=asks | {"Range": "bytes=0-499"})

    assert page.headers["Content-Encoding"] == "gzip"
    assert b"csrf-token" in gzip.decompress(page.content)
    assert "Content-Encoding" not in part.headers
    assert b"".join(part.streaming_content) == (b"0123456789" * 50)

"""Activity, one task's page, what people do to tasks, and the words for each state."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import Dispatch, GenerationTask
from generation.queries.tasks import ACTIVITY_PAGE
from tests.task_rows import attempt_of, make_task
from tests.web.page_rows import WAN, ago, fill_slots, make_video

pytestmark = pytest.mark.django_db
SCRIPT = {"HX-Request": "true"}
IN_ANOTHER_YEAR = timedelta(days=366)
"""A time so far away is shown with its day and its year, whatever day is today."""


def only_card(reply):
    (card,) = reply.context["cards"]
    return card


def test_tabs_count_and_narrow_by_state(visitor, user):
    for status in (Status.RUNNING, Status.INGESTING, Status.QUEUED, Status.NEEDS_REVIEW, Status.FAILED, Status.SUCCEEDED, Status.CANCELLED):
        make_task(user, status=status)

    context = visitor.get("/activity/").context
    shown = {
        tab: len(visitor.get(f"/activity/?tab={tab}").context["cards"]) for tab in ("running", "waiting", "attention", "done", "cancelled")
    }

    assert len(context["cards"]) == 7
    assert [tab.n for tab in context["tabs"]] == ["", "2", "1", "2", "1 today", ""]
    assert shown == {"running": 2, "waiting": 1, "attention": 2, "done": 1, "cancelled": 1}


def test_failure_that_was_tried_again_needs_no_attention(visitor, user):
    make_task(user, retry_of=make_task(user, status=Status.FAILED))

    assert visitor.get("/activity/?tab=attention").context["cards"] == []


def test_activity_shows_others_to_staff_only(visitor, staff_visitor, user, other_user):
    make_task(other_user)
    make_task(user)

    assert len(visitor.get("/activity/").context["cards"]) == 1
    assert len(visitor.get("/activity/?who=everyone").context["cards"]) == 1
    assert len(staff_visitor.get("/activity/").context["cards"]) == 2
    assert len(staff_visitor.get("/activity/?who=mine").context["cards"]) == 0


def test_activity_asks_as_often_for_many_tasks_as_for_one(visitor, user, accounts, django_assert_num_queries):
    make_task(user, status=Status.RUNNING)
    make_task(user)
    visitor.get("/activity/")
    with CaptureQueriesContext(connection) as few:
        visitor.get("/activity/")
    for number in range(10):
        make_task(user, status=Status.RUNNING, submission_id=str(number))
        make_task(user)
        make_video(user)

    with django_assert_num_queries(len(few)):
        visitor.get("/activity/")


def test_activity_pages_by_key(visitor, user):
    ids = [str(make_task(user).pk) for _ in range(ACTIVITY_PAGE + 1)]

    first = visitor.get("/activity/")
    second = visitor.get(first.context["next_url"])

    assert [card.id for card in first.context["cards"]] == ids[:0:-1]
    assert [card.id for card in second.context["cards"]] == [ids[0]]
    assert second.context["next_url"] == ""


def test_provider_strip_says_how_full_and_why_not(visitor, user, accounts):
    kling, wan = accounts
    fill_slots(kling, user)
    until = timezone.now() + IN_ANOTHER_YEAR
    wan.cooldown_until = until
    wan.cooldown_reason = "too many requests"
    wan.save()

    cards = visitor.get("/activity/").context["providers"]

    assert [(card.name, card.text, card.slots[:2], card.limited) for card in cards] == [
        ("dashscope beijing", f"paused until {until.day} {until:%b %Y, %H:%M}: too many requests", ["hold", "hold"], True),
        ("kling official-key", "full, 2 slots", ["on", "on"], False),
    ]


@pytest.mark.parametrize(
    ("facts", "label", "text"),
    [
        ({"status": Status.SUBMITTING}, "Sending", ""),
        ({"status": Status.INGESTING}, "Saving video", "waits for a free worker to save it"),
        ({"status": Status.SUCCEEDED}, "Done", ""),
        ({"status": Status.NEEDS_REVIEW}, "Needs review", "may have been sent, needs a person's decision"),
        ({"status": Status.CANCELLED}, "Cancelled", "before it started"),
        ({"status": Status.FAILED, "error_code": "deadline"}, "Failed", ""),
        ({"status": Status.FAILED, "error_code": "content_rejected", "attempt_count": 1}, "Refused", "not charged"),
        ({"status": Status.QUEUED}, "Waiting", "starts in a moment"),
    ],
)
def test_each_state_has_its_word_and_line(visitor, user, accounts, facts, label, text):
    make_task(user, **facts)

    card = only_card(visitor.get("/activity/"))

    assert (str(card.label), card.text) == (label, text)


def test_waiting_task_says_its_place_in_line(visitor, user, kling):
    fill_slots(kling, user)
    for number in range(2):
        make_task(user, prompt=f"waiting {number}")

    cards = visitor.get("/activity/?tab=waiting").context["cards"]

    assert [card.text for card in cards] == ["Kling is full, 2nd in line", "Kling is full, 1st in line"]


@pytest.mark.parametrize(("who_renders", "place"), [("user", "4th"), ("other_user", "1st")])
def test_place_in_line_takes_owners_in_turn_and_counts_what_they_have_rendering(visitor, user, other_user, kling, who_renders, place):
    fill_slots(kling, {"user": user, "other_user": other_user}[who_renders])
    for _ in range(3):
        make_task(other_user)
    make_task(user)

    assert only_card(visitor.get("/activity/?tab=waiting")).text == f"Kling is full, {place} in line"


def test_waiting_task_says_that_no_account_is_there(visitor, user, wan):
    make_task(user)

    assert only_card(visitor.get("/activity/")).text == "no enabled account for Kling"


def test_task_that_was_put_off_says_when_it_is_tried_again(visitor, user, accounts):
    later = timezone.now() + IN_ANOTHER_YEAR
    make_task(user, due_at=later, failures=2, wait_reason="The vendor is busy.")

    card = only_card(visitor.get("/activity/"))

    assert (card.label, card.text) == (f"Trying again at {later.day} {later:%b %Y, %H:%M}", "The vendor is busy.")
    assert card.state == "queued-later"


def test_rendering_task_says_how_long_it_usually_takes(visitor, user, accounts):
    make_task(user, status=Status.RUNNING, accepted_at=ago(seconds=41))

    card = only_card(visitor.get("/activity/"))

    assert card.percent is None
    assert re.fullmatch(r"[45]\d s so far, usually 1–5 min", card.text)


def test_usual_time_comes_from_history_when_there_is_enough(visitor, user, accounts):
    for seconds in (100, 110, 120, 130, 140, 150, 160, 170, 180, 190):
        start = ago(hours=1)
        make_task(user, status=Status.SUCCEEDED, accepted_at=start, rendered_at=start + timedelta(seconds=seconds))
    make_task(user, status=Status.RUNNING, accepted_at=ago(seconds=31))
    make_task(user, status=Status.RUNNING, accepted_at=ago(hours=1, minutes=10, seconds=1))

    texts = [card.text for card in visitor.get("/activity/?tab=running").context["cards"]]

    assert texts[0] == "1 h 10 min so far, longer than usual"
    assert re.fullmatch(r"[345]\d s so far, usually 2–3 min", texts[1])


def test_percent_of_the_vendor_gives_the_time_left(visitor, user, accounts):
    make_task(user, status=Status.RUNNING, accepted_at=ago(seconds=60), progress=60)

    card = only_card(visitor.get("/activity/"))

    assert (card.percent, card.text) == (60, "about 40 s left")


def test_refusal_keeps_the_vendors_words_and_code(visitor, user):
    make_task(user, status=Status.FAILED, error_code="content_rejected", error_message="Prompt is risky.", vendor_code="1301")

    note = only_card(visitor.get("/activity/")).note

    assert note.title == "The vendor's safety check rejected your request."
    assert note.code == "1301 Prompt is risky."
    assert [action.label for action in note.actions] == ["Edit and retry", "Dismiss"]
    assert "vendor code: 1301" in note.report


def test_cancel_stops_exactly_this_task(visitor, user, accounts):
    stopped, other = make_task(user), make_task(user, status=Status.RUNNING, account=accounts[0])

    reply = visitor.post(f"/tasks/{stopped.pk}/cancel", headers=SCRIPT)

    assert reply.status_code == 204
    assert json.loads(reply.headers["HX-Trigger"])["portal:toast"] == {"text": "Cancelled.", "tone": "ok"}
    assert statuses(stopped, other) == ["cancelled", "running"]


def statuses(*tasks):
    return [GenerationTask.objects.get(pk=task.pk).status for task in tasks]


def test_cancel_waiting_leaves_what_renders(visitor, user, accounts):
    waiting, running = make_task(user), make_task(user, status=Status.RUNNING, account=accounts[0])

    said = [json.loads(visitor.post("/studio/cancel-waiting/", headers=SCRIPT).headers["HX-Trigger"]) for _ in range(2)]

    assert statuses(waiting, running) == ["cancelled", "running"]
    assert [one["portal:toast"]["text"] for one in said] == [
        "1 waiting video was cancelled. Running renders continue.",
        "Nothing is waiting. Running renders continue.",
    ]


def test_cancel_that_the_vendor_cannot_do_says_so(visitor, user, kling):
    running = make_task(user, status=Status.RUNNING, account=kling)

    reply = visitor.post(f"/tasks/{running.pk}/cancel", headers=SCRIPT)

    toast = json.loads(reply.headers["HX-Trigger"])["portal:toast"]
    assert reply.status_code == 409
    assert toast == {"text": "Kling cannot stop a render once it is accepted. It will finish, and it is charged.", "tone": "bad"}


def test_without_script_a_button_leads_back_with_a_message(visitor, user, accounts):
    task = make_task(user)

    reply = visitor.post(f"/tasks/{task.pk}/cancel", {"next": "/activity/?tab=waiting"}, follow=True)

    assert reply.redirect_chain == [("/activity/?tab=waiting", 302)]
    assert [str(message) for message in reply.context["messages"]] == ["Cancelled."]


def test_button_never_leads_to_another_site(visitor, user, accounts):
    task = make_task(user)

    reply = visitor.post(f"/tasks/{task.pk}/cancel", {"next": "https://elsewhere.example/"})

    assert reply.url == "/"


@pytest.mark.parametrize("verb", ["cancel", "retry", "adopt", "submit-again", "give-up"])
def test_somebody_elses_task_does_not_exist(visitor, other_user, verb):
    task = make_task(other_user)

    assert visitor.get(f"/tasks/{task.pk}/").status_code == 404
    assert visitor.post(f"/tasks/{task.pk}/{verb}").status_code == 404
    assert statuses(task) == ["queued"]


@pytest.mark.parametrize("verb", ["adopt", "submit-again", "give-up"])
def test_reviews_are_for_staff(visitor, user, verb):
    task = make_task(user, status=Status.NEEDS_REVIEW)

    assert visitor.post(f"/tasks/{task.pk}/{verb}", {"vendor_id": "x"}).status_code == 403
    assert statuses(task) == ["needs_review"]


def test_owner_reads_why_a_review_is_needed_and_staff_get_the_ways_out(visitor, staff_visitor, user):
    task = make_task(user, status=Status.NEEDS_REVIEW, error_message="read timeout")

    mine, theirs = visitor.get(f"/tasks/{task.pk}/").text, staff_visitor.get(f"/tasks/{task.pk}/").text

    assert "An administrator will check with the vendor." in mine
    assert "/submit-again" not in mine
    assert "I understand that both are charged" in theirs


def test_staff_send_it_again_or_give_up(staff_visitor, user, accounts):
    again, given_up = (make_task(user, status=Status.NEEDS_REVIEW, account=accounts[0]) for _ in range(2))

    staff_visitor.post(f"/tasks/{again.pk}/submit-again", {"knows_cost": "on"})
    staff_visitor.post(f"/tasks/{given_up.pk}/give-up")

    assert statuses(again, given_up) == ["queued", "failed"]


def test_adopt_without_an_id_is_refused(staff_visitor, user):
    task = make_task(user, status=Status.NEEDS_REVIEW)

    reply = staff_visitor.post(f"/tasks/{task.pk}/adopt", {"vendor_id": " "}, headers=SCRIPT)

    assert reply.status_code == 422
    assert statuses(task) == ["needs_review"]


def test_task_page_shows_attempts_and_the_vendors_words(visitor, user, kling):
    task = make_task(user, status=Status.FAILED, error_code="refused", error_message="no such voice", attempt_count=1, account=kling)
    exchanged = {"request": {"body": {"prompt": "a boat"}}, "reply": {"status": 400}, "error_message": "no such voice"}
    attempt_of(task, kling, dispatch=Dispatch.REJECTED, started_at=ago(seconds=9), finished_at=ago(seconds=8), **exchanged)

    reply = visitor.get(f"/tasks/{task.pk}/")

    (attempt,) = reply.context["attempts"]
    assert (attempt.account, attempt.dispatch, attempt.took_s > 0) == ("kling official-key", "Rejected", True)
    assert "no such voice" in reply.text
    assert "Copy report" in reply.text


@pytest.mark.parametrize(("form", "tag"), [("job", "<li"), ("row", "<tbody")])
def test_card_is_the_same_fragment_that_the_page_shows(visitor, user, accounts, form, tag):
    task = make_task(user, model=WAN)

    reply = visitor.get(f"/tasks/{task.pk}/card?as={form}")

    assert reply.text.strip().startswith(tag)
    assert f'data-task="{task.pk}"' in reply.text


def test_theme_is_kept_and_rendered(visitor):
    visitor.post("/theme", {"theme": "dark", "next": "/gallery/"})

    assert 'data-theme="dark"' in visitor.get("/gallery/").text


def test_pages_ask_for_a_sign_in(client, db):
    for address in ("/studio/", "/gallery/", "/activity/"):
        assert client.get(address).url == f"/accounts/login/?next={address}"


def test_root_leads_to_the_studio(visitor):
    assert visitor.get("/").url == "/studio/"


def test_model_that_the_catalog_lost_still_has_its_rows(visitor, user):
    make_task(user, model="gone/old-model", status=Status.FAILED)
    video = make_video(user, task=make_task(user, model="gone/old-model", status=Status.SUCCEEDED))

    assert visitor.get("/activity/").status_code == 200
    assert visitor.get(f"/videos/{video.pk}/").status_code == 200
    assert visitor.get(f"/studio/?from={video.pk}").status_code == 200

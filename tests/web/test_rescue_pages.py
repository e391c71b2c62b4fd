"""What administrators see and do about reviews, failures and the stop of paid submits; and what others see of it."""

from __future__ import annotations

import pytest

from access.callers import Caller
from generation.lifecycle import Status
from generation.models import Dispatch, GenerationTask
from generation.scheduling.stop_switch import stop_submits
from providers.core.messages import Message
from tests.task_rows import attempt_of, create_task, make_task
from tests.web.page_rows import ago

pytestmark = pytest.mark.django_db
SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def unknown(user, make_account):
    """Make a task in review that was sent to a vendor that cannot be asked about our reference."""
    account = make_account("zhipu", "cn", "http://127.0.0.1:9")
    task = make_task(user, status=Status.NEEDS_REVIEW, model="zhipu/cogvideox-3", account=account, attempt_count=1)
    words = {"error_code": "uncertain", "error_message": "The connection broke off."}
    attempt_of(task, account, dispatch=Dispatch.UNKNOWN, started_at=ago(seconds=9), finished_at=ago(seconds=8), **words)
    return task


def test_a_review_shows_what_was_asked_and_what_was_found(staff_visitor, unknown):
    rows = staff_visitor.get(f"/tasks/{unknown.pk}/").context["review"].rows

    values = {row.label: row.value for row in rows}
    assert values["Our reference"] == unknown.attempts.get().reference
    assert "through zhipu cn" in values["Sent"]
    assert values["What came back"] == "The connection broke off."
    assert values["Asked about our reference"].endswith("offers no look-up. Check in its console.")


def test_a_review_shows_what_the_vendor_said_about_our_reference(staff_visitor, user, kling):
    task = make_task(
        user, status=Status.NEEDS_REVIEW, account=kling, error_message=Message(("It broke off.", "The vendor shows no render."))
    )
    attempt_of(task, kling, dispatch=Dispatch.ACCEPTED, submission_id="v-17", started_at=ago(seconds=9), error_message="It broke off.")

    reply = staff_visitor.get(f"/tasks/{task.pk}/")

    assert reply.context["review"].rows[-1].value == "The vendor shows no render."
    assert 'value="v-17"' in reply.text


def test_submit_again_needs_the_tick(staff_visitor, unknown):
    reply = staff_visitor.post(f"/tasks/{unknown.pk}/submit-again", headers=SCRIPT)

    assert reply.status_code == 422
    assert "both are charged" in reply["HX-Trigger"]
    unknown.refresh_from_db()
    assert unknown.status == "needs_review"


def test_staff_without_the_right_to_change_tasks_see_no_ways_out(visitor, user, unknown):
    user.is_staff = True
    user.save()

    assert visitor.get(f"/tasks/{unknown.pk}/").context["review"] is None
    assert visitor.post(f"/tasks/{unknown.pk}/give-up").status_code == 403


def test_asking_again_recovers_a_late_success_and_says_so(staff_visitor, visitor, user, driver):
    task = driver.until(create_task(owner=user, model="kling/kling-v2-5-turbo", prompt="a boat", params={}), Status.RUNNING)
    task.give_up("deadline", "too late")
    assert "Ask the vendor again" not in visitor.get(f"/tasks/{task.pk}/").text
    assert "Ask the vendor again" in staff_visitor.get(f"/tasks/{task.pk}/").text
    driver.simulator.advance(60)

    reply = staff_visitor.post(f"/tasks/{task.pk}/ask-again", follow=True)

    assert "The vendor has the video. Downloading it now." in reply.text
    assert "Recovered: Kling has the video" in reply.text
    assert driver.finish(task).status == Status.SUCCEEDED


def test_asking_again_is_refused_to_others_and_shows_the_vendors_words(staff_visitor, visitor, user, driver):
    task = driver.until(
        create_task(owner=user, model="kling/kling-v2-5-turbo", prompt="a boat #fault:fail-internal", params={}), Status.RUNNING
    )
    task.give_up("deadline", "too late")
    driver.simulator.advance(60)

    assert visitor.post(f"/tasks/{task.pk}/ask-again").status_code == 403
    reply = staff_visitor.post(f"/tasks/{task.pk}/ask-again", headers=SCRIPT)

    assert reply.status_code == 409
    assert "Nothing was changed. The vendor says:" in reply["HX-Trigger"]
    assert GenerationTask.objects.get(pk=task.pk).status == "failed"


def test_a_task_that_is_alive_again_is_news_for_open_pages(visitor, user):
    task = make_task(user, status=Status.FAILED, error_code="deadline", submission_id="v1")
    cursor = visitor.get("/tick").json()["cursor"]

    task.move(Status.RUNNING)

    (news,) = visitor.get("/tick", {"since": cursor}).json()["tasks"]
    assert (news["id"], news["state"]) == (str(task.pk), "running")
    assert [card.id for card in visitor.get("/studio/").context["cards"]] == [str(task.pk)]


@pytest.mark.parametrize("page", ["/studio/", "/activity/"])
def test_pages_say_while_paid_submits_are_stopped(visitor, staff_visitor, staff, user, accounts, page):
    make_task(user)
    assert "New renders wait" not in visitor.get(page).text

    stop_submits(by=Caller(user=staff), reason="the bill")

    reply = visitor.get(page)
    assert "New renders wait: the bill" in reply.text
    assert "by admin." in reply.text
    assert "To the switch" not in reply.text
    assert "To the switch" in staff_visitor.get(page).text
    assert reply.context["cards"][0].text == "New renders wait: the bill"


@pytest.mark.parametrize(
    ("code", "words", "adopts"),
    [
        ("deadline", "did not finish before the deadline", False),
        ("blocked_address", "Allow the address with OUTBOUND_ALLOW_CIDRS", False),
        ("submission_gone", "no longer finds the id it returned", True),
    ],
)
def test_a_review_of_an_accepted_render_says_why_and_what_helps(staff_visitor, visitor, staff_client, user, kling, code, words, adopts):
    task = make_task(user, status=Status.NEEDS_REVIEW, account=kling, submission_id="v-17", error_code=code, error_message="because")

    for page in (staff_visitor.get(f"/tasks/{task.pk}/"), staff_client.get(f"/admin/generation/generationtask/{task.pk}/change/")):
        assert words in page.text
        assert "Ask the vendor again" in page.text
        assert "Give up this render and submit a new task." in page.text
        assert ('name="vendor_id"' in page.text) is adopts
        assert "No usable answer from the vendor" not in page.text
    assert "An administrator will check" in visitor.get(f"/tasks/{task.pk}/").text

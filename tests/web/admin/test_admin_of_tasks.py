"""Tasks in the admin: read, and decided when they need review."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import Asset, GenerationTask
from tests.task_rows import attempt_of, create_task, make_task
from tests.web.page_rows import make_video

LIST = "/admin/generation/generationtask/"


@pytest.fixture
def task(user, make_account):
    """Make a task in review that was sent to an address where nobody listens; its outcome is unknown."""
    account = make_account("kling", "official-key", "http://127.0.0.1:9")
    row = make_task(
        user,
        prompt="a red fox in the snow",
        model="kling/kling-v3",
        status="needs_review",
        account=account,
        attempt_count=1,
        error_code="uncertain",
        error_message="No answer within the time limit.",
        outputs=[{"url": "https://vendor.example/signed"}],
        content_id="article 7",
        callback_url="https://cms.example/done",
    )
    attempt_of(row, account, dispatch="unknown")
    return row


def press(staff_client: Client, task, way: str, **fields: str) -> str:
    reply = staff_client.post(f"{LIST}{task.pk}/{way}/", fields)
    task.refresh_from_db()
    return [str(message) for message in get_messages(reply.wsgi_request)][-1]


def test_task_is_shown_with_attempts_and_events(staff_client, task, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        text = staff_client.get(f"{LIST}{task.pk}/change/").content.decode()

    assert "a red fox in the snow" in text
    assert all(words in text for words in (task.reference, "article 7", "https://cms.example/done"))
    assert "This task needs a decision" in text
    assert "vendor.example" not in text
    assert 'name="_save"' not in text


def test_events_and_the_retry_are_shown_in_words(staff_client, task, user):
    again = make_task(user, model=task.model, retry_of=task)

    events = staff_client.get(f"{LIST}{task.pk}/change/").text

    assert '<td class="field-to_label">' in events
    assert "<p>Needs review</p>" in events.partition('<td class="field-to_label">')[2]
    assert f'<a href="{LIST}{task.pk}/change/">' in staff_client.get(f"{LIST}{again.pk}/change/").text


def test_task_cannot_be_edited_or_deleted(staff_client, task):
    assert staff_client.post(f"{LIST}{task.pk}/change/", {"status": "succeeded"}).status_code == 403
    assert staff_client.post(f"{LIST}{task.pk}/delete/", {"post": "yes"}).status_code == 403
    assert staff_client.get(f"{LIST}add/").status_code == 403
    task.refresh_from_db()
    assert task.status == "needs_review"


def test_list_needs_no_query_per_row(staff_client, task, user, django_assert_max_num_queries):
    for _ in range(15):
        make_task(user)

    with django_assert_max_num_queries(12):
        text = staff_client.get(LIST).content.decode()

    assert text.count('class="field-prompt_line"') == 16


def test_search_finds_by_prompt(staff_client, task):
    assert staff_client.get(f"{LIST}?q=fox").context["cl"].result_count == 1
    assert staff_client.get(f"{LIST}?q=wolf").context["cl"].result_count == 0


def test_give_up_ends_the_task(staff_client, task):
    assert press(staff_client, task, "give_up") == "Given up."
    assert (task.status, task.error_code) == ("failed", "abandoned")


def test_sending_again_needs_the_tick(staff_client, task):
    assert press(staff_client, task, "submit_again") == "Confirm this first: if the vendor accepted the first request, both are charged."
    assert task.status == "needs_review"

    assert press(staff_client, task, "submit_again", knows_cost="on") == "It waits to be sent again."
    assert task.status == "queued"


def test_adopting_needs_an_id_that_the_vendor_confirms(staff_client, task):
    assert press(staff_client, task, "adopt") == "Write the vendor's task id."
    assert "The vendor does not confirm this id" in press(staff_client, task, "adopt", vendor_id="7")
    assert task.status == "needs_review"


def test_a_decision_sent_twice_is_made_once_and_another_is_refused(staff_client, task):
    assert [press(staff_client, task, "give_up"), press(staff_client, task, "give_up")] == ["Given up.", "Given up."]

    assert press(staff_client, task, "submit_again", knows_cost="on").startswith("Someone else changed")
    assert (task.status, task.events.filter(to_status="failed").count()) == ("failed", 1)


def test_deciding_needs_permission_and_post(staff_client, clerk, task):
    assert staff_client.get(f"{LIST}{task.pk}/give_up/").status_code == 405
    assert clerk.post(f"{LIST}{task.pk}/give_up/").status_code in {302, 403}
    task.refresh_from_db()
    assert task.status == "needs_review"


@pytest.mark.parametrize("name", ["video", "asset", "prompt"])
def test_other_rows_are_listed_and_read_only(staff_client, task, user, name):
    Asset.objects.create(owner=user, file="assets/a.png", content_type="image/png", sha256="0" * 64, size_bytes=1, width_px=1, height_px=1)

    assert staff_client.get(f"/admin/generation/{name}/").status_code == 200
    assert staff_client.get(f"/admin/generation/{name}/add/").status_code == 403


def test_videos_are_filtered_by_warning(staff_client, user):
    black, good = (
        make_video(user, quality={"black_s": 5.0, "black_share": 1.0}),
        make_video(user, quality={"black_s": 0.0, "black_share": 0.0}),
    )

    def found(query):
        return set(staff_client.get(f"/admin/generation/video/{query}").context["cl"].queryset)

    assert (found("?warning=black"), found("?warning=nonsense")) == ({black}, {black, good})


def ended(task, **facts):
    """Fail the task, with a vendor id."""
    now = timezone.now()
    GenerationTask.objects.filter(pk=task.pk).update(status="failed", finished_at=now, submission_id="v1", error_code="deadline", **facts)


def test_asking_again_about_a_failed_task_says_when_the_vendor_is_away(staff_client, task):
    ended(task)
    assert "Was it rendered after all?" in staff_client.get(f"{LIST}{task.pk}/change/").text

    assert "Nothing was changed; try again later." in press(staff_client, task, "ask_again")
    assert (task.status, task.error_code) == ("failed", "deadline")


def test_many_failed_tasks_are_recovered_by_an_action_that_is_logged(staff_client, user, driver):
    tasks = [
        driver.until(create_task(owner=user, model="kling/kling-v2-5-turbo", prompt=f"boat {n}", params={}), Status.RUNNING) for n in (1, 2)
    ]
    for one in tasks:
        one.give_up("deadline", "too late")
    driver.simulator.advance(60)

    reply = staff_client.post(LIST, {"action": "ask_again_many", "_selected_action": [str(one.pk) for one in tasks]})

    assert [str(message) for message in get_messages(reply.wsgi_request)] == ["2 tasks go on."]
    assert {driver.finish(one).status for one in tasks} == {"succeeded"}
    assert driver.simulator.ledger()["count"] == 2
    assert LogEntry.objects.filter(object_id__in=[str(one.pk) for one in tasks]).count() == 2


def test_a_filter_that_no_database_takes_is_refused(staff_client):
    reply = staff_client.get(f"{LIST}?model=%00")

    assert reply.status_code == 400
    assert "made no sense to us" in reply.text


def test_the_action_is_not_for_those_who_may_only_look(clerk, user, task):
    user.user_permissions.add(Permission.objects.get(codename="view_generationtask"))
    ended(task)

    assert "ask_again_many" not in clerk.get(LIST).text
    assert clerk.post(f"{LIST}{task.pk}/ask_again/").status_code == 302
    task.refresh_from_db()
    assert task.status == "failed"
    assert "Was it rendered after all?" not in clerk.get(f"{LIST}{task.pk}/change/").text

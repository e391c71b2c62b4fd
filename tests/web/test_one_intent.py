"""One intent, one purchase, as requests: what a browser sends again, late or twice is answered with the first tasks (docs/adr/0014)."""

from __future__ import annotations

import os
import random
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.ordering.page_keys import new_key
from tests.task_rows import make_task
from tests.web.page_rows import KLING

SCRIPT = {"HX-Request": "true"}
ALREADY = "This order was already placed; nothing was ordered twice."
PAID = re.compile(r'action="[^"]*/(retry|ask.again|adopt|submit.again|give.up)')
TRIALS = int(os.environ.get("PORTAL_PRESS_TRIALS", "8"))
SEED = int(os.environ.get("PORTAL_PRESS_SEED", "9"))


def order(key: str, prompt: str = "a koi pond", **changes: str) -> dict[str, str]:
    settings = {"duration_s": "5", "aspect_ratio": "16:9", "mode": "std", "negative_prompt": ""}
    return {"model": KLING, "prompt": prompt, "count": "1", "key": key} | settings | changes


def send(client: Client, body: dict[str, str]):
    return client.post("/studio/tasks/", body, headers=SCRIPT)


def ids() -> list[str]:
    return [str(pk) for pk in GenerationTask.objects.order_by("pk").values_list("pk", flat=True)]


def shown_key(client: Client, path: str = "/studio/") -> str:
    return str(client.get(path).context["form"]["key"].value())


def test_the_same_form_sent_again_shows_the_first_tasks_and_says_so(visitor, accounts):
    body = order(shown_key(visitor), count="3")
    first, again = send(visitor, body), send(visitor, body)

    assert (first.status_code, again.status_code, len(ids())) == (200, 200, 3)
    assert all(f'id="task-{pk}"' in again.text for pk in ids())
    assert (ALREADY in first.headers["HX-Trigger"], ALREADY in again.headers["HX-Trigger"]) == (False, True)


def test_the_answer_gives_the_form_a_new_key_so_that_the_next_press_is_a_new_intent(visitor, accounts):
    first = send(visitor, order(shown_key(visitor)))
    second = send(visitor, order(first.headers["X-Next-Key"]))

    assert (len(ids()), ALREADY in second.headers["HX-Trigger"]) == (2, False)


def test_a_refused_form_keeps_its_key(visitor, accounts):
    key = shown_key(visitor)
    refused = send(visitor, order(key, prompt=" "))

    assert (refused.status_code, refused.context["form"]["key"].value()) == (422, key)
    assert "X-Next-Key" not in refused.headers


def test_a_form_changed_after_a_lost_answer_is_a_new_order_and_both_are_in_the_queue(visitor, accounts):
    key = shown_key(visitor)
    send(visitor, order(key))  # its answer never comes
    send(visitor, order(key, prompt="a heron"))

    assert list(GenerationTask.objects.order_by("pk").values_list("prompt__text", flat=True)) == ["a koi pond", "a heron"]
    assert {card.title for card in visitor.get("/studio/").context["cards"]} == {"a koi pond", "a heron"}


def test_a_page_that_was_open_before_does_not_order_the_same_again_unseen(visitor, accounts):
    tab, other_tab = shown_key(visitor), shown_key(visitor)
    send(visitor, order(other_tab))
    late = send(visitor, order(tab))
    deliberate = send(visitor, order(late.headers["X-Next-Key"]))

    assert ALREADY in late.headers["HX-Trigger"]
    assert (len(ids()), deliberate.status_code) == (2, 200)


def test_a_key_is_its_owners(visitor, accounts, other_user):
    key = shown_key(visitor)
    send(visitor, order(key))
    stranger = Client()
    stranger.force_login(other_user)
    send(stranger, order(key))

    assert set(GenerationTask.objects.values_list("owner__username", flat=True)) == {"lin", "zhao"}


@pytest.mark.parametrize("key", ["", "press-1", "2b1e1c3e-5d3f-4a55-9a53-0b3a0c8a7f11"])
def test_a_page_without_a_key_of_ours_orders_nothing_twice(visitor, accounts, key):
    send(visitor, order(key))
    again = send(visitor, order(key))

    assert (len(ids()), ALREADY in again.headers["HX-Trigger"]) == (1, True)


def test_the_rest_of_an_order_that_broke_off_is_ordered_when_it_is_sent_again(visitor, accounts):
    body = order(shown_key(visitor), count="3")
    send(visitor, body)
    GenerationTask.objects.order_by("pk").last().delete()
    kept = ids()

    send(visitor, body)

    assert (len(ids()), ids()[:2]) == (3, kept)


def test_without_script_back_and_resend_orders_once_and_says_so(visitor, accounts):
    body = order(shown_key(visitor))
    visitor.post("/studio/", body)
    again = visitor.post("/studio/", body, follow=True)

    assert len(ids()) == 1
    assert ALREADY in again.text
    assert again.context["form"]["key"].value() > body["key"]


def test_no_key_of_the_api_is_that_of_a_page(visitor, accounts):
    send(visitor, order(shown_key(visitor)))

    assert not GenerationTask.objects.get().idempotency_key.isascii()


def test_each_retry_button_retries_once_and_the_next_page_once_more(visitor, user, accounts):
    failed = make_task(user, status=Status.FAILED, error_code="deadline")
    body = {"key": visitor.get("/activity/").context["page_key"]}
    replies = [visitor.post(f"/tasks/{failed.pk}/retry", body, headers=SCRIPT) for _ in range(3)]
    visitor.post(f"/tasks/{failed.pk}/retry", {"key": replies[0].headers["X-Next-Key"]}, headers=SCRIPT)

    assert [reply.status_code for reply in replies] == [204, 204, 204]
    assert ["Already queued" in reply.headers["HX-Trigger"] for reply in replies] == [False, True, True]
    assert failed.retries.count() == 2


def test_a_failure_that_was_retried_leads_to_the_retry(visitor, user, accounts):
    failed = make_task(user, status=Status.FAILED, error_code="deadline")
    visitor.post(f"/tasks/{failed.pk}/retry", {"key": new_key()})
    again = failed.retries.get()

    for path in ("/activity/", f"/tasks/{failed.pk}/"):
        text = visitor.get(path).text
        assert f'action="/tasks/{failed.pk}/retry"' not in text
        assert f'href="/tasks/{again.pk}/"' in text


def test_every_paid_button_of_the_pages_carries_the_key(staff_visitor, user, accounts, kling):
    failed = make_task(user, status=Status.FAILED, error_code="deadline", account=kling, submission_id="v-1")
    unknown = make_task(user, status=Status.NEEDS_REVIEW, account=kling)
    paths = ["/activity/", f"/tasks/{failed.pk}/", f"/tasks/{unknown.pk}/"]
    admin = [f"/admin/generation/generationtask/{task.pk}/change/" for task in (failed, unknown)]

    for path in [*paths, *admin]:
        page = staff_visitor.get(path)
        forms = [form for form in page.text.split("<form")[1:] if PAID.search(form.partition(">")[0])]
        assert forms, path
        assert all(f'name="key" value="{page.context["page_key"]}"' in form for form in forms), path


def in_review(user, kling) -> GenerationTask:
    return make_task(user, status=Status.NEEDS_REVIEW, account=kling, attempt_count=1)


def back_in_review(task: GenerationTask) -> None:
    """Send it again, without an answer."""
    row = GenerationTask.objects.get(pk=task.pk)
    row.move(Status.SUBMITTING)
    row.move(Status.NEEDS_REVIEW)


@pytest.mark.parametrize("place", ["/tasks/{pk}/submit-again", "/admin/generation/generationtask/{pk}/submit_again/"])
def test_submit_again_sent_again_buys_nothing_though_the_task_is_in_review_once_more(staff_visitor, user, kling, place):
    task = in_review(user, kling)
    body = {"knows_cost": "on", "key": new_key()}
    replies = [staff_visitor.post(place.format(pk=task.pk), body, follow=True) for _ in range(2)]
    back_in_review(task)
    replies.append(staff_visitor.post(place.format(pk=task.pk), body, follow=True))

    assert GenerationTask.objects.get(pk=task.pk).status == Status.NEEDS_REVIEW
    assert task.events.filter(from_status=Status.NEEDS_REVIEW).count() == 1
    assert [str(message.level_tag) for reply in replies for message in reply.context["messages"]] == ["success"] * 3


def test_a_new_page_submits_again_once_more(staff_visitor, user, kling):
    task = in_review(user, kling)
    staff_visitor.post(f"/tasks/{task.pk}/submit-again", {"knows_cost": "on", "key": new_key()})
    back_in_review(task)
    staff_visitor.post(f"/tasks/{task.pk}/submit-again", {"knows_cost": "on", "key": new_key()})

    assert GenerationTask.objects.get(pk=task.pk).status == Status.QUEUED


def test_giving_up_from_a_page_that_has_not_seen_the_second_sending_is_refused(staff_visitor, user, kling):
    task = in_review(user, kling)
    old_page = new_key()
    staff_visitor.post(f"/tasks/{task.pk}/submit-again", {"knows_cost": "on", "key": new_key()})
    back_in_review(task)

    reply = staff_visitor.post(f"/tasks/{task.pk}/give-up", {"key": old_page}, headers=SCRIPT)

    assert (reply.status_code, GenerationTask.objects.get(pk=task.pk).status) == (409, Status.NEEDS_REVIEW)


def _replayed(chance: random.Random, number: int) -> int:
    """Send one person's order as often as a browser might, then count its tasks. Nobody's queue grows with the trials."""
    prompt, client, user = f"trial {number}.", Client(), User.objects.create(username=f"person {number}")
    client.force_login(user)
    if chance.random() < 0.4:
        failed = make_task(user, status=chance.choice([Status.FAILED, Status.SUCCEEDED, Status.CANCELLED]), prompt=prompt)
        path, body = f"/tasks/{failed.pk}/retry", {"key": new_key()}
        tasks = failed.retries
    else:
        path, body = chance.choice(["/studio/", "/studio/tasks/"]), order(new_key(), prompt)
        tasks = GenerationTask.objects.filter(prompt__text=prompt)
    tabs = [body, body | {"key": new_key()}]
    for _ in range(chance.randint(2, 6)):
        sent = chance.choice(tabs)
        if chance.random() < 0.2:  # a mistake first, or a question for the price in between
            client.post("/studio/quote/", order(body["key"], prompt), headers=SCRIPT)
            client.post("/studio/tasks/", order(sent["key"], ""), headers=SCRIPT)
        reply = client.post(path, sent, headers=SCRIPT if chance.random() < 0.7 or path == "/studio/tasks/" else {})
        assert reply.status_code in {200, 204, 302}
    return tasks.count()


def test_each_replayed_intent_makes_one_task(accounts):
    chance = random.Random(SEED)

    counted = [_replayed(chance, number) for number in range(TRIALS)]

    print(f"{TRIALS} trials, {sum(counted)} tasks")
    assert counted == [1] * TRIALS

"""The three ways out of a review, and who may go them."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from access.callers import Caller
from access.rights import may
from generation.actions import decide
from generation.errors import Conflict, InvalidRequest, NotAllowed
from generation.lifecycle import Status
from generation.models import Attempt, Dispatch, GenerationTask, Video
from generation.ordering.assets import store_asset
from generation.scheduling.concurrency import UNKNOWN_HOLDS
from generation.submitting.build_request import generation_request
from generation.submitting.submit import _commit_intent
from providers.core.messages import say
from providers.vendors import ALL_MODELS
from tests.pictures import picture
from tests.task_rows import attempt_of, create_task, make_task

KLING = "kling/kling-v2-5-turbo"
ZHIPU = "zhipu/cogvideox-3"
WAN = "dashscope/wanx2.1-t2v-turbo"


def fresh(task):
    return GenerationTask.objects.get(pk=task.pk)


@pytest.fixture
def lost(user, driver):
    """Return a task in review: its render is at the vendor, whose answer was lost."""
    task = driver.finish(create_task(owner=user, model=WAN, prompt="a boat #fault:reset-after-accept", params={}))
    assert task.status == Status.NEEDS_REVIEW
    return task


@pytest.fixture
def in_review(user, sandbox_accounts):
    account = next(account for account in sandbox_accounts if account.takes(ALL_MODELS[WAN]))
    task = make_task(user, model=WAN, status=Status.NEEDS_REVIEW, error_code="uncertain", account=account, attempt_count=1)
    attempt_of(task, account, dispatch=Dispatch.UNKNOWN, finished_at=timezone.now())
    return task


def unsent_review(user, model):
    """Return a task in review that was never sent."""
    task = fresh(create_task(owner=user, model=model, prompt="a boat", params={}))
    task = _commit_intent(task, generation_request(task)).task
    task.move(Status.NEEDS_REVIEW)
    return task


def much_later():
    """Date the attempts back, so that unknown outcomes no longer hold a slot."""
    Attempt.objects.filter(dispatch=Dispatch.UNKNOWN).update(finished_at=timezone.now() - UNKNOWN_HOLDS)


def person_who_may(name, *codes, staff=True):
    person = User.objects.create_user(name, is_staff=staff)
    person.user_permissions.set(Permission.objects.filter(codename__in=codes))
    return User.objects.get(pk=person.pk)


@pytest.mark.django_db
def test_staff_who_may_change_tasks_may_decide_and_nobody_else(staff, user):
    assert may(Caller(user=staff), "decide", GenerationTask)
    assert may(Caller(user=person_who_may("chief", "change_generationtask")), "decide", GenerationTask)
    assert not may(Caller(user=person_who_may("clerk", "view_generationtask")), "decide", GenerationTask)
    assert not may(Caller(user=person_who_may("outsider", "change_generationtask", staff=False)), "decide", GenerationTask)
    assert not may(Caller(user=user), "decide", GenerationTask)


WAYS = [
    lambda task, by: decide.adopt(task, "x", by=Caller(user=by)),
    lambda task, by: decide.submit_again(task, by=Caller(user=by), knows_cost=True),
    lambda task, by: decide.give_up(task, by=Caller(user=by)),
]


def test_who_may_not_decide_changes_nothing(in_review, user):
    for way in WAYS:
        with pytest.raises(NotAllowed):
            way(in_review, user)

    assert fresh(in_review).status == Status.NEEDS_REVIEW


def test_only_a_task_in_review_can_be_decided(user, staff, sandbox_accounts):
    task = create_task(owner=user, model=KLING, prompt="a boat", params={})

    for way in WAYS:
        with pytest.raises(Conflict, match="does not wait for a review"):
            way(task, staff)


@pytest.mark.postgresql
@pytest.mark.parametrize("way", WAYS[1:])
def test_who_comes_second_gets_a_conflict_and_changes_nothing(way, in_review, staff):
    second = fresh(in_review)
    decide.give_up(in_review, by=Caller(user=staff))

    with pytest.raises(Conflict) as refusal:
        way(second, staff)

    assert refusal.value.code == "already_settled"
    assert fresh(in_review).error_code == "abandoned"


def test_adopt_takes_the_vendors_task_and_finishes_it(lost, staff, driver):
    vendor_id = driver.simulator.ledger()["entries"][0]["task_id"]

    decide.adopt(lost, f" {vendor_id} ", by=Caller(user=staff))

    task = driver.finish(lost)
    assert task.status == Status.SUCCEEDED
    assert task.attempts.get().submission_id == vendor_id
    assert task.events.get(to_status="running").note == say("adopted", name="admin", id=vendor_id)
    assert Video.objects.filter(task=task).count() == 1
    assert driver.simulator.ledger()["count"] == 1


@pytest.mark.parametrize(("model", "slot"), [(KLING, False), (KLING, True), ("kling/kling-v2-6", True)])
def test_adopt_finds_the_render_wherever_the_vendor_files_it(model, slot, user, staff, driver):
    """Kling keeps renders from text and from images under different addresses."""
    inputs = {"first_frame": [store_asset(owner=user, file=picture())]} if slot else {}
    paid = driver.until(create_task(owner=user, model=model, prompt="the paid one", params={}, inputs=inputs), Status.RUNNING)
    task = unsent_review(user, model)
    GenerationTask.objects.filter(pk=task.pk).update(account=paid.account)
    Attempt.objects.filter(task=paid).delete()
    GenerationTask.objects.filter(pk=paid.pk).update(submission_id="", status="failed", due_at=None, finished_at=paid.created_at)

    decide.adopt(fresh(task), paid.submission_id, by=Caller(user=staff))

    assert driver.finish(task, ingest=False).status == Status.INGESTING


def test_adopt_refuses_an_id_that_the_vendor_does_not_know(in_review, staff):
    with pytest.raises(InvalidRequest, match="does not confirm") as refusal:
        decide.adopt(in_review, "no-such-task", by=Caller(user=staff))

    assert (refusal.value.code, set(refusal.value.fields)) == ("not_confirmed", {"vendor_id"})
    assert fresh(in_review).status == Status.NEEDS_REVIEW


def test_adopt_refuses_what_cannot_be_an_id_without_asking(in_review, staff, simulator):
    for nonsense in ("", "  ", "a\x00b", "a\nb", "x" * 201):
        with pytest.raises(InvalidRequest) as refusal:
            decide.adopt(in_review, nonsense, by=Caller(user=staff))

        assert set(refusal.value.fields) == {"vendor_id"}
    assert simulator.requests()["requests"] == []


def test_adopt_changes_nothing_while_the_vendor_is_down(in_review, staff):
    account = in_review.account
    account.base_url = "http://127.0.0.1:9"
    account.save()

    with pytest.raises(InvalidRequest) as refusal:
        decide.adopt(fresh(in_review), "any", by=Caller(user=staff))

    assert refusal.value.code == "not_confirmed"
    assert fresh(in_review).status == Status.NEEDS_REVIEW
    assert in_review.attempts.get().dispatch == Dispatch.UNKNOWN


@pytest.mark.postgresql
def test_adopt_refuses_an_id_that_another_task_has(in_review, user, staff, driver):
    other = driver.until(create_task(owner=user, model=WAN, prompt="another", params={}), Status.RUNNING)

    with pytest.raises(Conflict) as refusal:
        decide.adopt(in_review, other.submission_id, by=Caller(user=staff))

    assert refusal.value.code == "already_adopted"


@pytest.mark.postgresql
def test_adopt_refuses_an_id_that_another_task_has_by_another_account_at_the_same_place(in_review, user, staff, driver, make_account):
    other = driver.until(create_task(owner=user, model=WAN, prompt="another", params={}), Status.RUNNING)
    assert other.account is not None
    twin = make_account("dashscope", other.account.surface, other.account.base_url, label="the same key twice")
    in_review.attempts.update(account=twin)
    type(in_review).objects.filter(pk=in_review.pk).update(account=twin)

    with pytest.raises(Conflict) as refusal:
        decide.adopt(fresh(in_review), other.submission_id, by=Caller(user=staff))

    assert refusal.value.code == "already_adopted"


def test_submit_again_is_a_persons_decision_and_buys_again(lost, staff, driver):
    type(lost.prompt).objects.filter(pk=lost.prompt_id).update(text="a boat")

    decide.submit_again(lost, by=Caller(user=staff), knows_cost=True)

    task = driver.finish(lost, ingest=False)
    assert task.status == Status.INGESTING
    assert task.attempt_count == 2
    assert driver.simulator.ledger()["count"] == 2


def test_submit_again_works_where_a_known_reference_is_refused(user, staff, driver):
    task = driver.finish(create_task(owner=user, model=ZHIPU, prompt="a boat #fault:reset-after-accept:1", params={}))
    assert task.status == Status.NEEDS_REVIEW

    decide.submit_again(task, by=Caller(user=staff), knows_cost=True)
    driver.step()
    assert (fresh(task).status, fresh(task).attempt_count) == (Status.QUEUED, 1)  # Zhipu's only slot may be taken
    much_later()

    assert driver.finish(task, ingest=False).status == Status.INGESTING
    assert list(task.attempts.values_list("reference", flat=True)) == [f"vp-{task.pk}", f"vp-{task.pk}-2"]
    assert driver.simulator.ledger()["count"] == 2


def test_a_refusal_of_the_second_sending_does_not_settle_the_first(user, staff, driver):
    task = driver.finish(create_task(owner=user, model=ZHIPU, prompt="a boat #fault:reset-after-accept:1", params={}))
    driver.simulator.faults("zhipu", "refuse")
    decide.submit_again(task, by=Caller(user=staff), knows_cost=True)
    much_later()

    task = driver.finish(task)

    assert task.status == Status.NEEDS_REVIEW
    decide.adopt(task, driver.simulator.ledger()["entries"][0]["task_id"], by=Caller(user=staff))
    assert driver.finish(task, ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


def test_submit_again_asks_whether_the_cost_is_known(in_review, staff):
    with pytest.raises(InvalidRequest) as refusal:
        decide.submit_again(in_review, by=Caller(user=staff), knows_cost=False)

    assert (refusal.value.code, set(refusal.value.fields)) == ("cost_not_acknowledged", {"knows_cost"})
    assert fresh(in_review).status == Status.NEEDS_REVIEW


def test_a_model_that_is_gone_is_not_submitted_again(in_review, staff):
    GenerationTask.objects.filter(pk=in_review.pk).update(model="gone/model")

    with pytest.raises(Conflict) as refusal:
        decide.submit_again(fresh(in_review), by=Caller(user=staff), knows_cost=True)

    assert refusal.value.code == "model_gone"
    assert fresh(in_review).status == Status.NEEDS_REVIEW


def test_give_up_ends_the_review(in_review, staff):
    decide.give_up(in_review, by=Caller(user=staff))

    assert (fresh(in_review).status, fresh(in_review).error_code) == (Status.FAILED, "abandoned")


@pytest.mark.postgresql
def test_an_id_of_an_earlier_unknown_outcome_with_another_account_can_be_adopted(user, staff, driver, make_account):
    """A person had it sent again when the first account was off; now both may have it."""
    render = driver.until(create_task(owner=user, model=KLING, prompt="the paid one", params={}), Status.RUNNING)
    first, vendor_id = render.account, render.submission_id
    render.move(Status.FAILED, submission_id="")
    credentials = {"access_key": "ak-another-plan", "secret_key": "sk-another-plan"}
    other = make_account("kling", "official-jwt", first.base_url, label="another", credentials=credentials)
    task = make_task(user, model=KLING, status=Status.NEEDS_REVIEW, account=other, attempt_count=2)
    for account in (first, other):
        attempt_of(task, account, dispatch=Dispatch.UNKNOWN, finished_at=timezone.now())

    with pytest.raises(InvalidRequest):
        decide.adopt(fresh(task), "8", by=Caller(user=staff))
    decide.adopt(fresh(task), vendor_id, by=Caller(user=staff))

    assert (fresh(task).status, fresh(task).account) == (Status.RUNNING, first)
    found = [(attempt.dispatch, attempt.submission_id) for attempt in task.attempts.order_by("number")]
    assert found == [(Dispatch.ACCEPTED, vendor_id), (Dispatch.UNKNOWN, "")]

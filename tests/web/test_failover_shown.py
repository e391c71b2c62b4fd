"""If another model replaced the requested one, the task says so, on its page and in the API. Administrators enter the rule in a form."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from api.v1.schemas import task_out
from generation.models import FailoverRule, TaskEvent
from providers.core.messages import say
from tests.task_rows import attempt_of, make_task
from web.presenters.detail import history_of

KLING, WAN = "kling/kling-v2-5-turbo", "dashscope/wanx2.1-t2v-turbo"
RETIRED = "kling/kling-v1-6"


def test_the_page_and_the_api_name_the_model_that_was_asked_for(visitor, user, accounts):
    task = make_task(user, model=WAN, asked_model=KLING)

    page = visitor.get(f"/tasks/{task.pk}/").content.decode()

    assert "Replaces" in page
    assert (task_out(task, "").model, task_out(task, "").asked_model) == (WAN, KLING)


def test_the_api_names_the_same_model_twice_where_nothing_stood_in(visitor, user, accounts):
    task = make_task(user, model=KLING)

    assert task_out(task, "").asked_model == KLING
    assert "Replaces" not in visitor.get(f"/tasks/{task.pk}/").content.decode()


def test_history_names_the_vendor_that_had_it_then(user, accounts):
    task, now = make_task(user, model=WAN, asked_model=KLING), timezone.now()
    for number, account in enumerate(accounts, start=1):
        at = now + timedelta(seconds=number)
        attempt_of(task, account, started_at=at)
        TaskEvent.objects.create(task=task, at=at, from_status="queued", to_status="submitting")

    assert [line.text for line in history_of(task)][1:] == ["Slot found, sent to Kling", "Slot found, sent to DashScope"]


def test_history_is_read_in_the_readers_language(user, accounts):
    task = make_task(user)
    TaskEvent.objects.create(task=task, at=timezone.now(), from_status="submitting", to_status="queued", note=say("not_listed"))

    with translation.override("zh-hans"):
        assert history_of(task)[-1].detail.endswith("请求很可能未被受理。")


def test_a_rule_is_made_of_listed_models(staff_visitor):
    add, good = "/admin/generation/failoverrule/add/", {"from_model": KLING, "to_model": WAN, "position": 1, "enabled": "on"}

    assert staff_visitor.post(add, good | {"to_model": "no/such"}).status_code == 200
    assert staff_visitor.post(add, good | {"to_model": KLING}).status_code == 200
    assert FailoverRule.objects.count() == 0
    assert staff_visitor.post(add, good).status_code == 302
    assert FailoverRule.objects.get().to_model == WAN


@pytest.mark.parametrize("own", ["kling/kling-v9-gone", RETIRED])
def test_a_rule_about_a_model_that_is_retired_or_gone_can_be_edited(staff_visitor, own):
    rule = FailoverRule.objects.create(from_model=own, to_model=WAN)
    page = f"/admin/generation/failoverrule/{rule.pk}/change/"

    reply = staff_visitor.post(page, {"from_model": own, "to_model": WAN, "position": 3})

    assert reply.status_code == 302
    rule.refresh_from_db()
    assert (rule.from_model, rule.position, rule.enabled) == (own, 3, False)
    assert f'value="{own}"' not in staff_visitor.get("/admin/generation/failoverrule/add/").text

"""How Jimeng's web site is asked about tasks: in the older way, in the history, and in the second way where the first does not know."""

import pytest

from providers.core.errors import AuthenticationFailed, InvalidParams, ProviderDown, RateLimited, SubmissionGone, UnexpectedReply
from providers.core.types import State, Submission
from tests.providers.vendors.jimeng_answers import answer, refusal
from tests.providers.vendors.vendor_samples import fixture, make_provider, make_request, outcome, reply_of

OLD = "jimeng/jimeng-video-2.0"
TASK = Submission(id="3500000000001", model="jimeng-video-2.0", kind="task")
RECORD = Submission(id="3500000000002", model="jimeng-video-3.0", kind="history")
BOTH_WAYS = [Submission(id=f"35{number}", model="jimeng-video-2.0", kind=f"task 45{number}") for number in range(2)]
OLDER, HISTORY = "mweb/v1/mget_generate_task", "mweb/v1/get_history_by_ids"


def entry(**changes):
    return {**fixture("jimeng_succeeded"), **changes}


def tasks(*names):
    return reply_of(answer({"task_map": {name: entry() for name in names}}))


def records(*names):
    return reply_of(answer({name: entry() for name in names}))


def polled(submissions, *replies):
    """Each answer's state or error's class, by submission; the error itself when there are none."""
    jimeng = make_provider("jimeng")
    found = outcome(jimeng, jimeng.poll_many(submissions), *replies)
    return {name: getattr(one, "state", type(one)) for name, one in found.items()} if isinstance(found, dict) else type(found)


def test_each_kind_is_polled_where_it_is_known():
    jimeng = make_provider("jimeng")

    task, record = next(jimeng.poll(TASK)), next(jimeng.poll(RECORD))

    assert (task.path, task.json, task.billable) == ("mweb/v1/mget_generate_task", {"task_id_list": ["3500000000001"]}, False)
    assert (record.path, record.json) == ("mweb/v1/get_history_by_ids", {"history_ids": ["3500000000002"]})
    assert [jimeng.poll_group(one) for one in (TASK, RECORD)] == ["task", "history"]


def test_many_tasks_are_asked_about_at_once_and_one_odd_answer_spoils_no_other():
    jimeng = make_provider("jimeng")
    tasks = [Submission(id=str(number), model="jimeng-video-2.0", kind="task") for number in range(5)]
    entries = {"0": entry(), "1": entry(status=20, item_list=[]), "2": "odd", "3": entry(item_list=[])}

    found = outcome(jimeng, jimeng.poll_many(tasks), reply_of(answer({"task_map": entries})))

    assert next(jimeng.poll_many(tasks)).json == {"task_id_list": ["0", "1", "2", "3", "4"]}
    assert (found["0"].state, found["1"].state) == (State.SUCCEEDED, State.RUNNING)
    assert (type(found["2"]), type(found["3"]), "4" in found) == (UnexpectedReply, UnexpectedReply, False)


def test_adopted_task_of_unknown_kind_is_looked_for_in_both_places():
    jimeng = make_provider("jimeng")
    adopted = Submission(id="3500000000002", model="jimeng-video-3.0")

    replies = (reply_of(answer({"task_map": {}})), reply_of(answer({"3500000000002": entry()})))

    assert outcome(jimeng, jimeng.poll(adopted), *replies).state is State.SUCCEEDED


def test_record_is_kept_beside_the_task_id_and_shares_its_batch():
    jimeng = make_provider("jimeng")
    accepted = {"aigc_data": {"task": {"task_id": 350}, "history_record_id": 450}}
    endless = {"aigc_data": {"task": {"task_id": "350"}, "history_record_id": "4" * 36}}

    first, second = (outcome(jimeng, jimeng.submit(make_request(OLD)), reply_of(answer(body))) for body in (accepted, endless))

    assert (first.kind, second.kind) == ("task 450", "task")
    assert [jimeng.poll_group(one) for one in (first, second, TASK)] == ["task"] * 3


def test_history_is_asked_for_what_the_older_question_lacks():
    talk = make_provider("jimeng").poll_many(BOTH_WAYS)

    first = next(talk)
    second = talk.send(tasks("350"))

    assert (first.path, first.json) == (OLDER, {"task_id_list": ["350", "351"]})
    assert (second.path, second.json) == (HISTORY, {"history_ids": ["451"]})
    assert polled(BOTH_WAYS, tasks("350"), records("451")) == {"350": State.SUCCEEDED, "351": State.SUCCEEDED}
    assert polled(BOTH_WAYS, tasks("350"), records()) == {"350": State.SUCCEEDED}
    assert polled(BOTH_WAYS, tasks("350", "351")) == {"350": State.SUCCEEDED, "351": State.SUCCEEDED}


@pytest.mark.parametrize("refused", [reply_of(b"<html>", 404), reply_of(refusal("1000")), reply_of(b"<html>")])
def test_history_is_asked_when_the_older_question_is_refused_or_garbled(refused):
    assert polled(BOTH_WAYS, refused, records("450", "451")) == {"350": State.SUCCEEDED, "351": State.SUCCEEDED}


def test_task_that_only_one_question_was_answered_about_is_not_gone():
    refused = reply_of(refusal("1000"))

    assert polled([*BOTH_WAYS, TASK], refused, records("450")) == {"350": State.SUCCEEDED, "351": InvalidParams, TASK.id: InvalidParams}
    assert polled(BOTH_WAYS, tasks("350"), reply_of(b"", 503)) == {"350": State.SUCCEEDED, "351": ProviderDown}
    assert polled(BOTH_WAYS, tasks(), refused) is InvalidParams
    assert polled([TASK], refused) is InvalidParams


@pytest.mark.parametrize(("ret", "kind"), [("1015", AuthenticationFailed), ("1057", RateLimited), ("1002", ProviderDown)])
def test_trouble_with_account_or_site_is_not_asked_about_in_the_other_way(ret, kind):
    assert polled(BOTH_WAYS, reply_of(refusal(ret))) is kind


def test_task_that_neither_question_finds_is_gone():
    jimeng = make_provider("jimeng")

    assert type(outcome(jimeng, jimeng.poll(BOTH_WAYS[0]), tasks(), records())) is SubmissionGone

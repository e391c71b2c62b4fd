"""What we say to Jimeng's web site and what its answers mean, by table, without a socket."""

import json
import logging
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.core.errors import (
    AuthenticationFailed,
    ContentRejected,
    GenerationFailed,
    InvalidParams,
    OutOfCredit,
    PlanUsedUp,
    ProviderDown,
    ProviderError,
    RateLimited,
    Refused,
    SubmissionGone,
    Uncertain,
    UnexpectedReply,
    Unsupported,
)
from providers.core.types import Output, Snapshot, State, Submission
from providers.vendors import ALL_MODELS
from tests.cases import LETTERS, in_one_test
from tests.providers.vendors.jimeng_answers import answer, refusal
from tests.providers.vendors.vendor_samples import NOON, Wire, fixture, make_provider, make_request, reply_of

OLD, NEW = "jimeng/jimeng-video-2.0", "jimeng/jimeng-video-3.0"
TASK = Submission(id="3500000000001", model="jimeng-video-2.0", kind="task")
RECORD = Submission(id="3500000000002", model="jimeng-video-3.0", kind="history")
RECORDED = Submission(id="3500000000001", model="jimeng-video-2.0", kind="task 3500000000002")
FILE = Output(url="https://v.example/abc/6841aaaa/video.mp4", expires_in=timedelta(days=7), duration_s=5.041)
COOKIE = "sessionid=sim-session-000000000000; uid=7"
MOMENT = str(int(NOON.timestamp()))
WIRE = Wire(provider=make_provider("jimeng"), model=OLD, task=TASK)
submit = WIRE.submit


def entry(**changes):
    return {**fixture("jimeng_succeeded"), **changes}


def poll(task_entry, submission=TASK):
    """The answer on one task that is in the map."""
    data = {"task_map": {submission.id: task_entry}} if submission.kind == "task" else {submission.id: task_entry}
    return WIRE.poll(answer(data), task=submission)


# submit


def test_first_generation_is_asked_for_as_its_page_does():
    said = WIRE.asked(make_request(OLD, duration_s=10, aspect_ratio="9:16", seed=7))

    body = said.json
    extra = json.loads(body.pop("task_extra"))
    submit_id = body.pop("submit_id")
    assert (said.method, said.path, said.query, said.billable) == ("POST", "mweb/v1/generate_video", {"aid": 513695}, True)
    assert str(UUID(submit_id)) == submit_id == extra["originSubmitId"]
    assert (extra["isDefaultSeed"], extra["batchNumber"]) == (0, 1)
    assert body == {
        "http_common_info": {"aid": 513695},
        "input": {
            "video_aspect_ratio": "9:16",
            "seed": 7,
            "video_gen_inputs": [{"prompt": "a boat", "fps": 24, "duration_ms": 10000, "video_mode": 2, "template_id": ""}],
            "priority": 0,
            "model_req_key": "dreamina_ic_generate_video_model_vgfm_lite",
        },
        "mode": "workbench",
        "history_option": {},
        "commerce_info": {
            "resource_id": "generate_video",
            "resource_id_type": "str",
            "resource_sub_type": "aigc",
            "benefit_type": "basic_video_operation_vgfm_lite",
        },
        "client_trace_data": {},
    }


def test_newer_models_are_asked_for_as_a_draft_in_text():
    said = WIRE.asked(make_request(NEW, prompt="一只猫", resolution="1080p", seed=7))

    draft = json.loads(said.json["draft_content"])
    [component] = draft["component_list"]
    params = component["abilities"]["gen_video"]["text_to_video_params"]
    [scene] = params["video_gen_inputs"]
    assert (said.path, said.billable) == ("mweb/v1/aigc_draft/generate", True)
    assert (said.query["aid"], said.query["da_version"], len(said.query["webId"])) == (513695, "3.3.9", 19)
    assert (component["type"], component["id"]) == ("video_base_component", draft["main_component_id"])
    assert {name: scene[name] for name in ("prompt", "fps", "duration_ms", "resolution", "video_mode")} == {
        "prompt": "一只猫",
        "fps": 24,
        "duration_ms": 5000,
        "resolution": "1080p",
        "video_mode": 2,
    }
    assert (params["video_aspect_ratio"], params["seed"], params["model_req_key"]) == (
        "16:9",
        7,
        "dreamina_ic_generate_video_model_vgfm_3.0",
    )
    assert said.json["extend"]["root_model"] == "dreamina_ic_generate_video_model_vgfm_3.0"
    assert said.json["extend"]["m_video_commerce_info"]["benefit_type"] == "basic_video_operation_vgfm_v_three"
    assert said.json["extend"]["m_video_commerce_info_list"] == [said.json["extend"]["m_video_commerce_info"]]
    assert json.loads(said.json["metrics_extra"])["originSubmitId"] == said.json["submit_id"]


@in_one_test(
    ("model", "key", "benefit"),
    [
        ("jimeng-video-2.0-pro", "dreamina_ic_generate_video_model_vgfm1.0", "basic_video_operation_vgfm"),
        ("jimeng-video-3.0-fast", "dreamina_ic_generate_video_model_vgfm_3.0_fast", "basic_video_operation_vgfm_v_three"),
        ("jimeng-video-3.0-pro", "dreamina_ic_generate_video_model_vgfm_3.0_pro", "basic_video_operation_vgfm_v_three_pro"),
        ("jimeng-video-3.5-pro", "dreamina_ic_generate_video_model_vgfm_3.5_pro", "dreamina_video_seedance_15_pro"),
        ("seedance-2.0", "dreamina_seedance_40_pro", "dreamina_video_seedance_20_pro"),
        ("seedance-2.0-fast", "dreamina_seedance_40", "dreamina_seedance_20_fast"),
        ("seedance-2.0-mini", "dreamina_seedance_40_mini", "seedance_20_mini_720p_output"),
        ("seedance-2.5", "dreamina_seedance_45_pro", "seedance_25_720p_output"),
    ],
)
def test_model_and_benefit_are_the_pair_of_the_table(model, key, benefit):
    text = json.dumps(WIRE.asked(make_request(f"jimeng/{model}")).json)

    assert f'"{benefit}"' in text
    assert f'"{key}"' in text


@pytest.mark.parametrize("model", [OLD, NEW])
def test_the_same_task_says_the_same_twice_and_another_does_not(model):
    one, again, other = (WIRE.asked(make_request(model, reference=name)).json for name in ("job-1", "job-1", "job-2"))

    assert one == again
    assert one["submit_id"] != other["submit_id"]
    assert one != other


def test_random_seed_is_distinguished_from_a_chosen_one():
    said = WIRE.asked(make_request(OLD)).json

    assert 0 <= said["input"]["seed"] <= 4_294_967_295
    assert json.loads(said["task_extra"])["isDefaultSeed"] == 1


def test_accepted_task_gives_the_id_that_it_is_polled_by():
    assert submit(fixture("jimeng_submitted")) == RECORDED
    assert submit(fixture("jimeng_submitted"), model=NEW) == RECORD


@in_one_test(
    "body",
    [
        b"",
        b"<html>ok</html>",
        b"[]",
        {},
        {"ret": "0"},
        answer({}),
        answer({"aigc_data": {"task": {"task_id": ""}}}),
        answer({"aigc_data": {"task": {"task_id": None}}}),
        refusal("777777"),
    ],
)
def test_unreadable_answer_to_a_submit_is_uncertain(body):
    assert type(submit(body)) is Uncertain


# errors


@in_one_test(
    ("ret", "kind"),
    [
        *[(code, AuthenticationFailed) for code in ("1014", "1015", "1018", "1019", "1021", "3018", "4003", "4010", "4013")],
        *[(code, OutOfCredit) for code in ("1006", "4001", "5000")],
        ("121101", PlanUsedUp),
        *[(code, RateLimited) for code in ("1", "1010", "1057", "1310", "2014", "2020", "10020")],
        *[(code, ContentRejected) for code in ("1063", "1159", "2003", "2004", "2005", "2035")],
        *[(code, ContentRejected) for code in ("2038", "2039", "2041", "2042", "2048", "2050")],
        *[(code, InvalidParams) for code in ("1000", "1001", "1161", "1162", "2061")],
        ("2043", Refused),
        *[(code, Uncertain) for code in ("1002", "2002")],
    ],
)
def test_ret_has_its_class_with_http_200(ret, kind):
    error = submit(refusal(ret))

    assert type(error) is kind
    assert (error.vendor_code, error.http_status, error.request_id) == (ret, 200, "log-1")
    assert error.message.startswith("words of the vendor")


@pytest.mark.parametrize(
    ("ret", "errmsg", "kind", "advice"),
    [
        ("1019", "shark not pass", AuthenticationFailed, "fresh cookie"),
        ("3018", "permission denied", AuthenticationFailed, "fresh cookie"),
        ("4013", "", AuthenticationFailed, "fresh cookie"),
        ("2061", "模型已不可用", InvalidParams, "took this model offline"),
    ],
)
def test_refusal_by_a_robot_check_or_of_an_offline_model_is_sure_and_says_what_helps(ret, errmsg, kind, advice):
    """As iptag/jimeng-api quotes the site (issues 143 and 110): HTTP 200, and `data` without a task."""
    answered = {"ret": ret, "errmsg": errmsg, "systime": "1772105214", "logid": "l", "data": {"aigc_data": None, "fail_code": ""}}

    error = submit(answered, model="jimeng/seedance-2.0-fast")

    assert type(error) is kind
    assert advice in str(error)


def test_robot_check_that_ends_a_task_says_what_helps():
    error = poll(entry(status=30, item_list=[], fail_code="4013")).error

    assert type(error) is GenerationFailed
    assert "fresh cookie" in str(error)


def test_number_instead_of_text_is_read_too():
    assert type(submit(refusal(1310))) is RateLimited


@pytest.mark.parametrize("ret", ["1002", "2002"])
def test_vendor_down_on_a_poll_is_not_uncertain(ret):
    assert type(WIRE.poll(refusal(ret))) is ProviderDown


def test_page_of_a_firewall_may_hide_an_acceptance():
    assert type(submit(b"<html>", 403)) is Uncertain
    assert submit(b"<html>", 429, retry_after="9").retry_after_s == 9.0


# poll


@in_one_test(("status", "state"), [(-1, State.RUNNING), (0, State.QUEUED), (20, State.RUNNING), (42, State.RUNNING), (45, State.RUNNING)])
def test_vendor_status_has_our_state(status, state):
    snapshot = poll(entry(status=status, item_list=[]))

    assert (snapshot.state, snapshot.vendor_state, snapshot.outputs) == (state, str(status), ())


@pytest.mark.parametrize("submission", [TASK, RECORD])
def test_finished_task_gives_file_life_and_length(submission):
    snapshot = poll(entry(), submission)

    assert (snapshot.state, snapshot.outputs, snapshot.error) == (State.SUCCEEDED, (FILE,), None)


@pytest.mark.parametrize("status", [10, 45, 50])
def test_file_settles_what_a_disputed_status_means(status):
    assert poll(entry(status=status)).outputs == (FILE,)


def test_status_may_be_in_the_records_task():
    record = {"task": {"task_id": "3500000000001", "status": 42}, "item_list": []}

    assert poll(record, RECORD).vendor_state == "42"


def test_smaller_rendition_is_taken_where_there_is_no_original():
    video = {"transcoded_video": {"480p": {"video_url": "https://v.example/480"}, "720p": {"video_url": "https://v.example/720"}}}

    [output] = poll(entry(item_list=[{"video": video}])).outputs

    assert (output.url, output.duration_s) == ("https://v.example/720", None)


@in_one_test("items", [None, {}, [], [7], [{}], [{"video": {}}], [{"video": {"transcoded_video": {"origin": {"video_url": ""}}}}]])
def test_success_without_a_file_is_unexpected(items):
    assert type(poll(entry(item_list=items))) is UnexpectedReply


@in_one_test(
    ("code", "kind"),
    [
        ("2038", ContentRejected),
        (2042, ContentRejected),
        ("1006", OutOfCredit),
        ("1000", InvalidParams),
        ("2002", GenerationFailed),
        ("1310", GenerationFailed),
        ("", GenerationFailed),
        (None, GenerationFailed),
    ],
)
def test_failed_task_keeps_code_and_words(code, kind):
    snapshot = poll(entry(status=30, item_list=[], fail_code=code, fail_msg="words of the vendor"))

    assert (snapshot.state, type(snapshot.error), snapshot.error.vendor_code) == (State.FAILED, kind, str(code or "") or None)
    assert snapshot.error.message == "words of the vendor"


def test_words_of_the_newer_records_are_read():
    record = {"status": 30, "fail_code": "2039", "fail_starling_message": "the picture is not allowed"}

    assert poll(record, RECORD).error.message == "the picture is not allowed"


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (10, ContentRejected, "Jimeng's safety check refused it before rendering."),
        (40, ContentRejected, "Jimeng's safety check refused it after rendering."),
        (100, SubmissionGone, "The task was deleted at Jimeng."),
        (30, GenerationFailed, "Jimeng failed to render the video and gave no reason."),
    ],
)
def test_terminal_status_without_a_reason_has_words_of_ours(status, kind, words):
    snapshot = poll(entry(status=status, item_list=[]))

    assert (snapshot.state, type(snapshot.error), snapshot.error.message) == (State.FAILED, kind, words)


@pytest.mark.parametrize("submission", [TASK, RECORD])
def test_task_missing_from_the_answer_is_gone(submission):
    data = {"task_map": {}} if submission.kind == "task" else {}

    assert type(WIRE.poll(answer(data), task=submission)) is SubmissionGone


def test_undocumented_status_counts_as_running_and_is_logged(caplog):
    with caplog.at_level(logging.WARNING, logger="providers.jimeng"):
        snapshot = poll(entry(status=90417, item_list=[]))

    assert (snapshot.state, snapshot.vendor_state) == (State.RUNNING, "90417")
    assert [record.message for record in caplog.records] == ["undocumented task status 90417; the task counts as running"]


@in_one_test("body", [b"", b"<html>", b"[]", {}, {"ret": "0"}, answer({}), answer({"task_map": []})])
def test_unreadable_answer_to_a_poll_is_unexpected(body):
    assert type(WIRE.poll(body)) is UnexpectedReply


@in_one_test("odd", ["x", 7, None, {}, {"status": "50"}, {"status": True}])
def test_unreadable_answer_on_a_task_is_unexpected(odd):
    assert type(poll(odd)) is UnexpectedReply


@given(
    name=st.sampled_from(["status", "task", "item_list", "fail_code", "fail_msg"]),
    odd=st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(LETTERS, max_size=8)
    | st.lists(st.integers(), max_size=2),
)
def test_odd_value_in_an_answer_on_a_task_is_a_value_or_an_error(name, odd):
    assert isinstance(poll(entry(**{name: odd})), (Snapshot, ProviderError))


# look-up


@pytest.mark.parametrize(("model", "found"), [(OLD, RECORDED), (NEW, RECORD)])
def test_look_up_finds_the_task_by_our_submit_id(model, found):
    submit_id = WIRE.asked(make_request(model)).json["submit_id"]
    record = {"task": {"task_id": "3500000000001", "history_id": "3500000000002", "submit_id": submit_id}}

    assert next(WIRE.provider.look_up("job-1", ALL_MODELS[model], NOON, ())).json == {"submit_ids": [submit_id]}
    assert WIRE.look_up(reply_of(answer({submit_id: record})), model=model) == found


def test_what_the_history_lacks_may_still_have_been_accepted():
    assert make_provider("jimeng").can_look_up is True
    assert type(WIRE.look_up(reply_of(answer({})))) is Unsupported

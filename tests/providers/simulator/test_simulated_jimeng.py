"""Jimeng's web site: both ways to submit, batch polls, the marks of a web client, whole numbers for states."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from typing import Any

import pytest
import requests

from providers.simulator.testing import SimulatorProcess
from providers.simulator.vendors import jimeng_rules
from tests.cases import in_one_test

DAY_S = 86_400
PAGE_OF_IMAGES = "https://jimeng.jianying.com/ai-tool/image/generate"
LITE = "dreamina_ic_generate_video_model_vgfm_lite"
THREE = "dreamina_ic_generate_video_model_vgfm_3.0"
RESOURCE = {"resource_id": "generate_video", "resource_id_type": "str", "resource_sub_type": "aigc"}
FRAME = {"width": 800, "height": 600, "image_uri": "tos-cn-i/abc"}


def inner(prompt: str, model: str = LITE, **fields: Any) -> dict[str, Any]:
    """What both bodies hold: the fields of the scene are found by their names."""
    rest = {name: fields.pop(name) for name in ("video_aspect_ratio", "seed") if name in fields}
    scene = {"prompt": prompt, "fps": 24, "duration_ms": 5000, "video_mode": 2, **fields}
    return {"video_aspect_ratio": "16:9", "seed": 7, "video_gen_inputs": [scene], "priority": 0, "model_req_key": model, **rest}


def older(prompt: str = "a paper boat", benefit: str = "basic_video_operation_vgfm_lite", **fields: Any) -> dict[str, Any]:
    return {
        "submit_id": str(uuid.uuid4()),
        "task_extra": json.dumps({"promptSource": "custom", "batchNumber": 1}),
        "http_common_info": {"aid": 513695},
        "input": inner(prompt, **fields),
        "mode": "workbench",
        "history_option": {},
        "commerce_info": {**RESOURCE, "benefit_type": benefit},
        "client_trace_data": {},
    }


def draft(prompt: str = "a paper boat", benefit: str = "basic_video_operation_vgfm_lite", **fields: Any) -> dict[str, Any]:
    asked = inner(prompt, **fields)
    component = {"type": "video_base_component", "abilities": {"gen_video": {"text_to_video_params": asked, "video_task_extra": "{}"}}}
    return {
        "extend": {"root_model": asked["model_req_key"], "m_video_commerce_info": {**RESOURCE, "benefit_type": benefit}},
        "submit_id": str(uuid.uuid4()),
        "metrics_extra": "{}",
        "draft_content": json.dumps({"type": "draft", "component_list": [component]}),
        "http_common_info": {"aid": 513695},
    }


class Caller:
    def __init__(self, base: str, session: str = "sim-session-000000000000") -> None:
        self.base = base
        self.headers = {"cookie": f"uid_tt=1; sessionid={session}; sid_tt=2", "pf": "7", "appvr": "8.4.0"}

    def post(self, path: str, body: dict[str, Any], **headers: str) -> requests.Response:
        return requests.post(self.base + path, json=body, headers=self.headers | headers, timeout=20)

    def submit(self, prompt: str = "a paper boat", **fields: Any) -> requests.Response:
        return self.post("/mweb/v1/generate_video?aid=513695", older(prompt, **fields))

    def submit_draft(self, body: dict[str, Any]) -> requests.Response:
        return self.post("/mweb/v1/aigc_draft/generate?aid=513695&region=cn", body)

    def task(self, prompt: str = "a paper boat", **fields: Any) -> str:
        return self.submit(prompt, **fields).json()["data"]["aigc_data"]["task"]["task_id"]

    def poll(self, *names: str) -> requests.Response:
        return self.post("/mweb/v1/mget_generate_task?aid=513695", {"task_id_list": list(names)})

    def report(self, name: str) -> dict[str, Any]:
        return self.poll(name).json()["data"]["task_map"][name]

    def histories(self, **names: list[str]) -> dict[str, Any]:
        return self.post("/mweb/v1/get_history_by_ids", names).json()["data"]


@pytest.fixture
def jimeng(simulator: SimulatorProcess) -> Caller:
    return Caller(simulator.base("jimeng"))


def ret(response: requests.Response) -> str:
    body = response.json()
    assert response.status_code == 200
    assert isinstance(body["ret"], str)
    return body["ret"]


def sign(path: str, moment: int) -> str:
    return hashlib.md5(f"9e2c|{path[-7:]}|7|8.4.0|{moment}||11ac".encode()).hexdigest()  # noqa: S324 - the page's recipe


def test_submit_answers_a_task_and_a_history_record(jimeng: Caller, simulator: SimulatorProcess) -> None:
    body = older()

    answer = jimeng.post("/mweb/v1/generate_video?aid=513695", body).json()

    assert answer.keys() == {"ret", "errmsg", "systime", "logid", "data"}
    assert (answer["ret"], answer["errmsg"]) == ("0", "success")
    task = answer["data"]["aigc_data"]["task"]
    assert task == {"task_id": task["task_id"], "submit_id": body["submit_id"], "status": 20}
    assert answer["data"]["aigc_data"]["history_record_id"].isdecimal()
    assert simulator.ledger()["by_reference"] == {body["submit_id"]: 1}


def test_states_are_numbers_that_follow_each_other(jimeng: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    task = jimeng.task()

    seen = [jimeng.report(task)]
    for seconds in (100, 90, 10):
        simulator.advance(seconds)
        seen.append(jimeng.report(task))

    assert [report["status"] for report in seen] == [20, 42, 45, 50]
    assert [len(report["item_list"]) for report in seen] == [0, 0, 0, 1]
    video = seen[3]["item_list"][0]["video"]
    assert video["duration_ms"] == 5000
    origin = video["transcoded_video"]["origin"]
    assert (origin["width"], origin["height"], origin["fps"], origin["format"]) == (1248, 704, 24, "mp4")
    assert requests.get(origin["video_url"], timeout=60).content[4:8] == b"ftyp"


def test_result_lives_seven_days(jimeng: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)
    url = jimeng.report(jimeng.task())["item_list"][0]["video"]["transcoded_video"]["origin"]["video_url"]

    simulator.advance(7 * DAY_S - 60)
    assert requests.get(url, timeout=20).status_code == 200
    simulator.advance(61)
    assert requests.get(url, timeout=20).status_code == 403


def test_batch_poll_leaves_out_what_it_does_not_know(jimeng: Caller, simulator: SimulatorProcess) -> None:
    stranger = Caller(simulator.base("jimeng"), session="sim-session-of-another")
    tasks = [jimeng.task(f"{number}") for number in range(2)]
    foreign, gone = stranger.task(), jimeng.task("#fault:expire")
    simulator.advance(60)

    answer = jimeng.poll(*tasks, foreign, gone, "3500000000000000000", "no-number").json()

    assert answer["data"]["task_map"].keys() == set(tasks)


def test_record_is_found_by_history_and_by_submit_id(jimeng: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)
    body = draft()
    data = jimeng.submit_draft(body).json()["data"]["aigc_data"]
    history = data["history_record_id"]

    by_history = jimeng.histories(history_ids=[history, "1", "x"])
    by_submit = jimeng.histories(submit_ids=[body["submit_id"], str(uuid.uuid4())])

    assert by_history.keys() == {history}
    assert by_submit.keys() == {body["submit_id"]}
    record = by_history[history]
    assert (record["status"], record["finished_image_count"]) == (50, 1)
    assert (record["task"]["task_id"], record["task"]["history_id"]) == (data["task"]["task_id"], history)
    assert record["item_list"][0]["video"]["transcoded_video"].keys() == {"360p", "480p", "720p", "origin"}
    assert record["queue_info"]["polling_config"] == {"interval_seconds": 30, "timeout_seconds": 86400}


def test_item_is_found_by_its_own_id(jimeng: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)
    item = jimeng.report(jimeng.task())["item_list"][0]

    asked = {"item_id_list": [item["common_attr"]["id"], "7"], "pack_item_opt": {"scene": 1}, "is_for_video_download": True}

    assert jimeng.post("/mweb/v1/get_local_item_list", asked).json()["data"]["item_list"] == [item]


@pytest.mark.parametrize(
    ("fault", "status", "code", "items"),
    [
        ("fail-content", 30, "2038", 0),
        ("fail-internal", 30, "2002", 0),
        ("fail-status-10", 10, "2005", 0),
        ("fail-status-40", 40, "2042", 0),
        ("fail-status-100", 100, "", 0),
        ("done-status-10", 10, None, 1),
        ("done-status-45", 45, None, 1),
    ],
)
def test_end_may_be_reported_by_another_number(
    jimeng: Caller, simulator: SimulatorProcess, fault: str, status: int, code: str | None, items: int
) -> None:
    simulator.settings(queue_s=0, render_s=0)
    body = older(f"a boat #fault:{fault}")
    data = jimeng.post("/mweb/v1/generate_video?aid=513695", body).json()["data"]["aigc_data"]

    report = jimeng.report(data["task"]["task_id"])
    record = jimeng.histories(submit_ids=[body["submit_id"]])[body["submit_id"]]

    assert (report["status"], report.get("fail_code"), len(report["item_list"])) == (status, code, items)
    assert (record["status"], record["fail_code"], len(record["item_list"])) == (status, code or "", items)


def test_answer_may_have_no_data(jimeng: Caller, simulator: SimulatorProcess) -> None:
    submitted = jimeng.submit("a boat #fault:task-id-top-level").json()
    task = jimeng.task("a boat #fault:poll-no-data:1")

    polled = [jimeng.poll(task).json() for _ in range(2)]

    assert submitted.keys() == polled[0].keys() == {"ret", "errmsg", "systime", "logid"}
    assert submitted["ret"] == polled[0]["ret"] == "0"
    assert polled[1]["data"]["task_map"].keys() == {task}
    assert simulator.ledger()["count"] == 2


@pytest.mark.parametrize("fault", ["poll-html", "poll-empty", "poll-badjson"])
def test_poll_fault_of_one_strikes_the_whole_batch_and_passes(jimeng: Caller, fault: str) -> None:
    tasks = [jimeng.task("sound"), jimeng.task(f"a boat #fault:{fault}:1")]

    with pytest.raises(requests.JSONDecodeError):
        jimeng.poll(*tasks).json()
    assert jimeng.poll(*tasks).json()["data"]["task_map"].keys() == set(tasks)


def test_older_question_may_be_refused_or_lack_a_task(jimeng: Caller) -> None:
    refused, lacking = jimeng.task("a boat #fault:poll-mget-refused:1"), jimeng.task("a boat #fault:poll-mget-lacks:1")

    assert [jimeng.poll(refused).status_code for _ in range(2)] == [404, 200]
    assert [jimeng.poll(lacking).json()["data"]["task_map"].keys() == {lacking} for _ in range(2)] == [False, True]


def test_undocumented_state_passes(jimeng: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=60.0)
    task = jimeng.task("a boat #fault:poll-unknown-state:1")

    assert [jimeng.report(task)["status"] for _ in range(2)] == [77, 20]


def test_polls_are_counted_apart_from_submits(jimeng: Caller, simulator: SimulatorProcess) -> None:
    task = jimeng.task()
    jimeng.report(task)

    logged, stats = simulator.requests(), simulator.stats()

    assert [entry["path"] for entry in logged["requests"]] == ["/hosts/jimeng/mweb/v1/generate_video"]
    assert [entry["path"] for entry in logged["polls"]] == ["/hosts/jimeng/mweb/v1/mget_generate_task"]
    assert (stats["submits"], stats["polls"]) == ({"jimeng": 1}, {"jimeng": 1})


@in_one_test(
    "changes",
    [
        {"model": "dreamina_unheard_of"},
        {"benefit": "basic_video_operation_vgfm"},
        {"benefit": ""},
        {"prompt": ""},
        {"duration_ms": 7000},
        {"duration_ms": "5000"},
        {"fps": 30},
        {"video_mode": 1},
        {"seed": -1},
        {"seed": 2**32},
        {"video_aspect_ratio": "2:1"},
        {"resolution": "720p"},
        {"model": THREE, "benefit": "basic_video_operation_vgfm_v_three", "resolution": "4k"},
        {"first_frame_image": {"width": 800, "height": 600, "image_uri": ""}},
        {"first_frame_image": {"image_uri": "tos-cn-i/abc"}},
        {"end_frame_image": FRAME},
    ],
)
def test_bad_order_is_refused_in_both_bodies_and_not_billed(jimeng: Caller, simulator: SimulatorProcess, changes: dict[str, Any]) -> None:
    assert ret(jimeng.submit(**changes)) == "1000"
    assert ret(jimeng.submit_draft(draft(**changes))) == "1000"
    assert simulator.ledger()["count"] == 0


@in_one_test(
    ("changes", "expected"),
    [
        ({"submit_id": "7"}, "1000"),
        ({"http_common_info": {"aid": 1}}, "1000"),
        ({"metrics_extra": {}}, "1000"),
        ({"draft_content": {"component_list": []}}, "1002"),
        ({"draft_content": "{"}, "1000"),
        ({"draft_content": json.dumps({"component_list": [{"type": "image_base_component"}]})}, "1000"),
        ({"extend": {}}, "1000"),
    ],
)
def test_bad_draft_is_refused(jimeng: Caller, changes: dict[str, Any], expected: str) -> None:
    assert ret(jimeng.submit_draft({**draft(), **changes})) == expected


@in_one_test(
    ("fields", "expected"),
    [
        ({"video_aspect_ratio": "9:16"}, (704, 1248, 5)),
        ({"duration_ms": 10000, "video_aspect_ratio": "21:9"}, (1504, 640, 10)),
        ({"first_frame_image": FRAME, "end_frame_image": FRAME, "video_aspect_ratio": None}, (1120, 832, 5)),
        ({"model": f"{LITE[:-5]}1.0", "benefit": "basic_video_operation_vgfm"}, (1248, 704, 5)),
        ({"model": THREE, "benefit": "basic_video_operation_vgfm_v_three", "resolution": "1080p"}, (1920, 1088, 5)),
        ({"model": f"{THREE}_fast", "benefit": "basic_video_operation_vgfm_v_three", "resolution": "720p"}, (1248, 704, 5)),
        ({"model": f"{THREE}_pro", "benefit": "basic_video_operation_vgfm_v_three_pro"}, (1248, 704, 5)),
        ({"model": f"{THREE[:-1]}5_pro", "benefit": "dreamina_video_seedance_15_pro", "duration_ms": 12000}, (1248, 704, 12)),
        ({"model": "dreamina_seedance_40_pro", "benefit": "dreamina_video_seedance_20_pro", "duration_ms": 15000}, (1248, 704, 15)),
        ({"model": "dreamina_seedance_40", "benefit": "dreamina_seedance_20_fast", "duration_ms": 4000}, (1248, 704, 4)),
        ({"model": "dreamina_seedance_40_mini", "benefit": "seedance_20_mini_720p_output", "duration_ms": 15000}, (1248, 704, 15)),
        ({"model": "dreamina_seedance_45_pro", "benefit": "seedance_25_720p_output", "duration_ms": 30000}, (1248, 704, 30)),
    ],
)
def test_good_order_becomes_a_video_of_this_size_and_length(fields: dict[str, Any], expected: tuple[int, int, int]) -> None:
    for order in (jimeng_rules.read_order(older(**fields)), jimeng_rules.read_draft(draft(**fields))):
        assert (order.width_px, order.height_px, order.duration_s) == expected


@pytest.mark.parametrize(("session", "expected"), [("bad-session", "1015"), ("", "1015"), ("broke-session", "1006"), ("sim-session", "0")])
def test_session_decides(simulator: SimulatorProcess, session: str, expected: str) -> None:
    assert ret(Caller(simulator.base("jimeng"), session).submit()) == expected


@pytest.mark.parametrize(("given", "expected"), [({}, "0"), ({"sign": "ab" * 16}, "0"), ({"sign": "short"}, "1014")])
def test_any_sign_of_the_right_shape_will_do(jimeng: Caller, given: dict[str, str], expected: str) -> None:
    assert ret(jimeng.post("/mweb/v1/generate_video", older(), **given)) == expected


def test_captured_sign_with_a_fresh_time_is_taken_unless_strict(jimeng: Caller, simulator: SimulatorProcess) -> None:
    """As a script does that copied cookie and sign from its browser, asking every so often until the number is 50."""
    marks = {"appid": "513695", "appvr": "5.8.0", "device-time": str(int(time.time())), "sign": "0f" * 16, "sign-ver": "1"}
    order = {**older(), "task_extra": json.dumps({"originSubmitId": str(uuid.uuid4()), "isDefaultSeed": 1})}

    task = jimeng.post("/mweb/v1/generate_video?aid=513695", order, **marks).json()["data"]["aigc_data"]["task"]["task_id"]
    simulator.advance(60)
    report = jimeng.post("/mweb/v1/mget_generate_task?aid=513695", {"task_id_list": [task]}, **marks).json()["data"]["task_map"][task]
    simulator.settings(strict_sign=1)

    assert report["status"] == 50
    assert report["item_list"][0]["video"]["transcoded_video"]["origin"]["video_url"].startswith("http://127.0.0.1:")
    assert ret(jimeng.post("/mweb/v1/generate_video?aid=513695", older(), **marks)) == "1014"


def test_strict_sign_follows_the_recipe(jimeng: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(strict_sign=1)
    now = int(time.time())

    def submitted(moment: int, given: str) -> str:
        return ret(jimeng.post("/mweb/v1/generate_video?aid=513695", older(), **{"device-time": str(moment), "sign": given}))

    assert submitted(now, sign("/mweb/v1/generate_video", now)) == "0"
    assert submitted(now, sign("/mweb/v1/generate_video", now - 1)) == "1014"
    assert submitted(now - 1000, sign("/mweb/v1/generate_video", now - 1000)) == "1014"
    assert submitted(now, "ab" * 16) == "1014"
    assert ret(jimeng.submit()) == "1014"


def test_credits_are_spent_by_tasks(jimeng: Caller) -> None:
    jimeng.task()

    credit = jimeng.post("/commerce/v1/benefits/user_credit", {}, Referer=PAGE_OF_IMAGES).json()["data"]["credit"]
    received = jimeng.post("/commerce/v1/benefits/credit_receive", {"time_zone": "Asia/Shanghai"}).json()["data"]
    charged = jimeng.post("/commerce/v1/benefits/user_credit_history", {"count": 20, "cursor": "0", "history_type": 2}).json()["data"]

    assert credit == {"gift_credit": 9990, "purchase_credit": 0, "vip_credit": 0}
    assert received == {"cur_total_credits": 9990, "receive_quota": 0}
    assert [record["amount"] for record in charged["records"]] == [-10]


@pytest.mark.parametrize(("query", "referer"), [("?aid=513695", PAGE_OF_IMAGES), ("", "https://jimeng.jianying.com")])
def test_credits_are_told_to_the_page_of_images_without_a_query(jimeng: Caller, query: str, referer: str) -> None:
    assert ret(jimeng.post(f"/commerce/v1/benefits/user_credit{query}", {}, Referer=referer)) == "1014"


def test_upload_token_is_given_for_a_known_scene(jimeng: Caller) -> None:
    assert jimeng.post("/mweb/v1/get_upload_token", {"scene": 2}).json()["data"].keys() >= {"access_key_id", "session_token"}
    assert ret(jimeng.post("/mweb/v1/get_upload_token", {"scene": 3})) == "1000"


def test_second_task_has_to_wait_where_one_may_run(jimeng: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(slots=1)
    jimeng.task("first")

    assert ret(jimeng.submit("second")) == "1310"


REFUSALS = {"refuse": "2038", "auth": "1015", "quota": "1006", "bad-param": "1000", "rate-limit": "1057", "plan-used-up": "121101"}
REFUSALS |= {"robot-check": "1019", "model-offline": "2061"}


@in_one_test(("fault", "expected"), REFUSALS.items())
def test_fault_refuses_and_bills_nothing(jimeng: Caller, simulator: SimulatorProcess, fault: str, expected: str) -> None:
    assert ret(jimeng.submit(f"a boat #fault:{fault}")) == expected
    assert simulator.ledger()["count"] == 0

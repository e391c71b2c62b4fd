"""Error answers that any proxy, framework or gateway may give to a paid submit leave the outcome unknown, at every vendor."""

import pytest

from providers.core.errors import RateLimited, Uncertain
from tests.cases import in_one_test
from tests.providers.vendors.vendor_samples import make_provider, make_request, outcome, reply_of

MODELS = {
    "kling": "kling/kling-v1-6",
    "kling-new": "kling/kling-3.0",
    "dashscope": "dashscope/wanx2.1-t2v-turbo",
    "zhipu": "zhipu/cogvideox-3",
    "ark": "ark/doubao-seedance-1-5-pro-251215",
    "minimax": "minimax/MiniMax-H3",
    "minimax-v1": "minimax/MiniMax-Hailuo-02",
    "vidu": "vidu/viduq3-turbo",
    "openrouter": "openrouter/google/veo-3.1",
    "volcvisual": "volcvisual/jimeng_t2v_v30",
    "cogvideox": "cogvideox/cogvideox-2b",
    "openai-videos": "openai-videos/gateway-model",
    "jimeng": "jimeng/jimeng-video-2.0",
}
FOREIGN = {
    "page": lambda status: f"<html>{status}</html>".encode(),
    "problem": lambda status: {"type": "about:blank", "title": "No", "status": status, "detail": "gateway timeout"},  # RFC 9457
    "spring": lambda status: {"timestamp": "2026-11-28T10:00:00Z", "status": status, "error": "Gateway Timeout", "path": "/v1"},
    "nested": lambda _status: {"error": {"message": "upstream request timeout"}},
    "nested-status": lambda status: {"error": {"code": status, "message": "no"}},
    "quoted-page": lambda _status: {"code": "fail_to_fetch_task", "message": "<html>no</html>", "data": None},
    "status": lambda status: {"code": status, "message": "no"},
    "detail": lambda _status: {"detail": "blocked by policy"},  # FastAPI, Django REST framework
    "error": lambda _status: {"error": "upstream closed"},
}


def submit(vendor, body, status):
    provider = make_provider(vendor.removesuffix("-new").removesuffix("-v1"))
    return outcome(provider, provider.submit(make_request(MODELS[vendor])), reply_of(body, status))


@in_one_test("vendor", MODELS)
def test_error_in_an_unknown_shape_leaves_the_outcome_unknown(vendor):
    outcomes = {
        (name, status): type(submit(vendor, shape(status), status))
        for name, shape in FOREIGN.items()
        for status in (403, 404, 405, 408, 502, 503, 504)
    }

    assert {case: kind for case, kind in outcomes.items() if kind is not Uncertain} == {}


@in_one_test("vendor", MODELS)
def test_page_for_429_is_a_rate_limit(vendor):
    assert type(submit(vendor, FOREIGN["page"](429), 429)) is RateLimited


@pytest.mark.parametrize(
    ("vendor", "body"),
    [
        ("minimax-v1", {"task_id": "106", "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}),
        ("kling", {"code": 1302, "message": "rate limit", "data": {"task_id": "877"}}),
        ("volcvisual", {"code": 50430, "message": "rate limit", "data": {"task_id": "9"}}),
    ],
)
def test_refusal_that_names_a_task_leaves_the_outcome_unknown(vendor, body):
    without = {**body, "task_id": ""} if "task_id" in body else {**body, "data": None}

    assert type(submit(vendor, body, 200)) is Uncertain
    assert type(submit(vendor, without, 200)) is RateLimited


@in_one_test("nothing", ["null", "0", " ", 0, False, None])
def test_refusal_that_names_no_task_is_believed(nothing):
    assert type(submit("minimax-v1", {"task_id": nothing, "base_resp": {"status_code": 1002, "status_msg": "no"}}, 200)) is RateLimited


@in_one_test(("vendor", "body"), [("jimeng", {"ret": "1", "errmsg": "bad gateway"}), ("kling", {"code": 1302, "message": "no"})])
@in_one_test("status", [408, 499, 502, 504])
def test_vendors_code_with_a_status_of_a_proxy_leaves_the_outcome_unknown(vendor, body, status):
    assert type(submit(vendor, body, status)) is Uncertain

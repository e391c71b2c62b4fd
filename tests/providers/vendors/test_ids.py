"""An id that cannot be one leaves the outcome of a paid submit unknown, at every vendor."""

import pytest

from providers.core.errors import Uncertain, UnexpectedReply
from providers.core.ids import id_of
from providers.core.types import Submission
from tests.cases import in_one_test
from tests.providers.vendors.vendor_samples import make_provider, make_request, outcome, reply_of

ODD = [
    "",
    " ",
    "a b",
    "a\r\nb",
    "a\x00",
    "../../x?y#z",
    "a/b",
    "a\\b",
    "a#b",
    "a?b",
    "..",
    "a,b",
    "True",
    "null",
    "None",
    "ü",
    True,
    False,
    None,
    1.5,
    -1,
    0,
    [],
    ["a"],
    {},
    10**30,
]
GOOD = ["838274650192837465", "0385dc79-7a1b-4c2d-8e3f-91a2b3c4d5e6", "cgt-20260101-abcde", "task_AbC012", "video_bGl0ZWxsbQ==", "a:b~c.d"]
SUBMITS = {
    "kling": ("kling/kling-v1-6", lambda name: {"code": 0, "data": {"task_id": name, "task_status": "submitted"}}),
    "kling-new": ("kling/kling-3.0", lambda name: {"code": 0, "data": {"id": name, "status": "submitted"}}),
    "dashscope": ("dashscope/wanx2.1-t2v-turbo", lambda name: {"output": {"task_id": name, "task_status": "PENDING"}}),
    "zhipu": ("zhipu/cogvideox-3", lambda name: {"id": name, "task_status": "PROCESSING"}),
    "ark": ("ark/doubao-seedance-1-5-pro-251215", lambda name: {"id": name}),
    "minimax": ("minimax/MiniMax-H3", lambda name: {"task_id": name}),
    "vidu": ("vidu/viduq3-turbo", lambda name: {"task_id": name, "state": "created"}),
    "openrouter": ("openrouter/google/veo-3.1", lambda name: {"id": name, "status": "pending"}),
    "volcvisual": ("volcvisual/jimeng_t2v_v30", lambda name: {"code": 10000, "data": {"task_id": name}}),
    "cogvideox": ("cogvideox/cogvideox-2b", lambda name: {"task_id": name, "status": "pending"}),
    "openai-videos": ("openai-videos/gateway-model", lambda name: {"id": name, "object": "video", "status": "queued"}),
    "jimeng": (
        "jimeng/jimeng-video-2.0",
        lambda name: {"ret": "0", "data": {"aigc_data": {"history_record_id": name, "task": {"task_id": name}}}},
    ),
}


def submit(vendor, name):
    model, body = SUBMITS[vendor]
    provider = make_provider(vendor.removesuffix("-new"))
    return outcome(provider, provider.submit(make_request(model)), reply_of(body(name)))


@in_one_test("vendor", SUBMITS)
def test_odd_id_leaves_the_outcome_unknown(vendor):
    assert [odd for odd in ODD if type(submit(vendor, odd)) is not Uncertain] == []


@in_one_test("vendor", SUBMITS)
def test_ids_as_vendors_write_them_are_kept(vendor):
    answers = [submit(vendor, name) for name in GOOD]

    assert [answer.id if isinstance(answer, Submission) else answer for answer in answers] == GOOD


@in_one_test("odd", ODD)
def test_number_is_an_id_only_where_the_vendor_writes_it_so(odd):
    with pytest.raises(UnexpectedReply):
        id_of(odd, or_number=True)

    assert id_of(7, or_number=True) == "7"
    with pytest.raises(UnexpectedReply):
        id_of(7)

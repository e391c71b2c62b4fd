"""Whatever a vendor answers, its adapter ends in a value or a `ProviderError`; and a paid request is never called safe on garbage."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.core.errors import GenerationFailed, ProviderError, RateLimited, Refused, Uncertain
from providers.core.types import Snapshot, Submission
from tests.cases import LETTERS
from tests.providers.vendors.vendor_samples import fixture, make_provider, make_request, outcome, reply_of

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(LETTERS, max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(LETTERS, max_size=8), inner, max_size=3),
    max_leaves=6,
)
KLING_KEYS = ("code", "message", "request_id", "data", "error", "id", "task_id")
DASHSCOPE_KEYS = ("code", "message", "request_id", "output", "usage", "data", "total")
ZHIPU_KEYS = ("error", "id", "task_status", "video_result")
VOLCVISUAL_KEYS = ("code", "data", "message", "request_id", "ResponseMetadata")
ARK_KEYS = ("id", "status", "content", "usage", "duration", "error", "items", "total")
COGVIDEOX_KEYS = ("task_id", "status", "video_url", "url", "success", "error", "detail")
OPENAI_KEYS = ("id", "task_id", "status", "progress", "error", "metadata", "data", "code", "message", "detail")
MINIMAX_KEYS = ("task_id", "status", "file_id", "file", "task", "base_resp", "type", "error", "items")
VIDU_KEYS = ("task_id", "id", "state", "err_code", "credits", "creations", "code", "reason", "message", "metadata", "remains")
OPENROUTER_KEYS = ("id", "polling_url", "status", "unsigned_urls", "usage", "error", "data")
JIMENG_KEYS = ("ret", "errmsg", "logid", "data")
JIMENG_FINISHED = {"ret": "0", "data": {"1": fixture("jimeng_succeeded")}}
SUCCESSES = {
    "minimax": fixture("minimax_v2_succeeded"),
    "vidu": fixture("vidu_success"),
    "openrouter": fixture("openrouter_completed"),
    "openai-videos": fixture("openai_completed"),
    "ark": fixture("ark_succeeded"),
    "kling": fixture("kling_succeed"),
    "dashscope": fixture("dashscope_succeeded"),
    "zhipu": fixture("zhipu_success"),
    "volcvisual": fixture("volcvisual_done"),
    "cogvideox": fixture("cogvideox_completed"),
    "jimeng": JIMENG_FINISHED,
}
PARTS = {"minimax": "task", "kling": "data", "dashscope": "output", "volcvisual": "data", "jimeng": "data"}
KINDS = {"jimeng": "history"}
"""Where the task is in a reply; by default at its top."""
MODELS = {
    "minimax": "minimax/MiniMax-H3",
    "vidu": "vidu/viduq3-turbo",
    "openrouter": "openrouter/google/veo-3.1",
    "openai-videos": "openai-videos/gateway-model",
    "ark": "ark/doubao-seedance-1-0-pro-250528",
    "kling": "kling/kling-v2-5-turbo",
    "dashscope": "dashscope/wanx2.1-t2v-plus",
    "zhipu": "zhipu/cogvideox-3",
    "volcvisual": "volcvisual/jimeng_t2v_v30",
    "cogvideox": "cogvideox/cogvideox-2b",
    "jimeng": "jimeng/jimeng-video-2.0",
}
EVERY_VENDOR = pytest.mark.parametrize("slug", MODELS)
STATUSES = st.sampled_from([200, 400, 401, 404, 429, 500])
BODIES = {
    "minimax": st.dictionaries(st.sampled_from(MINIMAX_KEYS), ODD, max_size=5),
    "vidu": st.dictionaries(st.sampled_from(VIDU_KEYS), ODD, max_size=5),
    "openrouter": st.dictionaries(st.sampled_from(OPENROUTER_KEYS), ODD, max_size=5),
    "openai-videos": st.dictionaries(st.sampled_from(OPENAI_KEYS), ODD, max_size=5),
    "ark": st.dictionaries(st.sampled_from(ARK_KEYS), ODD, max_size=5),
    "kling": st.dictionaries(st.sampled_from(KLING_KEYS), ODD, max_size=5),
    "dashscope": st.dictionaries(st.sampled_from(DASHSCOPE_KEYS), ODD, max_size=5),
    "zhipu": st.dictionaries(st.sampled_from(ZHIPU_KEYS), ODD, max_size=4),
    "volcvisual": st.dictionaries(st.sampled_from(VOLCVISUAL_KEYS), ODD, max_size=5),
    "cogvideox": st.dictionaries(st.sampled_from(COGVIDEOX_KEYS), ODD, max_size=4),
    "jimeng": st.dictionaries(st.sampled_from(JIMENG_KEYS), ODD, max_size=4),
}


@EVERY_VENDOR
@given(data=st.data())
def test_any_json_ends_in_a_value_or_a_provider_error(slug, data):
    provider, request = make_provider(slug), make_request(MODELS[slug])
    reply = reply_of(data.draw(BODIES[slug]), data.draw(STATUSES))
    task = Submission(id="1", model=request.spec.id, kind=KINDS.get(slug, "text2video"))

    polled = outcome(provider, provider.poll(task), reply)
    submitted = outcome(provider, provider.submit(request), reply, reply)
    checked = outcome(provider, provider.check_account(), reply)

    assert isinstance(polled, (Snapshot, ProviderError))
    assert isinstance(submitted, (Submission, Uncertain, Refused, RateLimited, GenerationFailed))
    assert checked is None or isinstance(checked, ProviderError)
    if reply.status == 200 and isinstance(submitted, Submission):
        assert submitted.id


@EVERY_VENDOR
@given(data=st.data())
def test_finished_task_with_one_odd_value_ends_in_a_value_or_a_provider_error(slug, data):
    provider, body = make_provider(slug), SUCCESSES[slug]
    part = PARTS.get(slug)
    inner: dict[str, Any] = body[part] if part else body
    name = data.draw(st.sampled_from(sorted(inner)))
    changed = {**inner, name: data.draw(ODD)}
    odd = {**body, part: changed, "usage": data.draw(ODD)} if part else changed
    task = Submission(id="1", model=MODELS[slug].partition("/")[2], kind=KINDS.get(slug, "text2video"))

    result = outcome(provider, provider.poll(task), reply_of(odd))

    assert isinstance(result, (Snapshot, ProviderError))

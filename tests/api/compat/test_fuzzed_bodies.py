"""Any body gets an answer of the dialect: an order, or a refusal that bought nothing."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from generation.models import GenerationTask
from tests.api.compat.test_contract import every_dialect, is_refused
from tests.api.compat.worlds import WORLDS
from tests.cases import LETTERS

NAMES = sorted(
    {name for world in WORLDS for name in {**world.body, **world.body.get(world.within, {})}}
    | {"model", "seconds", "size", "image", "image_url", "seed", "n", "input", "camera_control"}
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(LETTERS, max_size=20)
    | st.sampled_from(["", "5", "16:9", "0:0", "1e999", "data:image/png;base64,AAAA", "720p", "1x1", "kling/kling-v2-6", "\x00", "-1"])
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(LETTERS, max_size=8), inner, max_size=3), max_leaves=8
)
CHANGES = st.dictionaries(st.sampled_from(NAMES) | st.text(LETTERS, max_size=8), VALUES, max_size=5)
CUTS = st.integers(0, 3)


@every_dialect
def test_any_body_is_answered_and_refused_ones_buy_nothing(world, any_model, program):
    @given(changes=CHANGES, cut=CUTS, as_form=st.booleans(), keeps=st.booleans(), within=st.booleans())
    def try_body(changes, cut, as_form, keeps, within):
        body = world.asking(**changes) if within else ({**world.body} if keeps else {}) | changes
        content = urlencode({name: str(value) for name, value in body.items()}).encode() if as_form else json.dumps(body).encode()
        before = GenerationTask.objects.count()
        kind = "application/x-www-form-urlencoded" if as_form else "application/json"
        reply = program.post(world.create, content[: len(content) - cut], kind)

        bought = GenerationTask.objects.count() - before
        assert reply.status_code < 500, (reply.status_code, content)
        assert bought <= 1
        if reply.status_code >= 400:
            assert is_refused(world, reply), (reply.status_code, reply.content)
            assert bought == 0

    try_body()

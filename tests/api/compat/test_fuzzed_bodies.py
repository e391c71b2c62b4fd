"""Any body gets an answer of the dialect: an order, or a refusal that bought nothing. `PORTAL_FUZZ=long`: 5,000 bodies of each dialect."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from hypothesis import given
from hypothesis import settings as fuzzing
from hypothesis import strategies as st

from generation.models import GenerationTask
from tests.api.compat.test_contract import is_refused
from tests.api.compat.worlds import MODEL, WORLDS
from tests.cases import LETTERS
from tests.pictures import as_base64, picture

EXAMPLES = 5_000 if os.environ.get("PORTAL_FUZZ") == "long" else fuzzing().max_examples
NOT_READY = {"ai-gateway": 504}
"""What a create that waits says when the time is over: the order stands."""
COMMON = ("model", "prompt", "duration", "seconds", "size", "aspect_ratio", "resolution", "fps", "seed", "image", "negative_prompt", "n")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "jimeng": ("duration_ms", "image_url"),
    "openai": ("input_reference", "image_reference", "images", "metadata", "extra_params", "num_frames", "width", "height", "user"),
    "kling": (
        *("model_name", "mode", "cfg_scale", "sound", "image_tail", "static_mask", "dynamic_masks", "camera_control", "multi_shot"),
        *("shot_type", "multi_prompt", "voice_list", "element_list", "watermark_info", "callback_url", "external_task_id"),
    ),
    "scitiger": ("provider", "parameters", "is_async", "image_url", "first_frame_url", "last_frame_url", "obj_or_bg", "quality"),
    "cogvideox": ("num_frames", "width", "height", "num_inference_steps", "guidance_scale", "content_id", "metadata"),
    "openrouter": ("frame_images", "input_references", "generate_audio", "provider", "callback_url", "user", "trace"),
    "ai-gateway": ("aspectRatio", "generateAudio", "frameImages", "inputReferences", "providerOptions", "callbackUrl", "operation"),
    "replicate": (
        *("version", "input", "webhook", "webhook_completed", "webhook_events_filter", "content", "start_image", "end_image"),
        *("reference_images", "num_frames", "frames_per_second", "cfg_scale", "prompt_optimizer"),
    ),
}
"""What a dialect's clients send, of the body and of the objects in it."""
INNER = (
    *("url", "image_url", "data", "type", "frame_type", "frameType", "image", "mask", "trajectories", "x", "y", "config", "horizontal"),
    *("zoom", "enabled", "prompt", "duration", "voice_id", "element_id", "id", "kling", "mode"),
)
PNG, PNG_BYTES = as_base64(), picture().getvalue()
WORDS = (
    *("", "5", "5s", "16:9", "0:0", "1e999", "720p", "1x1", "1280x720", "99999x99999", "std", "pro", "on", "true", "simple", "customize"),
    *(MODEL, "kling/kling-v2-6", "kling-v2-5-turbo", "no/such-model", "\x00", "-1", "[1]", '{"url": {}}', "{", "url", "image_url"),
    *(PNG, f"data:image/png;base64,{PNG}", "data:image/png;base64,AAAA", "first_frame", "last_frame", "completed"),
    *("http://127.0.0.1:9/a.png", "https://[::1", "https://", "ftp://example.com/a.png", "file:///etc/passwd"),
)
LEAVES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(LETTERS, max_size=20) | st.sampled_from(WORDS)
KEYS = st.sampled_from(INNER) | st.text(LETTERS, max_size=8)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8)
KINDS = st.sampled_from(("json", "json", "form", "multipart"))
FILES = st.sampled_from((b"", b"not an image", PNG_BYTES, PNG_BYTES[:99]))


def paths_of(world) -> list[str]:
    """Return every address that takes a body: the create first, those of a task with an id that is not there."""
    posts = [route.path for route in world.dialect.routes if route.method == "POST"]
    known = [re.sub("<[^>]+>", str(uuid4()), path.replace("<path:name>", MODEL)) for path in posts]
    return [world.create, *(f"/{world.dialect.prefix}{path}" for path in known)]


def encoded(kind: str, body, files) -> tuple[bytes, str]:
    if kind == "json":
        return json.dumps(body).encode(), "application/json"
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
    if kind == "form":
        return urlencode(texts).encode(), "application/x-www-form-urlencoded"
    uploads = {name: SimpleUploadedFile("a.png", content) for name, content in files.items()}
    return encode_multipart(BOUNDARY, texts | uploads), MULTIPART_CONTENT


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.dialect.name)
def test_any_body_is_answered_and_refused_ones_buy_nothing(world, any_model, program):
    names = st.sampled_from((*COMMON, *FIELDS[world.dialect.name]))
    paths = paths_of(world)
    not_ready = NOT_READY.get(world.dialect.name)

    @fuzzing(max_examples=EXAMPLES)
    @given(
        changes=st.dictionaries(names | st.text(LETTERS, max_size=8), VALUES, max_size=5),
        files=st.dictionaries(names, FILES, max_size=2),
        kind=KINDS,
        keeps=st.booleans(),
        within=st.booleans(),
        cut=st.sampled_from((0, 0, 0, 1, 2, 3)),
        path=st.just(paths[0]) | st.sampled_from(paths),
    )
    def try_body(changes, files, kind, keeps, within, cut, path):
        body = world.asking(**changes) if within else ({**world.body} if keeps else {}) | changes
        content, content_type = encoded(kind, body, files)
        before = GenerationTask.objects.count()
        reply = program.post(path, content[: len(content) - cut], content_type)

        bought = GenerationTask.objects.count() - before
        assert reply.status_code < 500 or reply.status_code == not_ready, (reply.status_code, path, content)
        assert bought <= 1
        if reply.status_code >= 400:
            assert is_refused(world, reply), (reply.status_code, path, reply.content)
            assert bought == 0 or reply.status_code == not_ready

    try_body()

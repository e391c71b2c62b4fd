"""Kling's classic models: ModelSpecs and their images. Data; the options are in options.py.

Kling developer documents, "text to video", "image to video" and the per-model tables; read 2026-11-20.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from providers.core.catalog import ImageRules, InputSlot, ModelSpec, by_id
from providers.vendors.kling.classic.options import (
    V1Params,
    V2Params,
    V3Params,
    V15Params,
    V16Params,
    V21Params,
    V25Params,
    V26Params,
)
from providers.vendors.kling.surfaces import GATEWAY

__all__ = ["DOCS_READ", "MODELS", "NOT_OFFERED", "READ_ELSEWHERE", "SLUG"]

SLUG = "kling"
DOCS_URL = "https://app.klingai.com/global/dev/document-api/apiReference/model/textToVideo"
DOCS_READ = date(2026, 11, 20)
NOT_OFFERED = (
    "motion brushes of kling-v1: the table that was read names kling-v1-5 alone",
    "cameras of kling-v1-5 and kling-v1-6, which the pages leave open",
    "shots of one's own as an option of the new API: its prompt carries them (`镜头 n, m, words; ...`)",
    "`omni-video` of the classic API: the new API's 3.0 Omni replaces it",
    "voices of 2.6 at the new API, and more than three elements of 3.0 Omni",
    "motion control, `kling-video-o1` and 3.0 Turbo of the classic API and of gateways: the new API has them",
    "other products: extending a video, lip sync, avatars, effects, sound alone",
)
CLIENT = "https://github.com/vercel/ai/blob/main/packages/klingai/src/klingai-video-model-options.ts"
COPY = "https://github.com/betasecond/KlingDemo/blob/main/APIDoc.md"
COPIES = "https://github.com/aself101/kling-api"
GATEWAY_V26 = "https://docs.apimart.ai/en/api-reference/videos/kling-v2-6/generation"
GATEWAY_PAGE = "https://mulerouter.ai/docs/api-reference/endpoint/klingai/kling-v3"
READ_ELSEWHERE = (
    f"the shapes of own shots, voices, elements and motion brushes, and what excludes what: a public client, <{CLIENT}>, 2026-11-21",
    "several reference images of kling-v1-6: a gateway's copy of the page, <https://docs.yutoai.net/en/api/api-327714825.html>, 2026-11-21",
    "that the two videos of 3.0 Omni exclude each other: a public copy of the classic omni page; 2026-11-21",
    f"that 1.5 and 1.6 take a last frame alone and 1 does not, and that a frame needs no prompt: a copy of the page, <{COPY}>, 2026-11-21",
    "that kling-v2-1 to kling-v2-6 take a last frame beside a first only: public copies of the vendor's table of abilities; 2026-11-21",
    f"that kling-v1 with a last frame, and kling-v1-5 with masks, make 5 s only: the same copy, <{COPY}>, 2026-11-21",
    f"that kling-v2-6 with a last frame is silent: a gateway's page, <{GATEWAY_V26}>, 2026-11-21",
    f"that kling-v3 needs a prompt beside a frame too, but not with own shots: a gateway's page, <{GATEWAY_PAGE}>, 2026-11-21",
    "that 1.5, 1.6, 2.1 and 2.1 Master were retired on 2026-09-15: Comfy-Org/docs, kling-3-0.mdx@ffb27fc, #1326; read 2026-11-29",
    f"that kling-v1 is discontinued, as the vendor answered on 2026-09-20: <{COPIES}>; read 2026-11-29",
    f"2 Master counts as retired with them: the vendor's list of models begins at 2.5 Turbo, a copy in <{COPIES}>; read 2026-11-29",
    f"that no model but 1.5 and 1.6 takes a last frame alone: a copy of the vendor's map of abilities in <{COPIES}>; read 2026-11-29",
    f"the new API's O1, 2.5 Turbo, motion control, and what excludes what there: copies of the pages in <{COPIES}>; read 2026-11-29",
    f"that both of the vendor's APIs refuse a reference that the account has (400, code 1201), tried there: <{COPIES}>; read 2026-11-29",
    "the balance (`/account/costs`): the page names its path, public clients quote the rest; 2026-11-21",
)
RETIRED = date(2026, 9, 15)
DISCONTINUED = date(2026, 9, 20)
"""The day on which the vendor was seen to refuse it."""
STILL_HAD_AT = (GATEWAY,)
"""Where models that the vendor retired may be had."""
IMAGES = ImageRules(formats=("image/jpeg", "image/png"), max_bytes=10 * 1024 * 1024, min_side_px=300, min_ratio=1 / 2.5, max_ratio=2.5)


FIRST = InputSlot(name="first_frame", title="First frame", rules=IMAGES)
NEEDED_FIRST = replace(FIRST, min_count=1)
LAST = InputSlot(name="last_frame", title="Last frame", rules=IMAGES)
REFERENCES = InputSlot(name="references", title="Reference images", max_count=4, rules=IMAGES, wants_words=True)
STATIC = InputSlot(name="static_mask", title="Mask of what stays still", rules=IMAGES)
DYNAMIC = InputSlot(name="dynamic_masks", title="Masks of what moves", max_count=6, rules=IMAGES)


_spec = partial(
    ModelSpec,
    provider=SLUG,
    needs_prompt=False,
    max_prompt_chars=2_500,
    usual_s=(60, 300),
    poll_every=timedelta(seconds=5),
    result_life=timedelta(days=30),
    docs_url=DOCS_URL,
    docs_read=DOCS_READ,
)
_retired = partial(_spec, retired=RETIRED, surfaces=STILL_HAD_AT)
MODELS = by_id(
    _spec("kling-v3", "Kling 3", V3Params, (FIRST, LAST), needs_prompt=True),
    _spec("kling-v2-6", "Kling 2.6", V26Params, (FIRST, LAST)),
    _spec("kling-v2-5-turbo", "Kling 2.5 Turbo", V25Params, (FIRST, LAST)),
    _retired("kling-v2-1-master", "Kling 2.1 Master", V2Params, (FIRST,)),
    _retired("kling-v2-1", "Kling 2.1", V21Params, (NEEDED_FIRST, LAST)),
    _retired("kling-v2-master", "Kling 2 Master", V2Params, (FIRST,)),
    _retired("kling-v1-6", "Kling 1.6", V16Params, (FIRST, LAST, REFERENCES)),
    _retired("kling-v1-5", "Kling 1.5", V15Params, (FIRST, LAST, STATIC, DYNAMIC)),
    _retired("kling-v1", "Kling 1", V1Params, (FIRST, LAST), retired=DISCONTINUED),
)

"""The model of a local CogVideoX-2b service: Params and ModelSpec. Data; bodies.py turns them into requests.

The service's own names are those of its published examples; the bounds are ours, wide enough for any graphics card. The model's own
pipeline takes no side that eight does not divide (diffusers, `CogVideoXPipeline.check_inputs`). Read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from providers.core.catalog import ModelSpec, Params, param

__all__ = ["MODELS", "NOT_OFFERED", "PROMPT_ADVICE", "RESULT_LIFE"]

NOT_OFFERED = ("`guidance_scale`, `seed` and `fps`, which no published example names; `metadata`, which stays with the task here",)
RESULT_LIFE = timedelta(days=1)
"""A guess: files stay for as long as the service's disk keeps them."""

PROMPT_ADVICE = {"en": "one long, plain paragraph of at most 130 words; the model reads only the first 226 tokens."}
"""From the model's card, replicate.com/cuuupid/cogvideox-5b/readme, which also says that it reads English only; read 2026-11-29."""


class CogVideoX2bParams(Params):
    """cogvideox-2b. Memory grows with frames, width and height."""

    frames: int = param(16, "Frames", "How many pictures the video has. More need more graphics memory.", ge=1, le=161, main=True)
    width_px: int = param(512, "Width", unit="px", ge=64, le=1_920, multiple_of=8, main=True)
    height_px: int = param(512, "Height", unit="px", ge=64, le=1_920, multiple_of=8, main=True)
    steps: int = param(20, "Steps", "More steps look better and take longer.", ge=1, le=200)


MODELS: Mapping[str, ModelSpec] = {
    "cogvideox-2b": ModelSpec(
        provider="cogvideox",
        id="cogvideox-2b",
        label="CogVideoX 2B, local",
        params=CogVideoX2bParams,
        max_prompt_chars=1_000,
        usual_s=(60, 300),
        poll_every=timedelta(seconds=10),
        deadline=timedelta(minutes=30),
        result_life=RESULT_LIFE,
        docs_url="https://github.com/zai-org/CogVideo",
        docs_read=date(2026, 11, 20),
    )
}

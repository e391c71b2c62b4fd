"""The models of Jimeng's web site: Params, ModelSpecs, and each model's keys on the wire. Data; bodies.py turns them into requests.

Nothing of this is documented by the vendor: tables of what its web page sends, as known on 2026-11-20; the models of Seedance 2.5 and 2.0
mini as the site's own list has them, which public clients quote (2026-11-29). Models that start from images are not offered, because how
the page uploads them is not known well enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from providers.core.catalog import ModelSpec, Params, by_id, param

__all__ = ["MODELS", "NOT_OFFERED", "READ_ELSEWHERE", "RESULT_LIFE", "WIRE_KEYS", "WireKeys"]

DOCS_URL = "https://jimeng.jianying.com/ai-tool/video/generate"
DOCS_READ = date(2026, 11, 20)
NOT_OFFERED = (
    "images: how the page uploads them is not known well enough",
    "other resolutions of Seedance 2.5 (480p, 1080p) and 2.0, its draft, and videos longer than 30 s: each is paid by another benefit",
    "models of other vendors that the site has too (MiniMax H3, HappyHorse, Wan 3.0)",
    "the international site (Dreamina, capcut.com): hosts and app number are known, models, benefits and headers of its page are not",
)
READ_ELSEWHERE = (
    "everything: the site documents nothing; this is what its page and public clients of it send; 2026-11-21",
    "guesses: the benefit of 3.0 Fast, whether the site looks at the sign, the states 10 and 45, the code 4001; 2026-11-21",
    "the app version: a page said 5.8.0; clients say 8.4.0, as the site answers 3018 to 5.8.0: iptag/jimeng-api#110; read 2026-11-29",
    "that the models of 2.0 to 3.5 are offline (ret 2061): clients, though 3.0 Fast and Pro were listed on 2026-09-30; read 2026-11-29",
    "Seedance 2.5 and 2.0 Mini, their keys, benefits and lengths: clients that quote the site's list; read 2026-11-29",
    "that the credits are asked for from the page of images, without a query: the same clients; read 2026-11-29",
    "whether `mget_generate_task` still answers: what it refuses or lacks is looked for in the history; 2026-11-21",
)
RESULT_LIFE = timedelta(days=7)
LONGEST_QUEUE = timedelta(hours=24)
FIRST_GENERATION = "dreamina_ic_generate_video_model_vgfm"


@dataclass(frozen=True, kw_only=True)
class WireKeys:
    """A model's name at the vendor and the benefit that pays for it: only this pair is taken. `draft` models are asked for as a draft."""

    model: str
    benefit: str
    draft: bool = True


class WebParams(Params):
    """What every model takes."""

    duration_s: Literal[5, 10] = param(5, "Duration", "Length of the video.", unit="s", main=True)
    aspect_ratio: Literal["16:9", "21:9", "4:3", "1:1", "3:4", "9:16"] = param("16:9", "Aspect ratio", main=True)
    fps: Literal[24] = param(24, "Frames per second", unit="fps")
    seed: int | None = param(None, "Seed", "The same seed gives similar videos; leave empty for chance.", ge=0, le=4_294_967_295)


class SharpParams(WebParams):
    """jimeng-video-3.0 and its fast form, in two sizes."""

    resolution: Literal["720p", "1080p"] = param("720p", "Resolution", main=True)


class V35Params(WebParams):
    """jimeng-video-3.5-pro."""

    duration_s: Literal[5, 10, 12] = param(5, "Duration", "Length of the video.", unit="s", main=True)  # type: ignore[assignment]


class SeedanceParams(WebParams):
    """seedance-2.0 and its smaller forms: any whole length."""

    duration_s: Literal[4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] = param(  # type: ignore[assignment]
        5, "Duration", "Length of the video.", unit="s", main=True
    )


class Seedance25Params(WebParams):
    """seedance-2.5: up to half a minute."""

    duration_s: int = param(5, "Duration", "Length of the video.", unit="s", main=True, ge=4, le=30)  # type: ignore[assignment]


WIRE_KEYS: Mapping[str, WireKeys] = {
    "jimeng-video-2.0": WireKeys(model=f"{FIRST_GENERATION}_lite", benefit="basic_video_operation_vgfm_lite", draft=False),
    "jimeng-video-2.0-pro": WireKeys(model=f"{FIRST_GENERATION}1.0", benefit="basic_video_operation_vgfm", draft=False),
    "jimeng-video-3.0": WireKeys(model=f"{FIRST_GENERATION}_3.0", benefit="basic_video_operation_vgfm_v_three"),
    "jimeng-video-3.0-fast": WireKeys(model=f"{FIRST_GENERATION}_3.0_fast", benefit="basic_video_operation_vgfm_v_three"),
    "jimeng-video-3.0-pro": WireKeys(model=f"{FIRST_GENERATION}_3.0_pro", benefit="basic_video_operation_vgfm_v_three_pro"),
    "jimeng-video-3.5-pro": WireKeys(model=f"{FIRST_GENERATION}_3.5_pro", benefit="dreamina_video_seedance_15_pro"),
    "seedance-2.5": WireKeys(model="dreamina_seedance_45_pro", benefit="seedance_25_720p_output"),
    "seedance-2.0": WireKeys(model="dreamina_seedance_40_pro", benefit="dreamina_video_seedance_20_pro"),
    "seedance-2.0-fast": WireKeys(model="dreamina_seedance_40", benefit="dreamina_seedance_20_fast"),
    "seedance-2.0-mini": WireKeys(model="dreamina_seedance_40_mini", benefit="seedance_20_mini_720p_output"),
}
REPORTED_OFFLINE = date(2026, 9, 30)
SITE = ("web",)
"""Models that are reported offline may still be asked for: the refusal costs nothing."""


def _spec(model: str, label: str, params: type[Params], *, retired: date | None = None) -> ModelSpec:
    return ModelSpec(
        model,
        f"{label}, unofficial",
        params,
        provider="jimeng",
        max_prompt_chars=800,
        usual_s=(60, 900),
        poll_every=timedelta(seconds=5),
        deadline=LONGEST_QUEUE,
        result_life=RESULT_LIFE,
        surfaces=SITE,
        retired=retired,
        docs_url=DOCS_URL,
        docs_read=DOCS_READ,
    )


MODELS = by_id(
    _spec("seedance-2.5", "Seedance 2.5", Seedance25Params),
    _spec("seedance-2.0", "Seedance 2.0", SeedanceParams),
    _spec("seedance-2.0-fast", "Seedance 2.0 Fast", SeedanceParams),
    _spec("seedance-2.0-mini", "Seedance 2.0 Mini", SeedanceParams),
    _spec("jimeng-video-3.5-pro", "Jimeng 3.5 Pro", V35Params, retired=REPORTED_OFFLINE),
    _spec("jimeng-video-3.0-pro", "Jimeng 3.0 Pro", WebParams, retired=REPORTED_OFFLINE),
    _spec("jimeng-video-3.0", "Jimeng 3.0", SharpParams, retired=REPORTED_OFFLINE),
    _spec("jimeng-video-3.0-fast", "Jimeng 3.0 Fast", SharpParams, retired=REPORTED_OFFLINE),
    _spec("jimeng-video-2.0-pro", "Jimeng 2.0 Pro", WebParams, retired=REPORTED_OFFLINE),
    _spec("jimeng-video-2.0", "Jimeng 2.0", WebParams, retired=REPORTED_OFFLINE),
)

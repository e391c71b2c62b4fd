"""Where a video is published: shape, length and pacing. Pure data, and the nearest settings of a model."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from providers.core.catalog import InputConflict, ModelSpec

__all__ = ["PLATFORMS", "Platform", "settings_for"]

ByLanguage = Mapping[str, str]
SIZE = re.compile(r"(\d{2,5})\D(\d{2,5})")


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A place for videos. `ratio` is width to height; `duration_s` is what is usual for one shot there; `words` are added to the prompt.

    `posts_at` are hours of the day, in the reader's time zone, at which many people look: our proposal, not a figure of the platform.
    """

    id: str
    name: ByLanguage
    ratio: str
    duration_s: int
    words: ByLanguage
    posts_at: tuple[int, ...]


def _platform(
    platform_id: str, names: tuple[str, str], ratio: str, duration_s: int, words: tuple[str, str], posts_at: tuple[int, ...]
) -> Platform:
    """Return a platform from its name and words in English and Chinese."""
    name, said = ({"en": english, "zh-hans": chinese} for english, chinese in (names, words))
    return Platform(id=platform_id, name=name, ratio=ratio, duration_s=duration_s, words=said, posts_at=posts_at)


PLATFORMS: Mapping[str, Platform] = {
    one.id: one
    for one in (
        _platform(
            "tiktok",
            ("TikTok / Douyin", "抖音 / TikTok"),
            "9:16",
            5,
            (
                "vertical video, engaging, trendy, energetic pace, subject close and centered",
                "竖屏视频，开场抓人，节奏明快，主体居中贴近镜头",
            ),
            (12, 19, 21),
        ),
        _platform(
            "instagram",
            ("Instagram post", "Instagram 帖子"),
            "1:1",
            5,
            ("aesthetic, high quality, stylish, square format, unhurried pace", "画面精致，格调时尚，方形构图，节奏舒缓"),
            (11, 14, 20),
        ),
        _platform(
            "instagram-reels",
            ("Instagram Reels", "Instagram Reels"),
            "9:16",
            5,
            ("vertical video, stylish, lively pace, strong first moment", "竖屏视频，时尚，节奏轻快，开场有冲击力"),
            (12, 18, 21),
        ),
        _platform(
            "youtube",
            ("YouTube", "YouTube"),
            "16:9",
            10,
            ("horizontal video, detailed, informative, calm pace, wide composition", "横屏视频，细节丰富，信息清晰，节奏从容，构图开阔"),
            (15, 20),
        ),
        _platform(
            "youtube-shorts",
            ("YouTube Shorts", "YouTube Shorts"),
            "9:16",
            5,
            ("vertical video, immediate action, quick pace, bold composition", "竖屏视频，开门见山，节奏紧凑，构图大胆"),
            (12, 17, 21),
        ),
        _platform(
            "channels",
            ("WeChat Channels", "视频号"),
            "9:16",
            10,
            ("vertical video, warm and trustworthy, steady pace, clear subject", "竖屏视频，温暖可信，节奏平稳，主体清晰"),
            (7, 12, 20),
        ),
        _platform(
            "xiaohongshu",
            ("Xiaohongshu", "小红书"),
            "3:4",
            5,
            ("portrait format, fresh everyday aesthetics, soft light, gentle pace", "竖版构图，清新生活感，光线柔和，节奏舒缓，有种草氛围"),
            (8, 12, 21),
        ),
        _platform(
            "product-page",
            ("Product page", "商品详情页"),
            "1:1",
            5,
            (
                "product centered, uncluttered background, even light, slow seamless movement",
                "商品居中，背景干净，布光均匀，动作缓慢连贯，适合循环播放",
            ),
            (10,),
        ),
    )
}


def settings_for(spec: ModelSpec, platform: Platform, slots: Collection[str] = ()) -> dict[str, Any]:
    """Return the model's settings that are nearest to the platform, as far as the model has such settings. `slots` have images, which may
    give the video its shape.
    """
    options: Mapping[str, Mapping[str, Any]] = spec.json_schema()["properties"]
    found: dict[str, Any] = {}
    if platform.ratio in _choices(options.get("aspect_ratio", {})):
        found["aspect_ratio"] = platform.ratio
    elif sizes := [size for size in _choices(options.get("size", {})) if _is_shaped(size, platform.ratio)]:
        found["size"] = sizes[0]
    if "duration_s" in options:
        lengths = [length for length in _choices(options["duration_s"]) if isinstance(length, int)]
        if lengths:
            found["duration_s"] = min(lengths, key=lambda length: abs(length - platform.duration_s))
        elif "maximum" in options["duration_s"]:
            bounds = options["duration_s"]
            found["duration_s"] = max(bounds.get("minimum", 1), min(platform.duration_s, bounds["maximum"]))
    shapeless = {name: value for name, value in found.items() if name == "duration_s"}
    return shapeless if _takes(spec, shapeless, slots) and not _takes(spec, found, slots) else found


def _takes(spec: ModelSpec, params: Mapping[str, Any], slots: Collection[str]) -> bool:
    """Return whether the model takes these settings beside an image in each of these slots."""
    try:
        spec.params.model_validate({**spec.needed_params, **params}).check_inputs(dict.fromkeys(slots, 1))
    except (ValidationError, InputConflict):
        return False
    return True


def _choices(option: Mapping[str, Any]) -> list[Any]:
    """Return the values of an option that has a list of them."""
    branches = [option, *option.get("anyOf", [])]
    return [
        value for branch in branches for value in (branch["enum"] if "enum" in branch else [branch["const"]] if "const" in branch else [])
    ]


def _is_shaped(size: Any, ratio: str) -> bool:
    """Return whether a size such as "720x1280" has this ratio."""
    found = SIZE.fullmatch(str(size))
    width, height = map(int, ratio.split(":"))
    return found is not None and int(found[1]) * height == int(found[2]) * width

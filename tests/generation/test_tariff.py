"""What a video costs by a model's prices: by its options, by what was made, and at most."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from generation.tariff import ceiling, estimate, made, price_for, resolution_made, tariff_of, tariff_read
from providers.core.catalog import ModelSpec, Params, Price, Tier, param
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test


class Options(Params):
    frames_per_s = 24
    duration_s: Literal[5, 10, 15] = param(5, "Duration")
    duration_auto: bool = param(False, "By the model")
    frames: int | None = param(None, "Frames")
    resolution: Literal["480p", "720p", "1080p", "4k"] = param("720p", "Resolution")
    service_tier: Literal["default", "flex"] = param("default", "Tier")
    with_audio: bool = param(False, "Sound")
    reference_videos: tuple[str, ...] = param((), "Videos")


def tier(amount: str, unit: str = "second", **when: str) -> Tier:
    return Tier(amount=Decimal(amount), unit=unit, when=when)


SPEC = ModelSpec(
    "model-1",
    "Model 1",
    Options,
    provider="acme",
    max_prompt_chars=100,
    result_life=timedelta(hours=1),
    docs_url="https://acme.example/docs",
    docs_read=date(2026, 11, 29),
)
OWN = [
    tier("0.5"),
    tier("1", resolution="1080p"),
    tier("0.25", service_tier="flex"),
    tier("0.6", resolution="1080p", service_tier="flex"),
    tier("3", "video", resolution="480p"),
    tier("0.8", with_audio="true"),
    tier("0.9", reference_videos="true"),
    tier("40", "token"),
    tier("20", "token", service_tier="flex"),
]
TARIFF = tariff_of(SPEC, OWN, "USD")


@in_one_test(
    ("params", "costs"),
    [
        ({}, "2.5"),
        ({"duration_s": 10}, "5"),
        ({"resolution": "1080p"}, "5"),
        ({"service_tier": "flex"}, "1.25"),
        ({"resolution": "1080p", "service_tier": "flex"}, "3"),
        ({"resolution": "480p", "duration_s": 15}, "3"),
        ({"with_audio": True}, "4"),
        ({"with_audio": True, "resolution": "1080p"}, "5"),
        ({"reference_videos": ("https://files.example/walk.mp4",)}, "4.5"),
        ({"frames": 36}, "0.75"),
    ],
)
def test_price_with_most_conditions_that_hold_is_taken_and_of_equals_the_highest(params, costs):
    assert estimate(TARIFF, Options(**params)) == Decimal(costs)


def test_own_prices_replace_the_list_as_a_whole():
    listed = replace(SPEC, price=Price(amount=Decimal(2), unit="video", tiers=(tier("4", "video", resolution="1080p"),)))
    large = Options(resolution="1080p")

    assert estimate(tariff_of(listed), large) == 4
    assert estimate(tariff_of(listed, [tier("1")], "USD"), large) == 5
    assert estimate(tariff_of(listed, [tier("1", resolution="480p")], "USD"), large) is None
    assert tariff_of(SPEC) is None
    assert estimate(None, large) is ceiling(None, large) is made(None, {}, seconds=5) is None


@in_one_test(
    ("params", "most"),
    [({}, "2.5"), ({"duration_auto": True}, "7.5"), ({"duration_s": 10, "duration_auto": True}, "7.5"), ({"frames": 36}, "0.75")],
)
def test_ceiling_counts_the_longest_video_where_the_model_chooses(params, most):
    assert ceiling(TARIFF, Options(**params)) == Decimal(most)


def test_ceiling_of_a_change_counts_the_longest_video_that_may_be_given():
    spec = ALL_MODELS["dashscope/wan2.7-videoedit"]
    options = spec.params(base_video="https://files.example/walk.mp4")
    tariff = tariff_of(spec, [tier("1")], "CNY")

    assert (estimate(tariff, options), ceiling(tariff, options)) == (5, 30)


def test_ceiling_of_a_final_counts_any_draft():
    spec = ALL_MODELS["ark/doubao-seedance-2-5-260628"]

    assert ceiling(tariff_of(spec, [tier("1")], "CNY"), spec.params(final_of="cgt-1", resolution="1080p")) == 30


@in_one_test(
    ("facts", "costs"),
    [
        ({"seconds": 7}, "3.5"),
        ({"seconds": 7.04}, "3.52"),
        ({"seconds": 7, "resolution": "1080p"}, "7"),
        ({"seconds": 7, "resolution": "480p"}, "3"),
        ({"seconds": 7, "resolution": "480p", "videos": 2}, "6"),
        ({}, None),
        ({"resolution": "480p"}, "3"),
        ({"tokens": 50_000}, "2"),
        ({"tokens": 108_900.0}, "4.356"),
        ({"tokens": 1}, "0.00004"),
        ({"tokens": 0}, "0"),
    ],
)
def test_what_was_made_is_counted_not_what_was_asked(facts, costs):
    asked = Options(duration_s=15).model_dump(mode="json")

    assert made(TARIFF, asked, **facts) == (None if costs is None else Decimal(costs))


def test_tokens_cost_by_their_own_conditions_and_nothing_without_a_price():
    assert made(TARIFF, {"service_tier": "flex", "resolution": "1080p"}, tokens=1_000_000) == 20
    assert made(tariff_of(SPEC, [tier("1")], "USD"), {}, tokens=1_000_000) is None


@given(
    st.builds(
        Options, duration_s=st.sampled_from([5, 10, 15]), resolution=st.sampled_from(["480p", "720p", "4k"]), with_audio=st.booleans()
    )
)
def test_frozen_tariff_counts_as_the_one_it_was_made_of(options):
    kept = tariff_read(TARIFF.frozen())

    assert kept == TARIFF
    assert estimate(kept, options) == estimate(TARIFF, options) <= ceiling(kept, options)
    assert made(kept, options.model_dump(mode="json"), seconds=options.duration_s) == estimate(TARIFF, options)


def test_price_that_holds_can_be_shown():
    assert price_for(TARIFF, {"resolution": "1080p"}) == tier("1", resolution="1080p")
    assert TARIFF.base == tier("0.5")
    assert tariff_of(SPEC, [tier("9", "token"), tier("1", resolution="480p"), tier("2", resolution="4k")], "USD").base.amount == 2


@in_one_test(
    ("model", "size", "resolution"),
    [
        (SPEC, (1280, 720), "720p"),
        (SPEC, (1080, 1920), "1080p"),
        (SPEC, (1920, 1088), "1080p"),
        (SPEC, (864, 496), "480p"),
        (SPEC, (3840, 2160), "4k"),
        (ALL_MODELS["minimax/MiniMax-H3"], (2560, 1440), "2K"),
        (ALL_MODELS["minimax/MiniMax-H3"], (1366, 768), "768P"),
        (ALL_MODELS["minimax/T2V-01"], (1280, 720), "720P"),
        (ALL_MODELS["kling/kling-v3"], (1920, 1080), ""),
    ],
)
def test_made_resolution_is_the_nearest_that_the_model_has(model, size, resolution):
    assert resolution_made(model, *size) == resolution


def test_every_model_can_be_priced():
    """Whatever its options are: a price per second gives every default order an estimate, within its ceiling."""
    for name, spec in ALL_MODELS.items():
        options, tariff = spec.params(**spec.needed_params), tariff_of(spec, [tier("1")], "CNY")
        assert 0 < estimate(tariff, options) <= ceiling(tariff, options), name

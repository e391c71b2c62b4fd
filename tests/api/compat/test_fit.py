"""What a client asks for becomes the nearest that a model takes; what was changed or ignored is said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.compat.fit import fit
from api.compat.picture_shapes import SHAPE
from providers.core.catalog import InputConflict
from providers.vendors import ALL_MODELS
from tests.cases import LETTERS, in_one_test

SEEDANCE = "jimeng/seedance-2.0"
OLD_SCRIPT = {"frames": 16, "width_px": 512, "height_px": 512, "steps": 20}


@in_one_test(
    ("model", "asked", "params"),
    [
        ("zhipu/cogvideox-3", {"duration_s": 7, "size": "1080*1920", "fps": "30"}, {"duration_s": 5, "resolution": "1080x1920", "fps": 30}),
        ("zhipu/cogvideox-3", {"width_px": 512, "height_px": 512, "frames": 16}, {"duration_s": 5, "resolution": "1024x1024"}),
        ("zhipu/cogvideox-3", {"resolution": "720P"}, {"resolution": "1280x720"}),
        ("zhipu/cogvideox-3", {"aspect_ratio": "9:16", "resolution": "720p"}, {"resolution": "720x1280"}),
        ("cogvideox/cogvideox-2b", OLD_SCRIPT, {"frames": 16, "width_px": 512, "height_px": 512, "steps": 20}),
        ("cogvideox/cogvideox-2b", {"duration_s": 5, "size": "1000x500"}, {"frames": 40, "width_px": 1000, "height_px": 496}),
        ("cogvideox/cogvideox-2b", {"steps": 900}, {"steps": 200}),
        ("cogvideox/cogvideox-2b", {"width_px": 1e308, "height_px": 5e-324}, {"width_px": 1920, "height_px": 64}),
        ("cogvideox/cogvideox-2b", {"resolution": 1.7e308, "aspect_ratio": "16:9"}, {"width_px": 1920, "height_px": 1920}),
        (SEEDANCE, {"duration_s": 5.0, "aspect_ratio": "16:9", "fps": 24}, {"duration_s": 5, "aspect_ratio": "16:9", "fps": 24}),
        (SEEDANCE, {"duration_s": 60, "aspect_ratio": "2:1", "fps": 30}, {"duration_s": 15, "aspect_ratio": "16:9", "fps": 24}),
        ("jimeng/seedance-2.0", {"seed": 2**40 + 256}, {"seed": 256}),
        ("openai-videos/sora-2", {"size": "1280x720", "duration_s": "4"}, {"duration_s": 4, "aspect_ratio": "16:9", "resolution": "720p"}),
        ("openai-videos/gateway-model", {"width_px": 640, "height_px": 360}, {"size": "640x360"}),
        ("vidu/viduq3-pro", {"with_audio": "false", "resolution": "1080P"}, {"with_audio": False, "resolution": "1080p"}),
    ],
)
def test_the_nearest_options_are_used(model, asked, params):
    assert fit(ALL_MODELS[model], asked).params == params


def test_what_is_not_done_just_so_is_said():
    asked = {**OLD_SCRIPT, "obj_or_bg": ["obj"], "negative_prompt": "", "with_audio": None, "fps": 30}
    fitted = fit(ALL_MODELS["zhipu/cogvideox-3"], asked)

    assert fitted.params == {"duration_s": 5, "resolution": "1024x1024", "fps": 30}
    assert fitted.changed == {"frames": (16, "duration_s 5"), "width_px": (512, "1024x1024"), "height_px": (512, "1024x1024")}
    assert fitted.ignored == {"steps": 20, "obj_or_bg": ["obj"]}
    assert not fitted.is_exact


@in_one_test(
    ("model", "asked"),
    [
        ("openai-videos/sora-2", {"size": "720x1280", "duration_s": "8"}),
        ("zhipu/cogvideox-3", {"size": "1280x720", "aspect_ratio": "16:9", "duration_s": 10, "with_audio": True, "mode": "QUALITY"}),
        ("cogvideox/cogvideox-2b", {"frames": 16, "width_px": "512", "height_px": "512"}),
        ("cogvideox/cogvideox-2b", {"duration_s": 2, "fps": 8}),
        ("jimeng/seedance-2.0", {"frames": 96, "fps": 24}),
    ],
)
def test_what_a_model_does_just_so_is_exact(model, asked):
    fitted = fit(ALL_MODELS[model], asked)

    assert (fitted.changed, fitted.ignored) == ({}, {})


def test_a_rule_between_options_and_images_is_kept():
    with_frames = fit(ALL_MODELS["vidu/viduq2-turbo"], {"duration_s": 10}, {"first_frame": 1, "last_frame": 1})
    by_frame = fit(ALL_MODELS["vidu/viduq3-pro"], {"aspect_ratio": "9:16"}, {"first_frame": 1})

    assert with_frames.params["duration_s"] == 8
    assert by_frame.params["aspect_ratio"] == "16:9"
    assert by_frame.changed == {"aspect_ratio": ("9:16", "720p 16:9")}


NAMES = st.sampled_from([*SHAPE, "duration_s", "frames", "fps", "seed", "mode", "guidance", "camera", "odd"])
TEXTS = st.text(LETTERS, max_size=9) | st.sampled_from(["5", "16:9", "0x0", "99999x1", "720P"])
VALUES = st.integers(-(2**63), 2**63) | st.floats() | TEXTS


@given(model=st.sampled_from(sorted(ALL_MODELS.built_in)), asked=st.dictionaries(NAMES, VALUES, max_size=6), frames=st.integers(0, 1))
def test_whatever_is_asked_the_result_is_valid(model, asked, frames):
    spec = ALL_MODELS[model]
    images = {slot.name: max(slot.min_count, frames) for slot in spec.slots if slot.name == "first_frame"}
    fitted = fit(spec, asked, images)
    try:
        plain = spec.params(**spec.needed_params)
        plain.check_inputs(images)
    except (ValidationError, InputConflict):
        return  # this model asks for more than options
    spec.params(**{**spec.needed_params, **fitted.params}).check_inputs(images)

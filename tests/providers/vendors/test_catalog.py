"""What may be asked: names, rules between options and inputs, and that nothing asked is dropped on the way to the wire."""

from dataclasses import replace
from datetime import date

import pytest
from pydantic import ValidationError

from providers.core.catalog import InputConflict
from providers.vendors import ALL_MODELS, PROVIDERS, find_model
from tests.cases import in_one_test
from tests.providers.vendors.option_values import BESIDE, SAID_WITH, setting_for, values_of
from tests.providers.vendors.vendor_samples import make_provider, make_request, needed_slots, said

EVERY_MODEL = in_one_test("spec", ALL_MODELS.values())

NEED_AN_IMAGE = {
    "minimax": {"MiniMax-Hailuo-2.3-Fast", "I2V-01-Director", "I2V-01-live", "I2V-01", "S2V-01"},
    "ark": {"doubao-seedance-1-0-lite-i2v-250428"},
    "vidu": {"viduq3-pro-fast", "viduq3", "viduq3-mix", "viduq2-pro", "viduq2-turbo", "viduq2-pro-fast"},
    "kling": {"kling-v1-5", "kling-v2-1", "kling-3.0-motion-control", "kling-2.6-motion-control"},
    "dashscope": {
        "wanx2.1-i2v-turbo",
        "wanx2.1-i2v-plus",
        "wanx2.1-kf2v-plus",
        "wan2.2-i2v-plus",
        "wan2.2-i2v-flash",
        "wan2.2-kf2v-flash",
        "wan2.5-i2v-preview",
        "wan2.6-i2v",
        "wan2.6-i2v-flash",
        "wan2.7-i2v",
        "wan2.7-r2v",
        *(f"happyhorse-{version}-{kind}" for version in ("1.0", "1.1") for kind in ("i2v", "r2v")),
    },
    "zhipu": {"viduq1-image", "viduq1-start-end", "vidu2-image", "vidu2-start-end", "vidu2-reference"},
    "volcvisual": {
        "jimeng_i2v_first_v30",
        "jimeng_i2v_first_v30_1080",
        "jimeng_i2v_first_tail_v30",
        "jimeng_i2v_first_tail_v30_1080",
        "jimeng_i2v_recamera_v30",
    },
}
PRICES = {
    "dashscope": {"wanx2.1-t2v-turbo": ("0.24", "second", "CNY"), "wanx2.1-t2v-plus": ("0.70", "second", "CNY")},
    "zhipu": {"cogvideox-3": ("1", "video", "CNY")},
    "openrouter": {"runway/gen-4.5": ("0.12", "second", "USD")},
}
FIXED_LENGTH = {
    "dashscope/wan2.7-videoedit",
    "dashscope/happyhorse-1.0-video-edit",
    "kling/kling-3.0-motion-control",
    "kling/kling-2.6-motion-control",
    "minimax/S2V-01",
    "minimax/MiniMax-H3-regeneration",
    "zhipu/cogvideox-2",
    "zhipu/cogvideox-flash",
    "cogvideox/cogvideox-2b",
}
ANOTHER = {"duration_s": 10, "fps": 25, "resolution": "1080P"}
"""A value that models with only one do not have."""
EVERY_VENDOR = in_one_test("slug", PROVIDERS)


@pytest.mark.slow
@EVERY_MODEL
def test_each_value_of_each_option_changes_the_request(spec):
    provider = make_provider(spec.provider)
    for name in spec.params.model_fields:
        values, image = values_of(spec, name), SAID_WITH.get((spec.name, name))
        slots = [[*needed_slots(spec), *([image] if image and value else [])] for value in values]

        requests = [make_request(spec.name, filled, **setting_for(spec, name, value)) for value, filled in zip(values, slots, strict=True)]
        bodies = [said(provider, request) for request in requests]

        assert len(set(bodies)) == len({repr(value) for value in values}), name


@EVERY_MODEL
def test_one_mistake_is_reported_once(spec):
    """A rule between two options is silent where the other one was refused."""
    for name in spec.params.model_fields:
        params = spec.needed_params | setting_for(spec, name, values_of(spec, name)[-1])
        for other in spec.params.model_fields.keys() - {name}:
            with pytest.raises(ValidationError) as refusal:
                spec.params(**params | {other: {"no": "value"}})
            assert {error["loc"][0] for error in refusal.value.errors()} == {other}, name


@EVERY_MODEL
def test_option_with_one_value_is_sent_too(spec):
    """Past the checks, another value would change the request: so this one is in it."""
    provider, request = make_provider(spec.provider), make_request(spec.name)
    for name in spec.params.model_fields:
        if len(values_of(spec, name)) > 1:
            continue

        changed = replace(request, params=spec.params.model_construct(**{**request.params.model_dump(), name: ANOTHER[name]}))

        assert said(provider, changed) != said(provider, request), name


@EVERY_MODEL
def test_each_image_changes_the_request(spec):
    provider = make_provider(spec.provider)
    for slot in (slot.name for slot in spec.slots):
        others = [name for name in needed_slots(spec) if name != slot]

        beside = BESIDE.get((spec.name, slot), {})
        with_it, without = (make_request(spec.name, slots, **params) for slots, params in (([*others, slot], beside), (others, {})))

        assert said(provider, with_it) != said(provider, replace(without, params=with_it.params)), slot


@EVERY_MODEL
def test_every_model_has_the_facts_that_others_rely_on(spec):
    titles = [field.title for field in spec.params.model_fields.values()]

    assert spec.docs_url.startswith("https://")
    assert spec.docs_read >= date(2026, 11, 20)
    assert all(titles)
    assert find_model(spec.name) is spec
    assert find_model(spec.id) is spec
    assert ("duration_s" in spec.json_schema()["properties"]) is (spec.name not in FIXED_LENGTH)


@EVERY_MODEL
def test_lists_and_what_must_be_given_have_what_form_and_page_show_of_them(spec):
    schema = spec.json_schema()

    lists = {name: one for name, one in schema["properties"].items() if one.get("type") == "array"}

    assert [name for name, one in lists.items() if not one.get("maxItems") or not one.get("examples")] == []
    assert set(schema.get("required", [])) == set(spec.needed_params)


@EVERY_MODEL
def test_defaults_are_valid_and_go_with_any_image(spec):
    params = spec.params(**spec.needed_params)

    assert spec.params.model_validate(params.model_dump(mode="json")) == params
    assert params.check_inputs(dict.fromkeys(("first_frame", *needed_slots(spec)), 1)) is None


@EVERY_MODEL
def test_option_of_other_models_is_refused_by_name(spec):
    others = {name for other in ALL_MODELS.values() for name in other.params.model_fields} - spec.params.model_fields.keys()

    for name in ("colour", *others):
        with pytest.raises(ValidationError) as caught:
            spec.params(**spec.needed_params | {name: "red"})
        assert [(error["loc"], error["type"]) for error in caught.value.errors()] == [((name,), "extra_forbidden")]


@EVERY_MODEL
def test_true_is_not_a_number(spec):
    """Read as 1 it would be a seed that nobody asked for."""
    numbers = [name for name, schema in spec.json_schema()["properties"].items() if is_number(schema)]

    for name in numbers:
        with pytest.raises(ValidationError) as refusal:
            spec.params.model_validate({**spec.needed_params, name: True})
        assert refusal.value.errors()[0]["loc"] == (name,)


def is_number(schema):
    kinds = {one.get("type") for one in [schema, *schema.get("anyOf", ())]}
    return bool(kinds & {"integer", "number"})


def test_name_of_no_model_is_none():
    assert find_model("kling/nothing") is None
    assert find_model("nothing") is None


def test_kling_has_every_classic_model_and_marks_the_retired():
    assert {name for name in PROVIDERS["kling"].models if not name.startswith(("kling-2.", "kling-3.", "kling-o"))} == {
        "kling-v1",
        "kling-v1-5",
        "kling-v1-6",
        "kling-v2-master",
        "kling-v2-1",
        "kling-v2-1-master",
        "kling-v2-5-turbo",
        "kling-v2-6",
        "kling-v3",
    }
    assert {spec.id for spec in PROVIDERS["kling"].models.values() if spec.retired} == {
        *("kling-v1", "kling-v1-5", "kling-v1-6", "kling-v2-master", "kling-v2-1", "kling-v2-1-master")
    }


@EVERY_VENDOR
def test_models_that_need_an_image_say_so(slug):
    assert {spec.id for spec in PROVIDERS[slug].models.values() if needed_slots(spec)} == NEED_AN_IMAGE.get(slug, set())


def test_models_without_a_last_frame_have_no_slot_for_it():
    without = {
        spec.id for spec in PROVIDERS["kling"].models.values() if spec.slot("last_frame") is None and spec.slot("references") is None
    }

    assert without == {"kling-v2-master", "kling-v2-1-master", "kling-3.0-turbo"}


@EVERY_VENDOR
def test_list_prices_are_those_of_the_vendors_page(slug):
    prices = {spec.id: spec.price for spec in PROVIDERS[slug].models.values() if spec.price}

    assert {model: (str(price.amount), price.unit, price.currency) for model, price in prices.items()} == PRICES.get(slug, {})


@in_one_test(
    ("model", "params", "field"),
    [
        ("kling/kling-v1", {"duration_s": 7}, "duration_s"),
        ("kling/kling-v1", {"duration_s": "5s"}, "duration_s"),
        ("kling/kling-v1", {"guidance": 1.1}, "guidance"),
        ("kling/kling-v1", {"guidance": float("nan")}, "guidance"),
        ("kling/kling-v1", {"negative_prompt": "x" * 2_501}, "negative_prompt"),
        ("kling/kling-v1", {"camera": "simple"}, "camera_amount"),
        ("kling/kling-v1", {"camera": "simple", "camera_amount": 10.5}, "camera_amount"),
        ("kling/kling-v1", {"camera_amount": 2}, "camera_amount"),
        ("kling/kling-v1", {"camera": "down_back", "camera_axis": "pan"}, "camera_axis"),
        ("kling/kling-v1", {"camera": "down_back", "mode": "pro"}, "camera"),
        ("kling/kling-v2-6", {"with_audio": True}, "with_audio"),
        ("kling/kling-v2-5-turbo", {"mode": "4k"}, "mode"),
        ("kling/kling-v3", {"duration_s": 16}, "duration_s"),
        ("dashscope/wanx2.1-t2v-turbo", {"resolution": "480P", "aspect_ratio": "4:3"}, "resolution"),
        ("dashscope/wanx2.1-t2v-plus", {"resolution": "480P"}, "resolution"),
        ("dashscope/wanx2.1-t2v-plus", {"seed": -1}, "seed"),
        ("dashscope/wanx2.1-t2v-plus", {"seed": 2_147_483_648}, "seed"),
        ("dashscope/wanx2.1-i2v-plus", {"style": "hanfu-1"}, "style"),
        ("dashscope/wan2.2-t2v-plus", {"resolution": "720P"}, "resolution"),
        ("dashscope/wan2.2-t2v-plus", {"resolution": "480P", "aspect_ratio": "3:4"}, "resolution"),
        ("dashscope/wan2.5-t2v-preview", {"resolution": "480P", "aspect_ratio": "4:3"}, "resolution"),
        ("dashscope/wan2.5-t2v-preview", {"duration_s": 7}, "duration_s"),
        ("dashscope/wan2.5-t2v-preview", {"audio_url": "fog"}, "audio_url"),
        ("dashscope/wan2.6-t2v", {"duration_s": 16}, "duration_s"),
        ("dashscope/wan2.6-t2v", {"multi_shot": True, "prompt_extend": False}, "multi_shot"),
        ("dashscope/wan2.6-i2v", {"duration_s": 16}, "duration_s"),
        ("dashscope/wan2.6-i2v-flash", {"audio_url": "https://a.example/b.mp3", "with_audio": False}, "with_audio"),
        ("dashscope/wan2.7-t2v", {"multi_shot": True}, "multi_shot"),
        ("dashscope/wanx2.1-i2v-plus", {"duration_s": 3}, "duration_s"),
        ("zhipu/cogvideox-3", {"duration_s": " 5"}, "duration_s"),
        ("zhipu/cogvideox-3", {"fps": 24}, "fps"),
        ("zhipu/cogvideox-2", {"resolution": "1280x720"}, "resolution"),
        ("zhipu/cogvideox-2", {"duration_s": 5}, "duration_s"),
        ("zhipu/viduq1-text", {"resolution": "1080x1920"}, "resolution"),
        ("zhipu/viduq1-text", {"with_audio": True}, "with_audio"),
        ("zhipu/vidu2-image", {"duration_s": 5}, "duration_s"),
        ("zhipu/vidu2-reference", {"style": "anime"}, "style"),
        ("cogvideox/cogvideox-2b", {"frames": 0}, "frames"),
        ("cogvideox/cogvideox-2b", {"width_px": 508}, "width_px"),
        ("cogvideox/cogvideox-2b", {"height_px": 513}, "height_px"),
        ("cogvideox/cogvideox-2b", {"steps": 201}, "steps"),
        ("cogvideox/cogvideox-2b", {"seed": 1}, "seed"),
        ("jimeng/jimeng-video-2.0", {"resolution": "720p"}, "resolution"),
        ("jimeng/jimeng-video-3.0", {"duration_s": 12}, "duration_s"),
        ("jimeng/jimeng-video-3.5-pro", {"fps": 30}, "fps"),
        ("jimeng/seedance-2.0", {"duration_s": 3}, "duration_s"),
        ("jimeng/seedance-2.0", {"seed": 4_294_967_296}, "seed"),
        ("volcvisual/jimeng_t2v_v30", {"duration_s": 6}, "duration_s"),
        ("volcvisual/jimeng_t2v_v30", {"seed": -1}, "seed"),
        ("volcvisual/jimeng_i2v_first_v30", {"aspect_ratio": "16:9"}, "aspect_ratio"),
    ],
)
def test_value_that_the_vendor_does_not_take_is_refused_by_field(model, params, field):
    with pytest.raises(ValidationError) as caught:
        ALL_MODELS[model].params(**params)

    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


@in_one_test(
    ("model", "params", "slots", "field"),
    [
        ("kling/kling-v1", {"aspect_ratio": "1:1"}, {"first_frame"}, "aspect_ratio"),
        ("kling/kling-v1", {"camera": "forward_up"}, {"first_frame", "last_frame"}, "camera"),
        ("kling/kling-v2-5-turbo", {}, {"first_frame", "last_frame"}, "mode"),
        ("kling/kling-v1-5", {}, {"first_frame", "last_frame"}, "mode"),
        ("kling/kling-v3", {"aspect_ratio": "9:16"}, {"first_frame"}, "aspect_ratio"),
        ("dashscope/wanx2.1-kf2v-plus", {"style": "solaron"}, {"first_frame", "last_frame"}, "style"),
        ("zhipu/cogvideox-3", {}, {"last_frame"}, "inputs.first_frame"),
        ("volcvisual/jimeng_ti2v_v30_pro", {"aspect_ratio": "1:1"}, {"first_frame"}, "aspect_ratio"),
    ],
)
def test_option_that_does_not_go_with_the_images_is_refused_by_field(model, params, slots, field):
    with pytest.raises(InputConflict) as caught:
        ALL_MODELS[model].params(**params).check_inputs(dict.fromkeys(slots, 1))

    assert caught.value.field == field
    assert caught.value.message


@pytest.mark.parametrize(
    ("model", "params"),
    [("kling/kling-v1", {}), ("kling/kling-v2-6", {"mode": "pro"}), ("kling/kling-v3", {}), ("dashscope/wanx2.1-kf2v-plus", {})],
)
def test_last_frame_is_taken_where_the_table_says_so(model, params):
    assert ALL_MODELS[model].params(**params).check_inputs({"first_frame": 1, "last_frame": 1}) is None

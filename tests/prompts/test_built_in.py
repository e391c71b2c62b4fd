"""The built-in templates, styles and platforms: complete in both languages, and good prompts for every model."""

from __future__ import annotations

from collections import Counter

from prompts.lint import lint
from prompts.making import make
from prompts.models import Category
from prompts.platforms import PLATFORMS, settings_for
from prompts.styles import QUALITY, STYLES, joined
from prompts.templates.built_in import BUILT_IN, fallback
from prompts.templates.rendering import check_template
from providers.core.catalog import InputConflict
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test

LANGUAGES = ("en", "zh-hans")
MODELS = list(ALL_MODELS.built_in.values())


def is_chinese(text):
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def test_each_category_has_several_templates_in_both_languages():
    counts = Counter((one.category, one.language) for one in BUILT_IN.values())

    assert counts.keys() == {(kind, language) for kind in Category.values if kind != "style" for language in LANGUAGES}
    assert min(counts.values()) >= 4


@in_one_test("template_id", {template_id for template_id, _language in BUILT_IN})
def test_both_languages_have_the_same_variables_in_words_of_their_own(template_id):
    english, chinese = (BUILT_IN[template_id, language] for language in LANGUAGES)

    assert {(one.name, one.kind, len(one.choices)) for one in english.variables} == {
        (one.name, one.kind, len(one.choices)) for one in chinese.variables
    }
    assert english.category == chinese.category
    assert all(map(is_chinese, [chinese.text, chinese.name, *(one.label for one in chinese.variables)]))
    assert not is_chinese(english.text + english.name + "".join(one.label + one.example for one in english.variables))


@in_one_test("template", BUILT_IN.values())
def test_each_is_a_prompt_that_the_lint_lets_pass_for_every_model(template):
    assert set(check_template(template.text, template.negative_text, template.variables)) == set(template.variables)
    values = {one.name: one.example for one in template.variables if one.example}
    for style, platform in zip(STYLES.values(), [*PLATFORMS.values()] * 2, strict=False):
        made = make(language="en", template=template, values=values, style=style, platform=platform, quality=True)
        for spec in {spec.prompt_limit(()): spec for spec in MODELS}.values():  # models differ in how long a prompt may be only
            assert lint(spec, made.text, params={"duration_s": 5}) == []


def test_the_phrases_of_the_shops_own_code_are_kept():
    """Seed 001: its fallback, its three kinds of products, its styles and its words of quality."""
    about, values = fallback({"title": "Snow", "description": "Quiet."}, "en")
    assert make(language="en", template=about, values=values, quality=True).text == f"A video about Snow. Quiet. {QUALITY['en']}"
    texts = {}
    for category in ("electronics", "Clothing", "garden", ""):
        template, values = fallback({"name": "a lamp", "category": category, "features": "dimmer", "price": 3}, "en")
        texts[category] = make(language="en", template=template, values=values).text
    assert texts["electronics"].startswith(
        "Professional product video for a lamp, showing features dimmer, sleek design, modern technology"
    )
    assert "modeled on person, showing fit and movement, studio lighting" in texts["Clothing"]
    assert texts["garden"] == texts[""]
    assert texts[""].startswith("Professional product video for a lamp, clean white background, professional product photography")
    assert STYLES["cinematic"].words["en"].startswith("cinematic style, movie quality, dramatic lighting")
    assert {"animated", "realistic", "minimalist"} <= STYLES.keys()


def test_styles_and_platforms_have_all_words_in_both_languages():
    for one in (*STYLES.values(), *PLATFORMS.values()):
        assert set(one.name) == set(one.words) == set(LANGUAGES)
        assert all(one.words.values())
        assert is_chinese(one.words["zh-hans"])


@in_one_test("spec", MODELS)
def test_settings_of_a_platform_are_ones_that_the_model_has(spec):
    for platform in PLATFORMS.values():
        found = settings_for(spec, platform)
        params = spec.params.model_validate(spec.needed_params | found)
        assert all(getattr(params, name) == value for name, value in found.items())
        for slot in {"first_frame", "references"}.intersection(one.name for one in spec.slots):
            assert refuses(spec, settings_for(spec, platform, [slot]), slot) <= refuses(spec, {}, slot)


def refuses(spec, params, slot) -> bool:
    """Return whether the model refuses these settings beside an image."""
    try:
        spec.params.model_validate(spec.needed_params | params).check_inputs({slot: 1})
    except InputConflict:
        return True
    return False


def test_a_vertical_platform_makes_a_vertical_video():
    spec = next(spec for spec in MODELS if "9:16" in str(spec.json_schema()["properties"].get("aspect_ratio")))

    assert settings_for(spec, PLATFORMS["tiktok"])["aspect_ratio"] == "9:16"


@in_one_test(
    ("parts", "language", "text"),
    [
        (["a fox", "", "cinematic"], "en", "a fox, cinematic"),
        (["A fox.", "cinematic"], "en", "A fox. cinematic"),
        (["一只狐狸", "电影感"], "zh-hans", "一只狐狸，电影感"),
        (["一只狐狸。", "电影感"], "zh-hans", "一只狐狸。电影感"),
    ],
)
def test_added_words_are_joined_by_the_punctuation_of_the_language(parts, language, text):
    assert joined(parts, language) == text


def test_a_prompt_remembers_how_it_was_made():
    template = BUILT_IN["food-drink", "zh-hans"]
    values = {one.name: one.example for one in template.variables}
    made = make(language="en", text="杯子在木桌上", template=template, values=values, style=STYLES["anime"], platform=PLATFORMS["tiktok"])

    assert made.made_from == {
        "original": "杯子在木桌上",
        "template": {"id": "food-drink", "version": 1, "language": "zh-hans", "values": values},
        "style": "anime",
        "platform": "tiktok",
    }
    assert "日系动漫" in made.text
    assert made.negative_text.endswith(STYLES["anime"].negative["zh-hans"])

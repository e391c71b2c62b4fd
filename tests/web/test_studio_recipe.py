"""The Studio's template, style and platform: their words are seen in the prompt, edited, changed, taken back, and remembered."""

from __future__ import annotations

import pytest

from generation.models import GenerationTask
from prompts.signed import unpack
from prompts.styles import STYLES
from tests.web.page_rows import make_asset, make_video
from tests.web.test_studio import SCRIPT, order

pytestmark = pytest.mark.usefixtures("kling")
ANIME, NOIR = (STYLES[name].words["en"] for name in ("anime", "noir"))


def put_in(visitor, **changes):
    """Press “Put into the prompt”. Return the form that is then shown."""
    reply = visitor.post("/studio/recipe/", order(**changes), headers=SCRIPT)
    return reply.context["form"], reply


def carried_on(form, **changes):
    """Return what the browser sends from this form."""
    return {name: form[name].value() for name in ("prompt", "made_from", "aspect_ratio", "duration_s", "negative_prompt")} | changes


def test_words_and_settings_are_put_into_the_form_and_nothing_is_ordered(visitor):
    form, reply = put_in(
        visitor, **{"use-style": "anime", "use-platform": "tiktok", "count": "3", "mode": "pro", "negative_prompt": "rain"}
    )

    assert form["prompt"].value().startswith(f"a koi pond at dusk, {ANIME}, vertical video")
    assert (form["aspect_ratio"].value(), form["count"].value(), form["mode"].value()) == ("9:16", 3, "pro")
    assert form["negative_prompt"].value() == f"rain, {STYLES['anime'].negative['en']}"
    assert 'data-filled="prompt,settings"' in reply.text
    assert 'value="a koi pond at dusk"' in reply.text  # the way back
    assert not GenerationTask.objects.exists()


def test_another_style_replaces_the_first_also_after_an_edit(visitor):
    first, _reply = put_in(visitor, **{"use-style": "anime"})
    edited = carried_on(first, prompt=first["prompt"].value().replace("dusk", "dawn"))
    second, _reply = put_in(visitor, **edited, **{"use-style": "noir"})
    none, _reply = put_in(visitor, **carried_on(second))

    assert second["prompt"].value() == f"a koi pond at dawn, {NOIR}"
    assert second["negative_prompt"].value() == STYLES["noir"].negative["en"]
    assert unpack(second["made_from"].value(), second["prompt"].value()) == {"original": "a koi pond at dawn", "style": "noir"}
    assert (none["prompt"].value(), none["negative_prompt"].value()) == ("a koi pond at dawn", "")


def test_a_template_asks_for_its_variables_and_keeps_an_edit_of_its_text(visitor):
    asked = visitor.get("/studio/recipe/", {"use-template": "about", "use-style": "anime"}).content.decode()
    assert 'name="use-v-title"' in asked
    assert '<option value="anime" selected>' in asked
    missing, reply = put_in(visitor, prompt="", **{"use-template": "about"})
    assert reply.status_code == 422
    assert "is missing" in reply.text
    assert not missing["prompt"].value()

    picks = {"use-template": "about", "use-v-title": "snow"}
    first, _reply = put_in(visitor, prompt="Slowly.", **picks)
    assert first["prompt"].value() == "A video about snow. Slowly."
    edited = carried_on(first, prompt="A quiet video about snow. Slowly.")
    styled, _reply = put_in(visitor, **edited, **picks, **{"use-style": "anime"})
    assert styled["prompt"].value() == f"A quiet video about snow. Slowly. {ANIME}"
    other, _reply = put_in(visitor, **carried_on(styled), **picks | {"use-v-title": "rain"})
    assert other["prompt"].value() == "A video about rain. Slowly."


def test_it_works_without_script_and_from_a_link_with_missing_values(visitor):
    page = visitor.post("/studio/recipe/", order(**{"use-style": "anime"}))
    assert "<html" in page.text
    assert ANIME in page.context["form"]["prompt"].value()

    opened = visitor.get("/studio/", {"template": "about"})
    assert 'name="use-v-title"' in opened.text
    assert not opened.context["form"]["prompt"].value()


def test_an_order_remembers_what_is_still_true_and_its_page_says_so(visitor, user):
    picks = {"use-template": "about", "use-v-title": "deep snow", "use-style": "anime"}
    form, _reply = put_in(visitor, prompt="", **picks)
    whole = carried_on(form)
    visitor.post("/studio/", order(**whole, **picks, key="press-1"))
    visitor.post("/studio/", order(**whole | {"prompt": "A video about deep snow."}, key="press-2"))

    both, bare = GenerationTask.objects.order_by("pk")
    used = {"id": "about", "version": 1, "language": "en", "values": {"title": "deep snow"}}
    assert both.prompt.made_from == {"template": used, "style": "anime"}
    assert bare.prompt.made_from == {"template": used}
    page = visitor.get(f"/tasks/{both.pk}/").text
    for words in ("How it was made", "A video about anything, version 1", "title: deep snow", "Anime", "/templates/about/?version=1"):
        assert words in page
    again = visitor.get("/studio/", {"from_task": str(both.pk)}).context["form"]
    assert unpack(again["made_from"].value(), again["prompt"].value()) == both.prompt.made_from


def test_the_image_of_a_template_comes_into_the_models_slot(visitor, user):
    image = make_asset(user)
    form, reply = put_in(visitor, **{"use-template": "product-showcase", "use-v-name": "A cup", "use-v-photo": str(image.pk)}, prompt="")

    assert [one.pk for one in form.pictures["first_frame"]] == [image.pk]
    assert 'data-filled="prompt,settings,images"' in reply.text


def test_the_lint_speaks_beside_the_prompt(visitor):
    said = visitor.post("/studio/lint/", order(prompt="a fox, cut to a sign that says SALE")).text
    assert "Models draw letters badly" in said
    assert "5 s are enough for one scene" in said
    assert not visitor.post("/studio/lint/", order(prompt=" ")).text.strip()
    assert "Models draw letters badly" in visitor.post("/studio/", order(prompt="a sign that says SALE", count="9")).text


def test_a_video_says_how_its_prompt_was_made(visitor, user):
    video = make_video(user)
    video.task.prompt.made_from = {"original": "a fox", "enhanced": {"endpoint": "e", "model": "writer-1"}, "platform": "tiktok"}
    video.task.prompt.save()

    page = visitor.get(f"/videos/{video.pk}/").text
    for words in ("writer-1", "a fox", "TikTok / Douyin"):
        assert words in page

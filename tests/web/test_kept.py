"""Presets and the history of prompts in the Studio."""

from __future__ import annotations

from uuid import uuid4

from prompts.models import Preset
from tests.task_rows import make_task
from tests.web.page_rows import KLING, WAN, make_asset, make_video

SCRIPT = {"HX-Request": "true"}
FORM = {"model": WAN, "prompt": "a koi pond", "count": "3", "resolution": "480P", "seed": "7", "vary-styles": ["noir"], "vary-drafts": "on"}


def test_the_form_is_kept_under_a_name_and_filled_again(visitor, user, accounts):
    listed = visitor.post("/studio/presets/", FORM | {"preset-name": "koi"}, headers=SCRIPT)
    preset = Preset.objects.get()

    kept = {"model": WAN, "prompt": "a koi pond", "count": 3, "styles": ["noir"], "drafts": True, "inputs": {}}
    assert {name: preset.values[name] for name in kept} == kept
    assert (preset.owner, preset.values["params"]["seed"], preset.values["params"]["resolution"]) == (user, 7, "480P")
    assert f"/studio/?preset={preset.pk}" in listed.text
    page = visitor.get(f"/studio/?preset={preset.pk}").text
    assert 'data-filled="settings,images,count,prompt"' in page
    assert ">\na koi pond</textarea>" in page
    assert page.split('name="vary-styles" value="noir"')[1].split(">")[0].endswith("checked")


def test_a_name_is_taken_once_and_presets_are_renamed_and_deleted(visitor, accounts):
    visitor.post("/studio/presets/", FORM | {"preset-name": "koi"}, headers=SCRIPT)
    again = visitor.post("/studio/presets/", FORM | {"preset-name": "koi"}, headers=SCRIPT)
    unnamed = visitor.post("/studio/presets/", FORM, headers=SCRIPT)
    preset = Preset.objects.get()

    assert (again.status_code, unnamed.status_code) == (422, 422)
    assert "You have a preset of this name." in again.text
    assert "pond" in visitor.post(f"/studio/presets/{preset.pk}/", {"name": "pond"}, headers=SCRIPT).text
    assert Preset.objects.get().name == "pond"
    visitor.post(f"/studio/presets/{preset.pk}/delete", headers=SCRIPT)
    assert Preset.objects.count() == 0


def test_nobody_else_sees_a_preset(visitor, staff_visitor, other_user, accounts):
    preset = Preset.objects.create(owner=other_user, name="theirs", values={"prompt": "a secret"})

    for browser in (visitor, staff_visitor):
        assert "theirs" not in browser.get("/studio/presets/").text
        assert browser.get(f"/studio/?preset={preset.pk}").status_code == 404
        assert browser.post(f"/studio/presets/{preset.pk}/", {"name": "x"}).status_code == 404
        assert browser.post(f"/studio/presets/{preset.pk}/delete").status_code == 404
    assert Preset.objects.get().name == "theirs"


def test_a_preset_says_what_of_it_is_gone(visitor, user, accounts):
    image = make_asset(user)
    values = {"model": "gone/model", "inputs": {"first_frame": [str(image.pk)]}, "params": {"duration_s": 5, "sparkle": 1}}
    Preset.objects.create(owner=user, name="old", values=values)
    lost = Preset.objects.create(owner=user, name="lost", values={"model": "kling/kling-v2-1", "inputs": {"first_frame": [str(uuid4())]}})

    page = visitor.get(f"/studio/?preset={Preset.objects.get(name='old').pk}")
    assert "The model of this preset is no longer available" in page.text
    assert "An image of this preset is no longer available" in visitor.get(f"/studio/?preset={lost.pk}").text


def test_the_history_is_searched_and_a_prompt_is_used_again(visitor, user, other_user, accounts):
    video = make_video(user, prompt="a blue fox in the snow")
    make_task(user, prompt="a red boat", model=KLING)
    make_task(other_user, prompt="a secret hill")

    everything, fox, none = (visitor.get(f"/studio/history/{query}").text for query in ("", "?q=snow+FOX", "?q=hill"))

    assert everything.index("a red boat") < everything.index("a blue fox")
    assert "a secret hill" not in everything
    assert (fox.count('class="earlier"'), f"/studio/?from={video.pk}" in fox) == (1, True)
    assert 'data-put="#id_prompt"' in fox
    assert "No earlier prompt has these words." in none


def test_further_prompts_are_asked_for(visitor, user, accounts):
    for number in range(22):
        make_task(user, prompt=f"boat {number}")
    first = visitor.get("/studio/history/").text
    address = first.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")

    assert first.count('class="earlier"') == 20
    assert visitor.get(address).text.count('class="earlier"') == 2

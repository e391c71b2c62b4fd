"""Presets of a person, and the history of their prompts."""

from __future__ import annotations

import pytest

from generation.errors import Conflict, InvalidRequest, NotThere
from generation.lifecycle import Status
from generation.models import Prompt
from prompts import presets
from prompts.history import earlier_prompts
from tests.task_rows import MODEL, make_task
from tests.web.page_rows import make_video

pytestmark = pytest.mark.postgresql

VALUES = {"model": MODEL, "prompt": "a boat", "params": {"duration_s": 5}, "count": 2, "styles": ["noir"], "drafts": True}


def test_a_preset_keeps_values_under_a_name_of_its_owner_alone(user, other_user):
    preset = presets.create(user, "  product   shots ", VALUES)
    presets.create(other_user, "product shots", {})

    assert (preset.name, preset.values, presets.of(user)) == ("product shots", VALUES, [preset])
    with pytest.raises(Conflict) as taken:
        presets.create(user, "product shots", {})
    with pytest.raises(NotThere):
        presets.the_preset(other_user, preset.pk)
    assert taken.value.code == "name_taken"
    presets.change(preset, name="long shots", values={"count": 1})
    assert [(one.name, one.values) for one in presets.of(user)] == [("long shots", {"count": 1})]
    presets.delete(preset)
    assert presets.of(user) == []


@pytest.mark.parametrize(
    ("name", "values", "field"),
    [
        ("", {}, "name"),
        ("x" * 101, {}, "name"),
        ("a", {"colour": 1}, "values.colour"),
        ("a", {"count": True}, "values.count"),
        ("a", {"prompt": "x" * 70_000}, "values"),
        ("a", {"inputs": {"first_frame": 5}}, "values.inputs"),
        ("a", {"inputs": {"first_frame": ["no id"]}}, "values.inputs"),
    ],
)
def test_what_is_no_preset_is_refused_by_field(user, name, values, field):
    with pytest.raises(InvalidRequest) as refusal:
        presets.create(user, name, values)
    assert list(refusal.value.fields) == [field]


def test_the_history_has_each_own_text_once_newest_first_with_a_video_if_there_is_one(user, other_user):
    make_task(user, prompt="a red boat")
    video = make_video(user, prompt="a blue fox")
    newest = make_task(user, prompt="a red boat", status=Status.FAILED, error_code="refused")
    make_task(other_user, prompt="a green hill")
    make_task(user, prompt="")

    found, more = earlier_prompts(user)

    assert [(one.text, one.task, one.video) for one in found] == [("a red boat", newest, None), ("a blue fox", video.task, video)]
    assert more is None
    assert [one.text for one in earlier_prompts(user, words="FOX blue")[0]] == ["a blue fox"]
    assert earlier_prompts(user, words="hill")[0] == []


def test_further_prompts_follow_the_last_one_and_styles_of_a_set_are_one(user):
    for number in range(5):
        make_task(user, prompt=f"boat {number}")
    first, more = earlier_prompts(user, most=3)
    rest, end = earlier_prompts(user, most=3, before=more)
    assert [one.text for one in [*first, *rest]] == [f"boat {number}" for number in (4, 3, 2, 1, 0)]
    assert end is None

    for style in ("noir", "anime"):
        task = make_task(user, prompt=f"a hill, {style}")
        Prompt.objects.filter(pk=task.prompt_id).update(made_from={"original": "a hill", "style": style})
    assert [one.text for one in earlier_prompts(user, most=3)[0]] == ["a hill", "boat 4"]

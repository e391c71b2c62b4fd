"""Templates, styles, platforms and a language model make the prompts of rows, for all of them or by columns."""

from __future__ import annotations

import json

import pytest

from access.callers import Caller
from batches.messages import words_of
from batches.recipes import MOST_FAILURES
from generation.errors import InvalidRequest
from generation.ordering.assets import store_asset
from prompts.chat import ensure_sandbox_endpoint
from prompts.models import ChatEndpoint
from prompts.templates import own
from tests.pictures import picture
from tests.scripted_server import ScriptedServer, answer

PITCH = {"category": "product", "language": "en", "name": "Pitch", "text": "A video about {title}[, made of {stuff}]."}


@pytest.fixture
def pitch(user):
    """A template of this person."""
    return own.create(by=Caller(user=user), variables=[{"name": "photo", "kind": "image"}], **PITCH)


def test_columns_fill_the_template_and_the_task_keeps_how(checked, pitch):
    defaults = {"template": str(pitch.line), "style": "cinematic", "platform": "tiktok", "variables": {"stuff": "wood"}}
    batch = checked("Title,stuff,content_id\nBoat,oak,sku-1\nKite,,sku-2\n", defaults=defaults)

    assert batch.mapping == {"Title": "variables.title", "stuff": "variables.stuff", "content_id": "content_id"}
    first, second = batch.rows.all()
    assert first.order["prompt"].startswith("A video about Boat, made of oak. cinematic style")
    assert second.order["prompt"].startswith("A video about Kite, made of wood. cinematic style")
    assert first.order["params"]["aspect_ratio"] == "9:16"
    made_from = first.order["made_from"]
    assert (made_from["style"], made_from["platform"], made_from["template"]["id"]) == ("cinematic", "tiktok", str(pitch.line))
    assert (made_from["template"]["version"], made_from["template"]["values"]) == (1, {"title": "Boat", "stuff": "oak"})


def test_row_names_its_own_and_the_defaults_are_for_the_others(checked, pitch):
    columns = f"prompt,template,style,platform,title\na fox,,动画,,\n,{pitch.line},,instagram,Boat\n"
    defaults = {"style": "realistic", "params": {"aspect_ratio": "16:9"}}
    batch = checked(columns, defaults=defaults, mapping={"title": "variables.title"})

    first, second = batch.rows.all()
    assert first.order["prompt"] == "a fox, animated style, cartoon, vibrant colors, expressive movement"
    assert first.order["params"]["aspect_ratio"] == "16:9"
    assert second.order["prompt"].startswith("A video about Boat. realistic, photorealistic")
    assert second.order["params"]["aspect_ratio"] == "1:1"


def test_catalogue_without_prompts_is_described_by_the_templates_for_it(checked):
    shop = checked("商品名称,类目,卖点,货号\n蓝牙耳机,电子产品,降噪,a1\n风衣,服装,,a2\n", defaults={"language": "zh-hans"})
    posts = checked("title,description\nSnow,Quiet.\n")
    plain = checked("description,name\nA boat.,\n", mapping={"description": "prompt", "name": ""})

    assert shop.mapping == {"商品名称": "variables.name", "类目": "variables.category", "卖点": "variables.features", "货号": "content_id"}
    assert [row.order["made_from"]["template"]["id"] for row in shop.rows.all()] == ["product-electronics", "product-clothing"]
    assert all(name in row.order["prompt"] for row, name in zip(shop.rows.all(), ("蓝牙耳机", "风衣"), strict=True))
    assert [row.order["prompt"] for row in (*posts.rows.all(), *plain.rows.all())] == ["A video about Snow. Quiet.", "A boat."]


def test_platform_leaves_the_shape_alone_where_a_rows_image_gives_it(checked, user):
    image = store_asset(owner=user, file=picture((1280, 720)))
    defaults = {"model": "kling/kling-v2-5-turbo", "platform": "tiktok", "inputs": {"first_frame": [str(image.pk)]}}
    batch = checked("prompt\na boat\n", defaults=defaults)

    (row,) = batch.rows.all()
    assert (row.problems, "aspect_ratio" in row.order["params"]) == ([], False)


def test_what_is_not_there_or_does_not_fit_is_a_problem_of_the_row(checked, pitch):
    batch = checked(f"prompt,template,style,platform,title\na,nope,,,\nb,,nope,,\nc,,,nope,\n,{pitch.line},,,\n,{pitch.line},,,a{{b}}\n")

    found = [[(one["code"], one["field"]) for one in row.problems] for row in batch.rows.all()]
    assert found == [
        [("row_no_such_template", "template")],
        [("row_no_such_style", "style")],
        [("row_no_such_platform", "platform")],
        [("refused", "variables.title")],
        [("refused", "variables.title")],
    ]


def test_template_of_another_person_is_not_there(checked, pitch, other_user):
    pitch.owner = other_user
    pitch.save()

    assert [row.state for row in checked(f"prompt,template\na,{pitch.line}\n").rows.all()] == ["bad"]


@pytest.mark.parametrize("wrong", [{"enhance": "yes"}, {"variables": "x"}, {"variables": {"a": None}}, {"language": 1}, {"language": "fr"}])
def test_defaults_of_another_kind_are_refused(uploaded, wrong):
    with pytest.raises(InvalidRequest):
        uploaded("prompt\na\n", defaults=wrong)


def test_number_for_all_rows_fills_a_variable(checked):
    batch = checked("content_id\nsku-1\n", defaults={"prompt": "{n} boats", "variables": {"n": 3}})

    assert batch.rows.get().order["prompt"] == "3 boats"


def test_language_model_enriches_the_rows_that_want_it(checked, simulator):
    ensure_sandbox_endpoint(simulator.url)
    batch = checked("prompt,enhance\na paper boat on a pond,\na boat,no\n", defaults={"enhance": True})

    first, second = batch.rows.all()
    facts = {"original": "a paper boat on a pond", "enhanced": {"endpoint": "Sandbox writer", "model": "sim-writer"}}
    assert (first.state, first.problems, first.order["made_from"]) == ("ready", [], facts)
    assert first.order["prompt"].startswith("a paper boat on a pond. The subject")
    assert (second.order["prompt"], second.order["made_from"]) == ("a boat", {})


def test_enriched_prompt_that_is_too_long_beside_the_images_is_not_used(checked, user):
    text = "a paper boat on a pond, " * 115  # fits the model, but not beside a first frame
    said = json.dumps({"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}).encode()
    asset = store_asset(owner=user, file=picture((1280, 720)))
    with ScriptedServer(*[answer(200, said)] * 2) as server:
        ChatEndpoint.objects.create(name="Writer", model="yes", is_local=True, base_url=server.url)
        content = f"prompt,inputs.first_frame\na boat,\na boat now,{asset.pk}\n,{asset.pk}\n"
        batch = checked(content, defaults={"model": "kling/kling-3.0-turbo", "enhance": True})

    alone, beside, without = batch.rows.all()
    assert (alone.order["prompt"], alone.problems) == (text.strip(), [])
    assert (beside.state, beside.order["prompt"]) == ("ready", "a boat now")
    assert "wrote more than the 2500 characters" in words_of(beside.problems[0])
    assert ("not_enhanced" in without.order, len(server.requests)) == (False, 2)


def test_endpoint_that_fails_leaves_the_text_says_so_and_is_not_asked_for_every_row(checked):
    with ScriptedServer(*[answer(500)] * 8) as server:
        ChatEndpoint.objects.create(name="Writer", model="no", is_local=True, base_url=server.url)
        batch = checked("prompt,enhance\n" + "".join(f"a boat {n},yes\n" for n in range(8)))

    rows = list(batch.rows.all())
    assert [row.order["prompt"] for row in rows] == [f"a boat {n}" for n in range(8)]
    assert ({row.state for row in rows}, len({row.repair for row in rows})) == ({"ready"}, 1)
    words = "prompt: Not enhanced, stays as it is: The language model answered with an error (HTTP 500)."
    assert {words_of(row.problems[0]) for row in rows} == {words}
    assert len(server.requests) == MOST_FAILURES

"""/templates, /styles, /platforms and /prompts."""

from __future__ import annotations

import json

from generation.models import GenerationTask
from prompts.templates.built_in import BUILT_IN
from tests.cases import in_one_test
from tests.task_rows import MODEL
from tests.web.page_rows import KLING, make_asset

SHELF = {"category": "product", "name": "Shelf", "text": "{product} on a shelf[, {mood}]"}


def changed_by(api, path, body):
    return api.client.patch(f"/api/v1{path}", json.dumps(body), content_type="application/json")


def test_own_templates_are_before_those_of_the_portal(api):
    made = api.post("/templates", SHELF).json()
    listed = api.get("/templates?category=product&language=en").json()

    assert [variable["name"] for variable in made["variables"]] == ["product", "mood"]
    built_in = [one.id for one in BUILT_IN.values() if (one.category, one.language) == ("product", "en")]
    assert [one["id"] for one in listed["items"]] == [made["id"], *built_in]
    assert listed["items"][0]["owner"]
    assert listed["items"][1]["owner"] is None
    assert [one["id"] for one in api.get("/templates?q=turntable shelf").json()["items"]] == []
    assert [one["id"] for one in api.get("/templates?q=SHELF").json()["items"]] == [made["id"]]
    assert all(one["language"] == "zh-hans" for one in api.get("/templates?language=zh-hans").json()["items"])


def test_a_template_is_changed_read_by_version_and_deleted(api):
    where = f"/templates/{api.post('/templates', SHELF).json()['id']}"
    changed = changed_by(api, where, {"text": "{product} on oak", "team": None}).json()

    assert (changed["version"], changed["text"], changed["name"]) == (2, "{product} on oak", "Shelf")
    assert api.get(f"{where}?version=1").json()["text"] == SHELF["text"]
    assert api.client.delete(f"/api/v1{where}").status_code == 204
    assert api.get(where).status_code == changed_by(api, where, {"name": "x"}).status_code == 404
    assert api.get(f"{where}?version=2").status_code == 200


def test_templates_of_the_portal_are_read_and_not_changed(api):
    assert api.get("/templates/about?language=zh-hans").json()["text"] == BUILT_IN["about", "zh-hans"].text
    assert api.get("/templates/about?version=2").status_code == 404
    assert changed_by(api, "/templates/about", {"name": "x"}).status_code == 404
    assert api.client.delete("/api/v1/templates/about").status_code == 404


def test_styles_and_platforms_come_in_the_language_that_was_asked_for(api):
    assert "电影感" in [one["name"] for one in api.get("/styles?language=zh-hans").json()]
    tiktok = next(one for one in api.get("/platforms?language=en").json() if one["id"] == "tiktok")
    assert (tiktok["ratio"], tiktok["duration_s"]) == ("9:16", 5)


def test_a_rendered_prompt_is_ordered_with_how_it_was_made(api, sandbox_accounts):
    body = {"template": "about", "values": {"title": "snow"}, "style": "anime", "platform": "youtube", "language": "en", "model": MODEL}
    made = api.post("/prompts/render", body).json()
    assert made["prompt"].startswith("A video about snow. hand-drawn anime style")
    assert made["made_from"] == {
        "template": {"id": "about", "version": 1, "language": "en", "values": {"title": "snow"}},
        "style": "anime",
        "platform": "youtube",
    }

    ordered = api.post("/tasks", {"model": MODEL} | {name: made[name] for name in ("prompt", "params", "inputs", "made_from")})

    assert ordered.status_code == 202, ordered.content
    assert ordered.json()["made_from"] == made["made_from"]
    assert GenerationTask.objects.get().prompt.made_from == made["made_from"]


def test_wrong_values_are_refused_by_variable(api):
    refused = api.post("/prompts/render", {"template": "about", "values": {"titel": "snow"}, "language": "en"})

    assert refused.status_code == 422
    assert refused.json()["error"]["fields"].keys() == {"values.title", "values.titel"}
    for body in ({"template": "nothing"}, {"text": "a fox", "style": "nothing"}):
        assert api.post("/prompts/render", body).status_code == 404
    for body in ({"platform": "nothing"}, {"model": "no/model"}):
        assert api.post("/prompts/render", {"text": "a fox"} | body).json()["error"]["fields"].keys() == body.keys()


ABOUT = {"template": {"id": "about", "values": {"title": "snow"}}, "style": "anime"}


def test_an_order_without_a_prompt_gets_what_it_is_made_from(api, sandbox_accounts, user):
    image = make_asset(user)
    used = {"id": "product-showcase", "language": "en", "values": {"name": "A cup", "photo": str(image.pk)}}
    task = api.post("/tasks", {"model": KLING, "made_from": {"template": used, "platform": "tiktok"}, "params": {"duration_s": 10}}).json()

    assert task["prompt"].startswith("Professional product video showing A cup")
    assert (task["params"]["aspect_ratio"], task["params"]["duration_s"]) == ("16:9", 10)  # the image gives it its shape
    assert task["inputs"] == {"first_frame": [str(image.pk)]}
    assert task["made_from"] == {"template": used | {"version": 1}, "platform": "tiktok"}


def test_a_signed_origin_stays_true_after_an_edit(api, sandbox_accounts):
    made = api.post("/prompts/render", {"template": "about", "values": {"title": "the first snow of winter"}, "language": "en"}).json()
    edited = made["prompt"].replace("first", "last")
    origins = [
        api.post("/tasks", {"model": MODEL, "prompt": prompt, "made_from": made["signed"]}).json()["made_from"]
        for prompt in (edited, "whales in the deep", "")
    ]

    assert origins == [made["made_from"], {}, made["made_from"]]


@in_one_test(
    ("made_from", "field"),
    [
        ({"magic": 1}, "made_from"),
        ({"enhanced": {"model": "m"}}, "made_from"),
        ("made up", "made_from"),
        (ABOUT | {"template": {"id": "nothing"}}, "made_from"),
        (ABOUT | {"template": {"id": "about"}}, "made_from.template.values.title"),
        (ABOUT | {"platform": "nowhere"}, "made_from.platform"),
        (ABOUT, "made_from"),
    ],
)
def test_a_made_up_origin_is_refused(api, sandbox_accounts, made_from, field):
    refused = api.post("/tasks", {"model": MODEL, "prompt": "a fox", "made_from": made_from})

    assert refused.status_code == 422
    assert next(iter(refused.json()["error"]["fields"])).startswith(field)
    assert not GenerationTask.objects.exists()


def test_the_lint_is_asked_for_a_model(api):
    found = api.post("/prompts/lint", {"model": MODEL, "prompt": "a fox, cut to a sign that says SALE", "params": {"duration_s": 5}}).json()

    assert (found["ok"], [one["code"] for one in found["findings"]]) == (True, ["text_in_picture", "two_scenes"])
    assert api.post("/prompts/lint", {"model": MODEL, "prompt": "x" * 20_000}).json()["ok"] is False

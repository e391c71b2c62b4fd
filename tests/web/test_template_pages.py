"""Templates and styles: seen by category, filled, written, shared, taken to the Studio."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.contrib.staticfiles import finders
from django.test import Client

from access.callers import Caller
from prompts.models import Template
from prompts.signed import unpack
from prompts.styles import STYLES
from prompts.templates import own
from tests.cases import in_one_test
from tests.web.page_rows import make_asset

MINE = {"category": "product", "language": "en", "name": "Shelf", "text": "{product} on a {wood} shelf"}


def text(response) -> str:
    return response.content.decode()


@pytest.fixture
def row(user) -> Template:
    return own.create(by=Caller(user=user), variables=[{"name": "wood", "kind": "choice", "choices": ["oak", "pine"]}], **MINE)


def test_the_list_has_own_and_built_in_templates_styles_and_platforms(visitor, row):
    everything = text(visitor.get("/templates/"))
    links = [
        f'href="{where}"' for where in (f"/templates/{row.line}/", "/templates/about/", "/studio/?style=anime", "/studio/?platform=tiktok")
    ]
    for words in ("Shelf", "yours, version 1", "Clean studio shot", "Cinematic", "9:16", "Real estate", *links):
        assert words in everything
    styles = text(visitor.get("/templates/?category=style"))
    assert "Cinematic" in styles
    assert "Clean studio shot" not in styles
    assert "Shelf" in text(visitor.get("/templates/?q=SHELF"))
    assert "Nothing matches" in text(visitor.get("/templates/?q=nowhere"))
    assert "Shelf" in text(visitor.get("/templates/?q=shelf%00"))
    assert visitor.get(f"/templates/{row.line}/?version={'9' * 5_000}").status_code == 200


def test_the_list_is_in_the_readers_language(visitor):
    page = text(visitor.get("/templates/", headers={"accept-language": "zh-hans"}))

    assert "模板与风格" in page
    assert "电影感" in page
    assert "Clean studio shot" not in page


def test_a_template_is_filled_and_its_prompt_shown(visitor, row):
    page = f"/templates/{row.line}/"
    assert 'name="v-wood"' in text(visitor.get(page))
    sent = {"template": str(row.line), "v-product": "A cup", "v-wood": "oak", "style": "cinematic"}
    shown = text(visitor.get(page, sent))
    assert "A cup on a oak shelf, cinematic style" in shown

    missing = visitor.get(page, {"template": str(row.line), "v-wood": "oak"})
    assert missing.status_code == 422
    assert "“product” is missing." in text(missing)
    live = visitor.get(page, {"template": str(row.line), "v-wood": "oak"}, headers={"HX-Request": "true"})
    assert live.status_code == 200
    assert "“product” is missing." in text(live)


def test_a_template_of_the_portal_shows_an_example_and_what_the_lint_says(visitor, kling):
    page = text(visitor.get("/templates/product-showcase/"))
    assert "a walnut coffee grinder" in page
    assert "Edit" not in page
    shown = visitor.get("/templates/product-showcase/", {"template": "product-showcase", "v-name": "a box with a sign that says OPEN"})
    assert "Models draw letters badly" in text(shown)
    assert visitor.get("/templates/nothing/").status_code == 404


def test_only_ones_own_image_is_taken(visitor, user, other_user):
    sent = {"template": "product-showcase", "v-name": "A cup"}
    mine, other = make_asset(user), make_asset(other_user)
    assert f'value="{mine.pk}"' in text(visitor.get("/templates/product-showcase/", sent | {"v-photo": str(mine.pk)}))
    for wrong in (str(other.pk), "x"):
        assert visitor.get("/templates/product-showcase/", sent | {"v-photo": wrong}).status_code == 422


def test_one_is_written_changed_shared_copied_and_deleted(visitor, user):
    team = Group.objects.create(name="Shop")
    user.groups.add(team)
    first = MINE | {"variables": "wood (Wood): oak / pine"}
    assert visitor.post("/templates/new", first | {"text": "{wood"}).status_code == 422
    assert visitor.post("/templates/new", first).status_code == 302
    row = Template.objects.get()
    assert [(one["name"], one["kind"], one["label"]) for one in row.variables] == [("product", "text", ""), ("wood", "choice", "Wood")]
    form = text(visitor.get(f"/templates/{row.line}/edit"))
    assert "wood (Wood): oak / pine" in form
    chinese = text(visitor.get("/templates/new?from=product-showcase", headers={"accept-language": "zh-hans"}))
    assert "): 图片\n" in chinese

    changed = first | {"text": "{product} on {n} {wood} shelves", "variables": "wood: oak / pine\nn: 数字", "team": team.pk}
    assert visitor.post(f"/templates/{row.line}/edit", changed).status_code == 302
    after = Template.objects.get(is_current=True)
    assert (after.version, after.team, [one["kind"] for one in after.variables]) == (2, team, ["text", "number", "choice"])
    assert "{product} on a {wood} shelf" in text(visitor.get(f"/templates/{row.line}/?version=1"))
    assert after.text in text(visitor.get(f"/templates/new?from={row.line}"))
    assert visitor.post(f"/templates/{row.line}/delete").status_code == 302
    assert not Template.objects.filter(is_current=True).exists()
    assert visitor.get(f"/templates/{row.line}/").status_code == 404


def test_a_member_of_the_team_uses_it_and_cannot_change_it(row, user, other_user):
    team = Group.objects.create(name="Shop")
    user.groups.add(team)
    other_user.groups.add(team)
    own.change(row, by=Caller(user=user), team=team)
    member = Client()
    member.force_login(other_user)

    page = text(member.get(f"/templates/{row.line}/"))
    assert "Use in the Studio" in page
    assert "Delete" not in page
    assert f"by {user.username}" in text(member.get("/templates/"))
    member.post(f"/templates/{row.line}/delete")
    assert Template.objects.filter(is_current=True).exists()


@in_one_test(
    ("query", "prompt", "made_from"),
    [
        (
            {"template": "about", "v-title": "snow", "style": "anime"},
            "A video about snow. hand-drawn anime style",
            {"template": {"id": "about", "version": 1, "language": "en", "values": {"title": "snow"}}, "style": "anime"},
        ),
        ({"style": "anime"}, "hand-drawn anime style", {"style": "anime"}),
        ({"template": "about"}, "", {}),
    ],
)
def test_the_studio_opens_with_its_prompt(visitor, kling, query, prompt, made_from):
    form = visitor.get("/studio/", query).context["form"]

    assert str(form["prompt"].value() or "").startswith(prompt)
    assert unpack(form["made_from"].value() or "", form["prompt"].value() or "") == made_from


def test_the_studio_has_the_settings_of_the_platform_and_the_image(visitor, user, kling):
    image = make_asset(user)
    query = {"template": "product-showcase", "v-name": "A cup", "v-photo": str(image.pk), "platform": "tiktok"}
    page = visitor.get("/studio/", query | {"model": "kling/kling-v2-5-turbo"})

    assert page.context["form"]["aspect_ratio"].value() == "16:9"  # the image gives the video its shape
    assert f'value="{image.pk}"' in text(page)
    del query["v-photo"]
    assert visitor.get("/studio/", query).context["form"]["aspect_ratio"].value() == "9:16"
    assert page.context["filled"] == "prompt,settings,images"


def test_each_style_has_a_small_sample_of_the_sandbox(visitor):
    page = text(visitor.get("/templates/?category=style"))

    for style in STYLES:
        found = Path(finders.find(f"portal/styles/{style}.mp4") or "")
        assert found.stat().st_size < 60_000
        assert f"portal/styles/{style}" in page
    assert page.count("Sample from the sandbox") == len(STYLES)

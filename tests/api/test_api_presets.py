"""Presets and earlier prompts by API: a person's own, and nobody else's."""

from __future__ import annotations

from access.limits import Limits
from access.scopes import Scope
from access.tokens import issue
from prompts.models import Preset
from tests.api.conftest import Api
from tests.task_rows import MODEL, make_task
from tests.web.page_rows import make_video


def test_a_preset_is_kept_changed_and_deleted(api):
    values = {"model": MODEL, "params": {"duration_s": 5}, "styles": ["noir"]}
    made = api.post("/presets", {"name": "lamps", "values": values})
    taken = api.post("/presets", {"name": "lamps", "values": {}})
    wrong = api.post("/presets", {"name": "other", "values": {"count": "2"}})
    here = f"/api/v1/presets/{made.json()['id']}"

    assert (made.status_code, made.json()["values"]) == (201, values)
    assert (taken.json()["error"]["code"], list(wrong.json()["error"]["fields"])) == ("name_taken", ["values.count"])
    changed = api.client.patch(here, {"name": "lamps, long"}, content_type="application/json").json()
    assert (changed["name"], changed["values"]) == ("lamps, long", values)
    assert [one["name"] for one in api.get("/presets").json()["items"]] == ["lamps, long"]
    assert (api.client.delete(here).status_code, api.client.delete(here).status_code) == (204, 404)


def test_not_even_an_administrator_sees_the_presets_and_prompts_of_others(user, staff):
    preset = Preset.objects.create(owner=user, name="mine", values={})
    make_task(user, prompt="a secret hill")
    admin = Api(issue(staff, "all", limits=Limits(scopes=tuple(Scope.values)))[1])

    assert (admin.get("/presets").json()["items"], admin.get("/prompts").json()["items"]) == ([], [])
    assert admin.client.delete(f"/api/v1/presets/{preset.pk}").status_code == 404


def test_earlier_prompts_come_once_with_their_video_and_page_by_page(api, user):
    video = make_video(user, prompt="a blue fox")
    make_task(user, prompt="a red boat")
    make_task(user, prompt="a red boat")

    first = api.get("/prompts?limit=1").json()
    rest = api.get(f"/prompts?limit=1&cursor={first['next_cursor']}").json()

    assert [(one["text"], one["model"], one["video"]) for one in first["items"]] == [("a red boat", MODEL, None)]
    assert (rest["items"][0]["text"], rest["items"][0]["video"]["id"], rest["next_cursor"]) == ("a blue fox", str(video.pk), None)
    assert [one["text"] for one in api.get("/prompts?q=FOX+blue").json()["items"]] == ["a blue fox"]

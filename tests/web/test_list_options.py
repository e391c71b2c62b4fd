"""Options that are lists: one line per item in the form, JSON in the API, one `--param` per item at the command line, text on the pages."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from access.tokens import issue
from generation.lifecycle import Status
from generation.models import GenerationTask
from providers.vendors import ALL_MODELS
from tests.task_rows import make_task
from web.forms import form_for
from web.param_text import items_from_text, text_of_items

R2V = "dashscope/wan2.6-r2v"
WALK, STREET = "https://files.example/walk.mp4", "https://files.example/street.mp4"
SHOTS = {"items": {"properties": {"duration_s": {"type": "integer"}, "prompt": {"type": "string"}}}}
BODY = {"model": R2V, "prompt": "a boat", "count": "1", "key": "k", "aspect_ratio": "16:9", "resolution": "720P", "duration_s": "5"}


def test_form_takes_one_item_per_line(visitor, wan):
    reply = visitor.post("/studio/tasks/", BODY | {"reference_videos": f"{WALK}\r\n\r\n  {STREET} \r\n"}, headers={"HX-Request": "true"})

    assert reply.status_code == 200
    assert GenerationTask.objects.get().params["reference_videos"] == [WALK, STREET]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (f"{WALK}\nwalk.mp4", "Item 2: Write a public address that begins with http:// or https://."),
        ("", "At least 1 of them."),
        ("\n".join([WALK] * 4), "At most 3 of them."),
    ],
)
def test_form_names_the_item_that_is_wrong_and_keeps_what_was_typed(visitor, wan, typed, words):
    reply = visitor.post("/studio/", BODY | {"reference_videos": typed})

    form = reply.context["form"]
    assert form.errors["reference_videos"] == [words]
    assert form["reference_videos"].value() == typed
    assert not GenerationTask.objects.exists()


def test_form_takes_one_address_that_must_be_given(visitor, wan):
    """The words may be left out here, and a number stays empty."""
    body = {"model": "dashscope/wan2.7-videoedit", "prompt": "", "count": "1", "key": "k", "resolution": "720P", "aspect_ratio": "auto"}

    refused = visitor.post("/studio/", body | {"base_video": "walk.mp4"}).context["form"].errors
    missing = visitor.post("/studio/", body | {"base_video": ""}).context["form"].errors
    visitor.post("/studio/tasks/", body | {"base_video": WALK, "cut_to_s": ""}, headers={"HX-Request": "true"})

    assert refused == {"base_video": ["Write a public address that begins with http:// or https://."]}
    assert missing.keys() == {"base_video"}
    task = GenerationTask.objects.get()
    assert (task.params["base_video"], task.params["cut_to_s"]) == (WALK, None)


def test_form_opens_with_a_tasks_list(visitor, user, wan):
    task = make_task(user, status=Status.SUCCEEDED, model=R2V, params={"reference_videos": [WALK, STREET]})

    page = visitor.get(f"/studio/?from_task={task.pk}")

    assert page.context["form"]["reference_videos"].value() == f"{WALK}\n{STREET}"
    assert f"{WALK}\n{STREET}</textarea>" in page.text


def test_form_says_how_to_write_a_list(user):
    form = form_for(ALL_MODELS[R2V])(owner=user)

    field = form.fields["reference_videos"]
    assert field.help_text.endswith("One per line, at most 3.")
    assert field.widget.attrs["placeholder"] == f"{WALK}\n{STREET}"


def test_api_takes_a_list_and_names_the_item_that_is_wrong(client, user, wan):
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {issue(user, 'tests')[1]}"

    def order(videos):
        body = {"model": R2V, "prompt": "a boat", "params": {"reference_videos": videos}}
        return client.post("/api/v1/tasks", json.dumps(body), content_type="application/json")

    taken, wrong, text = order([WALK]), order([WALK, "https://10.0.0.1/a.mp4", "x"]), order(WALK)

    assert (taken.status_code, taken.json()["params"]["reference_videos"]) == (202, [WALK])
    assert wrong.status_code == text.status_code == 422
    assert wrong.json()["error"]["fields"] == {
        "params.reference_videos": "Item 2: Write a public address that begins with http:// or https://."
    }
    assert text.json()["error"]["fields"] == {"params.reference_videos": "Enter a list."}
    assert GenerationTask.objects.count() == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--param", f"reference_videos={WALK}", "--param", f"reference_videos={STREET}"],
        ["--param", f"reference_videos={json.dumps([WALK, STREET])}"],
    ],
)
def test_command_takes_a_name_for_each_item_or_the_whole_list(staff, wan, words):
    call_command("generate", "a boat", "--model", R2V, *words)

    assert GenerationTask.objects.get().params["reference_videos"] == [WALK, STREET]


def test_pages_show_lists_as_lines(visitor, user, wan):
    task = make_task(user, model=R2V, params={"reference_videos": [WALK, STREET], "seed": None})

    rows = {row.label: row.value for row in visitor.get(f"/tasks/{task.pk}/").context["settings"]}

    assert rows["Reference videos"] == f"{WALK}\n{STREET}"


def test_item_of_several_parts_is_one_line():
    shots = [{"duration_s": 3, "prompt": "A boat leaves the harbour"}, {"duration_s": 2, "prompt": "The open sea"}]
    text = "3 A boat leaves the harbour\n2 The open sea"

    assert items_from_text(text, SHOTS) == shots
    assert text_of_items(shots, SHOTS) == text


def test_what_cannot_be_read_is_left_to_the_models_check():
    assert items_from_text("long A boat\n3", SHOTS) == [{"duration_s": "long", "prompt": "A boat"}, {"duration_s": 3}]
    assert items_from_text("9" * 5_000, SHOTS) == [{"duration_s": "9" * 5_000}]


def test_number_of_five_thousand_digits_is_named_as_wrong(visitor, kling):
    body = {"model": "kling/kling-v3", "prompt": "a boat", "count": "1", "key": "k", "shots": "9" * 5_000 + " A boat"}

    reply = visitor.post("/studio/", body)

    assert reply.context["form"].errors["shots"] == ["Item 1, Duration: Enter a whole number."]

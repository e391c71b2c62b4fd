"""The Studio: what its form takes, what it makes of it, and what it says when it cannot."""

from __future__ import annotations

import io

import pytest

from generation.lifecycle import Status
from generation.models import Asset, GenerationTask, TaskInput
from generation.ordering.prices import current
from providers.vendors import ALL_MODELS
from tests.pictures import picture
from tests.task_rows import make_task
from tests.web.page_rows import FRAMES, KLING, WAN, make_asset, make_video
from web.forms import form_for
from web.presenters.models import Quote
from web.views.compose import studio_context

SCRIPT = {"HX-Request": "true"}


def order(**changes):
    """Return what the browser sends for Kling 2.5 Turbo."""
    body = {
        "model": KLING,
        "prompt": "a koi pond at dusk",
        "count": "1",
        "key": "press-1",
        "duration_s": "5",
        "aspect_ratio": "16:9",
        "mode": "std",
        "negative_prompt": "",
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def test_form_makes_one_task_and_its_card(visitor, user, accounts):
    reply = visitor.post("/studio/tasks/", order(), headers=SCRIPT)

    task = GenerationTask.objects.get()
    assert reply.status_code == 200
    assert f'id="task-{task.pk}"' in reply.text
    assert (task.owner, task.model, task.status, task.prompt.text) == (user, KLING, Status.QUEUED, "a koi pond at dusk")
    assert task.params == {"duration_s": 5, "aspect_ratio": "16:9", "mode": "std", "negative_prompt": "", "watermark": False}


def test_form_sent_twice_makes_one_task(visitor, accounts):
    first = visitor.post("/studio/tasks/", order(), headers=SCRIPT)
    second = visitor.post("/studio/tasks/", order(), headers=SCRIPT)

    assert (first.status_code, second.status_code) == (200, 200)
    assert GenerationTask.objects.count() == 1


def test_changed_form_under_the_same_key_is_a_new_order(visitor, accounts):
    visitor.post("/studio/tasks/", order(), headers=SCRIPT)
    visitor.post("/studio/tasks/", order(prompt="a heron"), headers=SCRIPT)

    assert GenerationTask.objects.count() == 2


def test_several_videos_take_neighbouring_seeds(visitor, accounts):
    body = {"model": WAN, "prompt": "a boat", "count": "3", "key": "k", "seed": "2147483647", "aspect_ratio": "16:9", "resolution": "720P"}

    visitor.post("/studio/tasks/", body | {"duration_s": "5"}, headers=SCRIPT)

    seeds = [task.params["seed"] for task in GenerationTask.objects.order_by("id")]
    assert seeds == [2147483645, 2147483646, 2147483647]


def test_several_videos_without_a_seed_stay_random(visitor, accounts):
    visitor.post("/studio/tasks/", {"model": WAN, "prompt": "a boat", "count": "2", "key": "k"}, headers=SCRIPT)

    assert [task.params["seed"] for task in GenerationTask.objects.all()] == [None, None]


def test_videos_of_one_order_share_their_prompt_and_another_order_has_its_own(visitor, accounts):
    visitor.post("/studio/tasks/", order(count="3"), headers=SCRIPT)
    visitor.post("/studio/tasks/", order(key="press-2"), headers=SCRIPT)

    prompts = list(GenerationTask.objects.order_by("id").values_list("prompt", flat=True))

    assert (len(prompts), len(set(prompts[:3])), prompts[3] in prompts[:3]) == (4, 1, False)


def test_without_script_the_form_leads_back_to_the_studio(visitor, accounts):
    reply = visitor.post("/studio/", order())

    assert (reply.status_code, reply.url) == (302, "/studio/?model=kling%2Fkling-v2-5-turbo")
    assert GenerationTask.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"prompt": " "}, "prompt", "Say what the video should show."),
        ({"prompt": "x" * 2501}, "prompt", "At most 2500 characters; this has 2501."),
        ({"duration_s": "7"}, "duration_s", "“7” is not offered here. Choose one of the values shown."),
        ({"count": "5"}, "count", "Write 4 or less."),
        ({"negative_prompt": "x" * 2501}, "negative_prompt", "At most 2500 characters; this has 2501."),
    ],
)
def test_bad_value_is_named_at_its_field_and_nothing_is_stored(visitor, accounts, changes, field, sentence):
    reply = visitor.post("/studio/tasks/", order(**changes), headers=SCRIPT)

    assert reply.status_code == 422
    assert reply.headers["HX-Retarget"] == "#compose"
    assert dict(reply.context["form"].errors) == {field: [sentence]}
    assert GenerationTask.objects.count() == 0


def test_setting_that_the_model_no_longer_has_is_named_and_nothing_is_stored(visitor, accounts):
    reply = visitor.post("/studio/tasks/", order(camera_shake="3"), headers=SCRIPT)

    assert reply.status_code == 422
    assert "This model has no setting “camera_shake”." in reply.text
    assert "a koi pond at dusk" in reply.text
    assert not GenerationTask.objects.exists()


def test_bad_value_keeps_the_rest_of_the_form(visitor, accounts):
    reply = visitor.post("/studio/", order(count="9", mode="pro"))

    assert reply.status_code == 422
    assert "a koi pond at dusk</textarea>" in reply.text
    assert reply.context["form"]["mode"].value() == "pro"


def test_setting_that_does_not_go_with_an_image_is_named(visitor, user, accounts):
    asset = make_asset(user)

    reply = visitor.post("/studio/tasks/", order(first_frame=str(asset.pk), aspect_ratio="1:1"), headers=SCRIPT)

    assert list(reply.context["form"].errors) == ["aspect_ratio"]
    assert GenerationTask.objects.count() == 0


def test_model_that_nobody_offers_is_refused(visitor, kling):
    reply = visitor.post("/studio/tasks/", {"model": WAN, "prompt": "a boat", "count": "1"}, headers=SCRIPT)

    assert reply.status_code == 422
    assert "No enabled account offers Wan 2.1 Turbo." in reply.text
    assert GenerationTask.objects.count() == 0


def test_uploaded_image_goes_into_its_slot(visitor, user, accounts):
    asset = make_asset(user)

    visitor.post("/studio/tasks/", order(first_frame=str(asset.pk)), headers=SCRIPT)

    assert [(place.slot, place.asset) for place in TaskInput.objects.all()] == [("first_frame", asset)]


def test_image_sent_with_the_form_itself_goes_into_its_slot(visitor, accounts):
    visitor.post("/studio/", order(first_frame="", first_frame_file=picture()))

    assert [place.slot for place in TaskInput.objects.all()] == ["first_frame"]


def test_missing_image_is_named_at_the_slots(visitor, accounts):
    reply = visitor.post("/studio/tasks/", {"model": FRAMES, "prompt": "a boat", "count": "1"}, headers=SCRIPT)

    assert reply.status_code == 422
    assert reply.context["slot_errors"] == ["An image is needed here."]


@pytest.mark.parametrize("value", ["not-a-uuid", "01900000-0000-7000-8000-000000000000"])
def test_image_that_is_not_there_is_named(visitor, accounts, value):
    reply = visitor.post("/studio/tasks/", order(first_frame=value), headers=SCRIPT)

    assert reply.context["slot_errors"] == ["This image is no longer available. Choose it again."]


def test_somebody_elses_image_does_not_exist(visitor, other_user, accounts):
    asset = make_asset(other_user)

    reply = visitor.post("/studio/tasks/", order(first_frame=str(asset.pk)), headers=SCRIPT)

    assert reply.status_code == 422
    assert GenerationTask.objects.count() == 0


def test_too_small_image_is_refused_for_the_model(visitor, user, accounts):
    asset = make_asset(user, width=200, height=200)

    reply = visitor.post("/studio/tasks/", order(first_frame=str(asset.pk)), headers=SCRIPT)

    assert reply.context["slot_errors"] == ["The image is too small for this model: 200 × 200 px; each side needs 300 px."]
    assert GenerationTask.objects.count() == 0


def test_remix_fills_the_form_from_a_video(visitor, user, accounts):
    asset = make_asset(user)
    video = make_video(user, prompt="a lighthouse")
    video.task.params |= {"mode": "pro", "duration_s": 10}
    video.task.save()
    TaskInput.objects.create(task=video.task, slot="first_frame", asset=asset)

    form = visitor.get(f"/studio/?from={video.pk}").context["form"]

    assert (form["prompt"].value(), form["mode"].value(), form["duration_s"].value()) == ("a lighthouse", "pro", 10)
    assert form.pictures == {"first_frame": [asset]}


def test_remix_of_the_settings_alone_brings_no_prompt(visitor, user, accounts):
    video = make_video(user, prompt="a lighthouse")
    video.task.params["mode"] = "pro"
    video.task.save()

    form = visitor.get(f"/studio/?from={video.pk}&fields=settings").context["form"]

    assert (form["prompt"].value(), form["mode"].value()) == (None, "pro")


def test_edit_and_retry_fills_the_form_from_a_failed_task(visitor, user, accounts):
    task = make_task(user, status=Status.FAILED, prompt="a storm", model=WAN, params={"aspect_ratio": "9:16", "resolution": "720P"})

    form = visitor.get(f"/studio/?from_task={task.pk}").context["form"]

    assert (form.spec.name, form["prompt"].value(), form["aspect_ratio"].value()) == (WAN, "a storm", "9:16")


def test_remix_with_another_model_keeps_what_fits(visitor, user, accounts):
    video = make_video(user, prompt="a lighthouse")
    video.task.params |= {"mode": "pro", "duration_s": 5}
    video.task.save()

    form = visitor.get(f"/studio/?from={video.pk}&model={WAN}").context["form"]

    assert (form.spec.name, form["prompt"].value(), form["duration_s"].value()) == (WAN, "a lighthouse", 5)
    assert "mode" not in form.fields


@pytest.mark.parametrize("address", ["/studio/?from=01900000-0000-7000-8000-000000000000"])
def test_remix_of_what_is_not_there_is_not_found(visitor, accounts, address):
    assert visitor.get(address).status_code == 404


def test_somebody_elses_video_cannot_be_remixed(visitor, other_user, accounts):
    video = make_video(other_user)

    assert visitor.get(f"/studio/?from={video.pk}").status_code == 404


def test_studio_opens_with_the_last_used_model(visitor, user, accounts):
    make_task(user, model=WAN, status=Status.CANCELLED)

    assert visitor.get("/studio/").context["spec"].name == WAN


def test_studio_opens_with_a_model_that_has_an_account(visitor, wan):
    assert visitor.get("/studio/").context["spec"].provider == "dashscope"


def test_every_model_has_a_form_with_every_setting(user, accounts):
    prices = current()
    for name, spec in ALL_MODELS.items():
        context = studio_context(form_for(spec)(owner=user), accounts, prices)
        shown = [field.name for field, _css in [*context["front"], *context["rest"]]]

        assert sorted(shown) == sorted(spec.json_schema()["properties"]), name


def test_few_choices_are_segments_and_many_a_list(db):
    form = form_for(ALL_MODELS["kling/kling-v3"])
    fields = form.base_fields

    assert fields["mode"].widget.input_type == "radio"
    assert fields["duration_s"].widget.input_type == "select"
    assert fields["with_audio"].widget.input_type == "checkbox"


def test_quote_multiplies_the_list_price(visitor, accounts):
    body = {"model": "dashscope/wanx2.1-t2v-plus", "prompt": "", "count": "2", "duration_s": "5"}

    reply = visitor.post("/studio/quote/", body, headers=SCRIPT)

    assert reply.context["quote"] == Quote(cost="about ¥7.00", detail="2 videos, usually 1–5 min")


def test_quote_says_when_nothing_is_billed(visitor, wan):
    wan.sandbox = True
    wan.save()

    reply = visitor.post("/studio/quote/", {"model": WAN, "count": "1"}, headers=SCRIPT)

    assert reply.context["quote"].cost == "Sandbox, not billed"


def test_queue_shows_what_is_unfinished_or_failed_just_now(visitor, user, other_user, accounts):
    running = make_task(user, status=Status.RUNNING)
    failed = make_task(user, status=Status.FAILED, error_code="content_rejected", vendor_code="1301")
    make_task(user, status=Status.CANCELLED)
    make_task(other_user, status=Status.RUNNING)

    cards = visitor.get("/studio/").context["cards"]

    assert [(card.id, card.label) for card in cards] == [(str(running.pk), "Rendering"), (str(failed.pk), "Refused")]
    assert cards[1].note.title == "The vendor's safety check rejected your request."


def test_failed_task_that_was_tried_again_leaves_the_queue(visitor, user, accounts):
    failed = make_task(user, status=Status.FAILED)
    again = make_task(user, retry_of=failed)

    assert [card.id for card in visitor.get("/studio/").context["cards"]] == [str(again.pk)]


def test_todays_videos_are_grouped_by_prompt(visitor, user, accounts):
    for prompt in ("a boat", "a heron", "a boat"):
        make_video(user, prompt=prompt)

    takes = visitor.get("/studio/today/").context["takes"]

    assert [(take.prompt, len(take.tiles)) for take in takes] == [("a boat", 2), ("a heron", 1)]


def test_upload_stores_an_image(visitor, user):
    reply = visitor.post("/assets/upload", {"file": picture()})

    asset = Asset.objects.get()
    assert reply.status_code == 201
    assert reply.json() == {"id": str(asset.pk), "url": f"/assets/{asset.pk}/", "width": 640, "height": 480}


def test_upload_of_something_else_is_refused(visitor, user):
    reply = visitor.post("/assets/upload", {"file": io.BytesIO(b"<html>")})

    assert (reply.status_code, reply.json()["error"]["code"]) == (422, "not_an_image")
    assert Asset.objects.count() == 0


def test_image_is_served_to_its_owner_only(visitor, user, other_user):
    mine, theirs = make_asset(user), make_asset(other_user)

    shown = visitor.get(f"/assets/{mine.pk}/")

    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/png")
    assert b"".join(shown.streaming_content).startswith(b"\x89PNG")
    assert visitor.get(f"/assets/{theirs.pk}/").status_code == 404


@pytest.mark.parametrize("megabytes", [1, 2])
def test_largest_image_is_what_the_setting_says_everywhere(visitor, user, accounts, settings, megabytes):
    settings.MAX_IMAGE_BYTES = megabytes * 1024 * 1024
    large = io.BytesIO(picture().getvalue() + bytes(settings.MAX_IMAGE_BYTES))

    page = visitor.get("/studio/", {"model": FRAMES})
    reply = visitor.post("/assets/upload", {"file": large})

    assert f"at most {megabytes} MB each" in page.content.decode()
    assert f'data-max-bytes="{settings.MAX_IMAGE_BYTES}"' in page.content.decode()
    assert (reply.status_code, reply.json()["error"]["message"]) == (422, f"The image is too large. The limit is {megabytes} MB.")


def test_studio_opens_while_only_models_that_need_an_image_are_offered(visitor, user, wan):
    """The person's last model is not one of them either."""
    wan.models_allowed = [ALL_MODELS[FRAMES].id]
    wan.save()
    make_task(user, model=KLING)

    assert visitor.get("/studio/").context["spec"].name == FRAMES


@pytest.mark.parametrize(
    ("model", "shown", "hidden"),
    [
        ("kling/kling-v3", ["Leave it empty with “Own shots”."], ["one of these", "May stay empty"]),
        ("kling/kling-v2-6", ["May stay empty beside an image."], ["one of these"]),
        ("kling/kling-v1-5", ["May stay empty beside an image.", "one of these"], []),
        ("kling/kling-v2-1", [], ["one of these"]),
    ],
)
def test_form_says_when_prompt_and_images_may_be_left_out(visitor, accounts, model, shown, hidden):
    page = visitor.get("/studio/", {"model": model}).text

    assert [words for words in shown if words not in page] == []
    assert [words for words in hidden if words in page] == []


def test_picker_says_that_one_of_several_images_is_needed(visitor, accounts):
    page = visitor.get("/studio/models/").text

    assert "First frame / Last frame, needed" in page

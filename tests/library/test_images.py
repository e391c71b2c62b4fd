"""The images of a person: listed with where they are used, cut, made smaller, chosen for a slot, and deleted while nothing uses them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from access.callers import Caller
from access.tokens import issue
from generation import store
from generation.actions.images import Box, Limits, cut, delete_image
from generation.errors import Conflict, InvalidRequest, NotAllowed
from generation.models import Asset, TaskInput
from generation.ordering.assets import store_asset
from tests.cases import in_one_test
from tests.task_rows import make_task
from tests.web.page_rows import make_asset, make_video

pytestmark = pytest.mark.django_db
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def visitor(client, user):
    client.force_login(user)
    return client


def halves(owner):
    """Store an image whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (800, 400), (200, 20, 20))
    image.paste((20, 20, 200), (400, 0, 800, 400))
    with io.BytesIO() as file:
        image.save(file, "PNG")
        file.seek(0)
        return store_asset(owner=owner, file=file)


def opened(asset):
    with Image.open(io.BytesIO(store.read(asset.file))) as image:
        return image.convert("RGB")


def test_the_page_has_own_images_newest_first_and_says_where_they_are_used(visitor, user, other_user):
    used, free, frame = make_asset(user), make_asset(user, width=700), make_asset(user, width=720)
    make_asset(other_user, width=730)
    video = make_video(user, prompt="a heron")
    Asset.objects.filter(pk=frame.pk).update(of_video=video, at_s=1.0)
    tasks = [make_task(user), make_task(user)]
    for task in tasks:
        TaskInput.objects.create(task=task, slot="first_frame", asset=used)

    images = visitor.get("/images/").context["images"]

    assert [image["id"] for image in images] == [frame.pk, free.pk, used.pk]
    assert [image["use_count"] for image in images] == [0, 0, 2]
    assert images[2]["use_url"] == f"/tasks/{tasks[1].pk}/"
    assert (images[0]["video_title"], bool(images[1]["delete_url"]), images[2]["delete_url"]) == ("a heron", True, "")
    assert [image["id"] for image in visitor.get("/images/?kind=frames").context["images"]] == [frame.pk]
    assert [image["id"] for image in visitor.get(f"/images/?before={free.pk}").context["images"]] == [used.pk]


def test_an_unused_image_is_deleted_with_its_file_and_a_used_one_stays(visitor, user):
    free, used = make_asset(user), make_asset(user, width=700)
    TaskInput.objects.create(task=make_task(user), slot="first_frame", asset=used)

    visitor.post(f"/assets/{free.pk}/delete")
    refused = visitor.post(f"/assets/{used.pk}/delete", headers={"HX-Request": "true"})

    assert refused.status_code == 409
    assert list(Asset.objects.all()) == [used]
    assert store.size(used.file)
    with pytest.raises(store.ObjectMissing):
        store.size(free.file)


def test_an_image_is_deleted_by_its_owner_only(user, other_user, client):
    image = make_asset(user)
    with pytest.raises(NotAllowed):
        delete_image(image, by=Caller(user=other_user))
    client.force_login(other_user)
    assert client.post(f"/assets/{image.pk}/delete").status_code == 404
    assert client.post(f"/assets/{image.pk}/crop", {"width": "0.5"}).status_code == 404


def test_a_part_is_another_image_and_the_old_one_stays(visitor, user):
    image = halves(user)

    reply = visitor.post(f"/assets/{image.pk}/crop", {"left": "0.5", "top": "0", "width": "0.5", "height": "1"}, headers=FETCH)

    made = Asset.objects.get(pk=reply.json()["id"])
    assert (reply.status_code, made.cut_from, made.width_px, made.height_px) == (201, image, 400, 400)
    assert opened(made).getpixel((0, 0)) == (20, 20, 200)
    assert opened(image).size == (800, 400)


@in_one_test(
    ("limits", "size"),
    [
        ({}, (800, 400)),
        ({"longest_px": 200}, (200, 100)),
        ({"pixels": 80_000}, (400, 200)),
        ({"longest_px": 300, "pixels": 20_000}, (200, 100)),
    ],
)
def test_an_image_is_made_as_small_as_asked(limits, size, user):
    made = cut(halves(user), Box(), Limits(**limits), by=Caller(user=user))
    assert (made.width_px, made.height_px) == size


def test_an_image_is_made_to_have_few_bytes(user):
    with io.BytesIO() as file:
        Image.effect_noise((600, 400), 90).save(file, "JPEG", quality=95)
        file.seek(0)
        noisy = store_asset(owner=user, file=file)
    most = noisy.size_bytes // 2
    made = cut(noisy, Box(), Limits(bytes=most), by=Caller(user=user))
    assert made.size_bytes <= most


@in_one_test("box", [Box(left=0.9, width=0.2), Box(width=0.001), Box(top=0.5, height=0.0)])
def test_a_part_outside_or_too_small_is_refused(box, user):
    with pytest.raises(InvalidRequest):
        cut(make_asset(user), box, Limits(), by=Caller(user=user))


def test_a_slot_is_filled_from_images_and_from_videos(visitor, user, other_user):
    image, video, hidden = make_asset(user), make_video(user, prompt="koi"), make_video(other_user, prompt="theirs")

    assert str(image.pk) in visitor.get("/images/pick/").text
    videos = visitor.get("/images/pick/?kind=videos").text
    assert f"/videos/{video.pk}/frames" in videos
    assert str(hidden.pk) not in videos
    assert "data-slot-pick" in visitor.get("/studio/?model=kling/kling-v2-5-turbo").text


def test_a_program_lists_cuts_and_deletes_images(client, user):
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {issue(user, 'images')[1]}"
    image = halves(user)

    made = client.post(f"/api/v1/assets/{image.pk}/crop", {"width": 0.5}, content_type="application/json").json()
    assert (made["width_px"], made["cut_from"]) == (400, str(image.pk))
    assert [one["id"] for one in client.get("/api/v1/assets").json()["items"]] == [made["id"], str(image.pk)]
    assert [one["id"] for one in client.get("/api/v1/assets?kind=cuts").json()["items"]] == [made["id"]]
    assert client.delete(f"/api/v1/assets/{image.pk}").status_code == 204
    assert client.get(f"/api/v1/assets/{made['id']}").json()["cut_from"] is None
    TaskInput.objects.create(task=make_task(user), slot="first_frame", asset_id=made["id"])
    refused = client.delete(f"/api/v1/assets/{made['id']}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "in_use")
    with pytest.raises(Conflict):
        delete_image(Asset.objects.get(), by=Caller(user=user))

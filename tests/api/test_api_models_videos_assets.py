"""/models, /videos, /assets and the docs page."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from generation import store
from generation.messages import STORAGE_AWAY
from generation.models import Asset, LiveWorker, Video
from generation.scheduling.live_workers import sign_in
from providers.models import ModelPrice
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.pictures import picture
from tests.task_rows import make_task

BYTES = bytes(range(256)) * 8


@pytest.fixture
def video(user, idle_account):
    """Store a video; its bytes need not be a real video."""
    outputs = [{"url": "https://vendor.example/secret.mp4"}]
    task = make_task(user, status="succeeded", prompt="a fox", model="kling/kling-v2-6", account=idle_account, outputs=outputs)
    facts = {"duration_s": 5.0, "width_px": 1280, "height_px": 720, "fps": 24.0, "codec": "h264", "colour": "#102030"}
    row = Video(
        task=task,
        owner=user,
        model=task.model,
        sha256=hashlib.sha256(BYTES).hexdigest(),
        source_sha256="0" * 64,
        size_bytes=len(BYTES),
        vendor_url="https://vendor.example/secret.mp4",
        **facts,
    )
    row.file, row.poster, row.preview = (f"videos/{row.pk}{suffix}" for suffix in (".mp4", ".webp", "-preview.mp4"))
    row.other_posters = {"384": f"videos/{row.pk}.384.webp"}
    for key, content in zip(row.keys, (BYTES, b"preview", b"poster", b"small"), strict=True):
        store.save(key, content)
    row.save()
    return row


def test_models_are_listed_with_rules_and_schema(api, idle_account, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        models = api.get("/models").json()

    found = {model["name"]: model for model in models}
    assert list(found) == list(ALL_MODELS)
    assert {model["vendor"] for model in models if model["available"]} == {"Kling"}
    kling = found["kling/kling-v2-1"]
    assert kling["retired"] == ALL_MODELS["kling/kling-v2-1"].retired.isoformat()
    assert kling["inputs"][0]["slot"] == "first_frame"
    assert kling["inputs"][0]["min_count"] == 1
    assert kling["inputs"][0]["rules"]["min_side_px"] == 300
    assert kling["json_schema"] == json.loads(json.dumps(ALL_MODELS["kling/kling-v2-1"].json_schema()))


def test_models_say_what_a_request_needs(api, db):
    facts = {model["name"]: model for model in api.get("/models").json()}

    def needs(name):
        return [facts[name][field] for field in ("needs_prompt", "instead_of_prompt", "needed_inputs", "one_of_inputs")]

    assert needs("kling/kling-v3") == [True, "shots", [], []]
    assert needs("kling/kling-v2-6") == [False, None, [], []]
    assert needs("kling/kling-v2-1") == [False, None, ["first_frame"], []]
    assert needs("kling/kling-v1-5") == [False, None, [], ["first_frame", "last_frame"]]


def test_rules_of_images_are_those_that_hold_here(api, db, settings):
    """Whatever the vendor takes, no file is larger than the portal stores, and every kind becomes one that the vendor takes."""
    settings.MAX_IMAGE_BYTES = 15_000_000

    vidu, kling = (api.get(f"/models/{name}").json()["inputs"][0]["rules"] for name in ("zhipu/viduq1-image", "kling/kling-v3"))

    assert (vidu["max_bytes"], vidu["max_side_px"]) == (15_000_000, 12_649)
    assert (kling["max_bytes"], kling["max_side_px"], kling["max_pixels"]) == (10 * 1024 * 1024, 10_000, 40_000_000)
    assert kling["formats"] == [f"image/{kind}" for kind in ("jpeg", "png", "webp", "avif", "bmp", "gif", "tiff")]


def test_models_cost_what_an_administrator_set(api, idle_account):
    ModelPrice.objects.create(model="kling/kling-v3", unit="video", amount="3.5", currency="USD")

    listed = {model["name"]: model["price"] for model in api.get("/models").json()}
    task = api.post("/tasks", {"model": "kling/kling-v3", "prompt": "a fox"}).json()

    assert listed["kling/kling-v3"] == {"amount": "3.5000", "unit": "video", "currency": "USD", "tiers": []}
    assert listed["dashscope/wanx2.1-t2v-turbo"] == {"amount": "0.24", "unit": "second", "currency": "CNY", "tiers": []}
    assert api.get("/models/kling/kling-v3").json()["price"] == listed["kling/kling-v3"]
    assert (task["cost"]["estimated"], task["cost"]["currency"]) == ("3.5000", "USD")


def test_one_model_is_answered(api, db):
    model = api.get("/models/dashscope/wanx2.1-t2v-turbo").json()

    assert (model["name"], model["available"], model["inputs"]) == ("dashscope/wanx2.1-t2v-turbo", False, [])


def test_video_is_answered_with_addresses_of_ours_only(api, video):
    reply = api.get(f"/videos/{video.pk}")

    content = f"/api/v1/videos/{video.pk}/content"
    assert reply.json()["urls"] == {
        "content": content,
        "poster": f"{content}?variant=poster",
        "posters": [{"width_px": width, "url": f"{content}?variant=poster&width={width}"} for width in (384, 640)],
        "preview": f"{content}?variant=preview",
    }
    assert (reply.json()["width_px"], reply.json()["task"]) == (1280, str(video.task_id))
    assert api.get("/videos").json() == {"items": [reply.json()], "next_cursor": None}
    without_tags = {name: value for name, value in reply.json().items() if name != "tags"}
    assert api.get(f"/tasks/{video.task_id}").json()["videos"] == [without_tags]
    assert "vendor.example" not in api.get(f"/tasks/{video.task_id}").content.decode() + reply.content.decode()


def test_video_is_answered_with_what_was_measured(api, video):
    assert api.get(f"/videos/{video.pk}").json()["quality"] is None

    Video.objects.update(quality={"black_s": 0.0, "black_share": 0.0, "frozen_s": 4.26, "sharpness": 310.5, "dhash": ["0123456789abcdef"]})

    unheard = {"silent": None, "loudness_lufs": None, "peak_dbtp": None}
    seen = {"black_s": 0.0, "black_share": 0.0, "frozen_s": 4.26, "sharpness": 310.5, "dhash": ["0123456789abcdef"]}
    warnings = [{"code": "frozen", "message": "The picture does not move for 4.3 s."}]
    assert api.get(f"/videos/{video.pk}").json()["quality"] == {**seen, **unheard, "warnings": warnings}


def test_content_is_served_in_part_and_as_head(api, video):
    path = f"/videos/{video.pk}/content"

    part = api.get(path, range="bytes=10-19")
    head = api.client.head(f"/api/v1{path}")

    assert (part.status_code, part.getvalue()) == (206, BYTES[10:20])
    assert (head.status_code, head["Content-Length"], head.content) == (200, str(len(BYTES)), b"")


@pytest.mark.parametrize(
    ("variant", "content", "kind"),
    [
        ("video", BYTES, "video/mp4"),
        ("poster", b"poster", "image/webp"),
        ("poster&width=384", b"small", "image/webp"),
        ("poster&width=385", b"poster", "image/webp"),
        ("preview", b"preview", "video/mp4"),
    ],
)
def test_variants_are_served(api, video, variant, content, kind):
    reply = api.get(f"/videos/{video.pk}/content?variant={variant}")

    assert (reply.getvalue(), reply["Content-Type"]) == (content, kind)


@pytest.mark.parametrize(("variant", "page"), [("video", "file"), ("poster", "poster.webp"), ("preview", "preview.mp4")])
def test_page_and_api_serve_the_same_file_under_the_same_tag(api, video, client, user, variant, page):
    client.force_login(user)

    here, there = api.get(f"/videos/{video.pk}/content?variant={variant}"), client.get(f"/videos/{video.pk}/{page}")

    headers = ("ETag", "Content-Type", "Content-Length", "Content-Disposition", "Last-Modified", "Cache-Control")
    assert [here[name] for name in headers] == [there[name] for name in headers]
    assert here["ETag"] == f'"{video.sha256[:32]}-{variant}"'
    assert here.getvalue() == there.getvalue()


def test_unknown_variant_is_refused(api, video):
    reply = api.get(f"/videos/{video.pk}/content?variant=gif")

    assert (reply.status_code, list(reply.json()["error"]["fields"])) == (422, ["variant"])


def test_missing_file_is_a_404_with_its_own_code(api, video):
    store.delete(video.file)

    reply = api.get(f"/videos/{video.pk}/content")

    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "file_missing")


@pytest.fixture
def storage_away(settings):
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "tests.faulty_storages.FailingStorage"}}


@pytest.mark.parametrize("method", ["get", "post"])
def test_program_gets_retry_after_while_the_storage_is_away(api, video, storage_away, method):
    reply = api.get(f"/videos/{video.pk}/content") if method == "get" else upload(api, picture())

    assert (reply.status_code, reply.json()["error"]["code"], reply["Retry-After"]) == (503, "storage_unavailable", "5")
    assert not Asset.objects.exists()


def test_pages_say_so_while_the_storage_is_away(client, user, video, storage_away):
    client.force_login(user)

    page = client.get(f"/videos/{video.pk}/file", headers={"Accept": "text/html"})
    poster = client.get(f"/videos/{video.pk}/poster.webp")
    sent = client.post("/assets/upload", {"file": picture()})

    assert (page.status_code, page["Retry-After"], '<p lang="zh-hans">' in page.text) == (503, "5", True)
    assert "The media storage does not respond." in page.text
    assert (poster.status_code, poster.json()["error"]["code"]) == (503, "storage_unavailable")
    assert (sent.status_code, sent.json()["error"]["message"]) == (503, str(STORAGE_AWAY))


@pytest.mark.parametrize("path", ["", "/content", "/content?variant=poster"])
def test_video_of_someone_else_does_not_exist(other_api, video, path):
    assert other_api.get(f"/videos/{video.pk}{path}").status_code == 404
    assert other_api.get("/videos").json()["items"] == []


def upload(api, file):
    return api.client.post("/api/v1/assets", {"file": file})


def test_upload_is_stored_once(api, user):
    first, second = upload(api, picture()), upload(api, picture())

    asset = Asset.objects.get()
    assert (first.status_code, first.json()) == (201, second.json())
    assert first["Location"] == f"/api/v1/assets/{asset.pk}"
    assert (first.json()["width_px"], first.json()["content_type"], asset.owner) == (640, "image/png", user)
    assert api.get(f"/assets/{asset.pk}").json() == first.json()


@pytest.mark.parametrize("kept", [b"", b"half"])
def test_upload_brings_back_a_file_that_is_gone_or_cut_off(api, kept):
    first = upload(api, picture())
    asset = Asset.objects.get()
    whole = store.read(asset.file)
    store.delete(asset.file)
    if kept:
        store.save(asset.file, kept)

    assert upload(api, picture()).json() == first.json()
    assert store.read(asset.file) == whole


def test_asset_of_someone_else_does_not_exist(api, other_api):
    asset = upload(api, picture()).json()

    assert other_api.get(f"/assets/{asset['id']}").status_code == 404


def test_upload_that_is_not_an_image_is_refused(api):
    reply = upload(api, ContentFile(b"<html>", name="cat.png"))

    assert (reply.status_code, reply.json()["error"]["code"], list(reply.json()["error"]["fields"])) == (422, "not_an_image", ["file"])
    assert not Asset.objects.exists()


def test_upload_without_a_file_is_refused(api):
    reply = api.client.post("/api/v1/assets", {"name": "x"})

    assert (reply.status_code, reply.json()["error"]["fields"]) == (422, {"file": "This is needed."})


def test_upload_that_is_broken_or_too_large_is_refused(api, settings):
    broken = api.raw("/assets", b"--x", content_type="multipart/form-data")
    settings.MAX_IMAGE_BYTES = 10
    large = api.client.post("/api/v1/assets", {"file": ContentFile(b"x" * 100_000, name="a.png")})

    assert (broken.status_code, broken.json()["error"]["code"]) == (400, "bad_request")
    assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")


@in_one_test(
    ("url", "code"),
    [
        ("https://127.0.0.1/a.png", "blocked_address"),
        ("https://[::ffff:10.0.0.1]/a.png", "blocked_address"),
        ("http://93.184.216.34/a.png", "plain_http"),
        ("file:///etc/passwd", "bad_url"),
        ("not an address", "bad_url"),
    ],
)
def test_address_that_may_not_be_asked_is_refused(api, url, code):
    reply = api.post("/assets", {"url": url})

    assert (reply.status_code, reply.json()["error"]["code"], list(reply.json()["error"]["fields"])) == (422, code, ["url"])
    assert not Asset.objects.exists()


@in_one_test("body", [{}, {"url": 7}, {"url": "x" * 2001}, {"url": "https://a", "more": 1}, []])
def test_address_in_another_shape_is_refused(api, body):
    reply = api.post("/assets", body)

    assert (reply.status_code, list(reply.json()["error"]["fields"])) == (422, ["url"])


def test_docs_page_needs_nothing_from_outside(db):
    page = Client().get("/api/v1/docs")

    assert page.status_code == 200
    assert "script-src 'self';" in page["Content-Security-Policy"]
    assert "//" not in page.content.decode().replace("https://www.w3.org", "").replace("<!--", "")


def test_asset_is_fetched_from_an_address_that_the_installation_allows(api, settings, simulator):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]

    reply = api.post("/assets", {"url": f"{simulator.url}/nothing.png"})

    assert (reply.status_code, list(reply.json()["error"]["fields"])) == (422, ["url"])
    assert reply.json()["error"]["code"] != "blocked_address"


def test_health_shows_details_to_staff_only(staff, user):
    page = Client()
    sign_in()

    alive, ready = page.get("/healthz").json(), page.get("/readyz").json()
    page.force_login(staff)
    detailed = page.get("/readyz").json()

    assert (alive, ready) == ({"status": "ok"}, {"status": "ok"})
    parts = {"database": "ok", "migrations": "ok", "storage": "ok", "worker": "ok"}
    assert detailed == {"status": "ok", "parts": parts, "paid_submits": "ok"}


def test_health_is_unfit_without_a_worker_and_writes_nothing(db, settings):
    """A worker that was last seen a minute ago is gone; nobody makes this server write by asking."""
    sign_in()
    before = sorted(settings.MEDIA_ROOT.rglob("*")), settings.MEDIA_ROOT.stat().st_mtime_ns
    assert Client().get("/readyz").status_code == 200
    assert (sorted(settings.MEDIA_ROOT.rglob("*")), settings.MEDIA_ROOT.stat().st_mtime_ns) == before

    LiveWorker.objects.update(seen_at=timezone.now() - timedelta(seconds=61))

    assert (Client().get("/readyz").status_code, Client().get("/readyz").json()) == (503, {"status": "unfit"})


def test_health_is_unfit_when_the_storage_is_away(db, settings):
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "tests.faulty_storages.FailingStorage"}}

    reply = Client().get("/readyz")

    assert (reply.status_code, reply.json()) == (503, {"status": "unfit"})

"""What is done to videos that were chosen in the gallery, with a script and without one."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.http import urlencode

from access.callers import Caller
from access.models import Preference
from generation.models import Video
from library import bulk
from library.bulk import bulk_soon, step
from library.collections import create
from library.models import BulkJob, VideoTag
from tests.web.page_rows import BYTES, make_video, make_videos
from web.views.bulk import MOST_SHOWN

SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def client(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def videos(user):
    return [make_video(user, prompt=name) for name in ("a boat", "a boat", "../x\\y")]


def chosen(videos, **more):
    return {"video": [str(video.pk) for video in videos], **more}


def news_of(reply):
    return json.loads(reply["HX-Trigger"])


def test_the_gallery_and_a_collection_offer_what_can_be_done(client, user, videos):
    collection = create(by=Caller(user=user), name="Winter")
    page = client.get("/gallery/?q=boat").text

    assert page.count('form="selection"') == 1  # two takes of one prompt lie in one tile
    assert f'<option value="{collection.pk}">Winter</option>' in page
    assert 'name="filter" value="q=boat"' in page
    client.post("/bulk/", chosen(videos[:1], action="collect", collection=str(collection.pk)))
    assert client.get(f"/collections/{collection.pk}/").text.count('form="selection"') == 1


def test_as_many_as_a_job_takes_can_be_chosen_one_by_one(client, user):
    ids = [str(pk) for pk in make_videos(user, bulk.MOST_CHOSEN)]
    reply = client.post(
        "/bulk/", urlencode({"video": ids, "action": "star"}, doseq=True), content_type="application/x-www-form-urlencoded", headers=SCRIPT
    )
    assert (reply.status_code, BulkJob.objects.get().total) == (204, bulk.MOST_CHOSEN)


def test_chosen_videos_are_changed_by_a_script_and_by_a_form(client, videos):
    reply = client.post("/bulk/", chosen(videos, action="tag", tag="Night, city"), headers=SCRIPT)
    assert (reply.status_code, news_of(reply)["portal:toast"]["text"]) == (204, "3 videos were tagged.")
    reply = client.post("/bulk/", chosen(videos, action="rate", rating="4"), headers={"Referer": "http://testserver/gallery/?q=x"})
    assert (reply.status_code, reply.url) == (302, "http://testserver/gallery/?q=x")
    client.post("/bulk/", chosen(videos, action="star"))
    client.post("/bulk/?starred=0", chosen(videos[:1], action="star"))

    assert {video.rating for video in Video.objects.all()} == {4}
    assert sorted(Video.objects.values_list("favourite", flat=True)) == [False, True, True]
    assert client.post("/bulk/", chosen(videos, action="tag", tag=" "), headers=SCRIPT).status_code == 422
    assert client.post("/bulk/", {"action": "bin"}, headers=SCRIPT).status_code == 422


def test_the_bin_is_undone_from_the_toast(client, videos):
    reply = client.post("/bulk/", chosen(videos, action="bin"), headers=SCRIPT)
    told = news_of(reply)
    assert Video.objects.in_bin().count() == 3
    assert sorted(told["portal:changed"]["ids"]) == sorted(str(video.pk) for video in videos)

    reply = client.post(told["portal:toast"]["undo"], headers=SCRIPT)
    assert (reply.status_code, news_of(reply)["portal:changed"]["action"]) == (204, "restore")
    assert Video.objects.kept().count() == 3


def test_all_that_match_are_changed_in_the_background_with_progress_that_can_be_cancelled(client, videos):
    reply = client.post("/bulk/", {"action": "bin", "all": "1", "filter": "q=boat"})
    job = BulkJob.objects.get()
    assert (reply.url, job.wanted, Video.objects.in_bin().count()) == (f"/bulk/{job.pk}/", {"q": "boat"}, 0)

    assert client.get(reply.url).status_code == 200
    assert f"/bulk/{job.pk}/cancel" in client.get("/bulk/running").text
    assert "every 2s" in client.get("/bulk/running").text
    assert client.post(f"/bulk/{job.pk}/cancel", headers=SCRIPT).status_code == 204
    assert "every 2s" not in client.get("/bulk/running").text


def test_a_job_is_followed_to_its_end_beside_newer_ones_and_says_how_it_ended(client, user):
    ids = make_videos(user, bulk.MOST_AT_ONCE + 1)
    older, newer = (bulk.start(by=Caller(user=user), action="bin", arguments={}, ids=ids) for _number in range(2))
    for _video in range(MOST_SHOWN + 1):  # changes at once are no news
        bulk.start(by=Caller(user=user), action="star", arguments={}, ids=ids[:1])
    bulk_soon()
    step(newer.pk, fence=1)

    assert all(words in client.get("/bulk/running").text for words in ("every 2s", f"/bulk/{newer.pk}/undo", f"/bulk/{older.pk}/cancel"))
    User.objects.filter(pk=user.pk).update(is_active=False)
    step(older.pk, fence=1)
    User.objects.filter(pk=user.pk).update(is_active=True)
    told = client.get("/bulk/running").text
    assert "every 2s" not in told
    assert "Cancelled. The person or the token that started it was blocked. 0 videos were moved to the bin." in told


def test_odd_fields_change_nothing(client, videos):
    for fields in ({"action": "share", "team": "9" * 5000}, {"action": "share", "team": "nobody"}, {"action": "rate" * 99}):
        assert client.post("/bulk/", chosen(videos, **fields), headers=SCRIPT).status_code == 422
    assert client.post(f"/videos/{videos[0].pk}/tags", {"tag": "a\x00b"}, headers=SCRIPT).status_code == 200
    assert client.post(f"/videos/{videos[0].pk}/tags", {"off": "a\x00b"}, headers=SCRIPT).status_code == 200
    assert not VideoTag.objects.exists()


def test_a_zip_has_each_chosen_video_that_one_sees_under_a_safe_name_of_its_own(client, user, other_user, videos):
    reply = client.post("/bulk/download", chosen([*videos, make_video(other_user)]))

    with zipfile.ZipFile(io.BytesIO(reply.getvalue())) as archive:
        names = archive.namelist()
        assert archive.read(names[1]) == BYTES
    assert names[:2] == ["001 a boat.mp4", "002 a boat.mp4"]
    assert len(names) == 3
    assert not set("/\\") & set(names[2])
    assert reply["Content-Disposition"].endswith('.zip"')
    Preference.objects.create(user=user, file_names="{person}_{title}")
    with zipfile.ZipFile(io.BytesIO(client.post("/bulk/download", chosen(videos)).getvalue())) as archive:
        assert archive.namelist()[0] == "001 lin_a boat.mp4"
    Video.objects.update(size_bytes=10 * 1024**3)
    assert client.post("/bulk/download", chosen(videos), headers=SCRIPT).status_code == 422
    assert client.post("/bulk/download", {}, headers=SCRIPT).status_code == 422


def test_chosen_videos_are_opened_beside_each_other(client, videos):
    reply = client.post("/bulk/compare", chosen(videos[:2]))

    assert client.get(reply.url).status_code == 200
    assert all(str(video.pk) in reply.url for video in videos[:2])

"""Captions, titles and names of downloads, at the page of a video and by the API."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from access.callers import Caller
from access.models import Preference
from access.tokens import issue
from delivery.file_names import checked_pattern, named_by
from generation import store
from generation.actions.captions import set_captions
from generation.errors import Conflict, InvalidRequest
from generation.models import Video
from tests.cases import in_one_test
from tests.generation.media.test_webvtt import EXAMPLE_1, EXPORTED
from tests.web.page_rows import make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor(client, user):
    client.force_login(user)
    return client


def file_of(text, tmp_path):
    (path := tmp_path / "captions.vtt").write_text(text)
    return path.open("rb")


def upload(visitor, video, text, language, tmp_path):
    with file_of(text, tmp_path) as file:
        return visitor.post(f"/videos/{video.pk}/captions", {"file": file, "language": language}, headers={"HX-Request": "true"})


def test_captions_are_stored_shown_sent_replaced_and_deleted(visitor, user, tmp_path):
    video = make_video(user)
    Video.objects.update(stored_bytes=3000)

    assert upload(visitor, video, EXAMPLE_1, "en", tmp_path).status_code == 204
    assert upload(visitor, video, EXPORTED, "ZH-hans", tmp_path).status_code == 204

    video.refresh_from_db()
    assert set(video.captions) == {"en", "zh-Hans"}
    assert set(video.captions.values()) < set(video.keys)
    assert video.stored_bytes == 3000 + sum(store.size(key) for key in video.captions.values())
    page = visitor.get(f"/videos/{video.pk}/").text
    assert f'<track kind="captions" src="/videos/{video.pk}/captions?language=zh-Hans" srclang="zh-Hans"' in page
    reply = visitor.get(f"/videos/{video.pk}/captions?language=en")
    assert b"".join(reply.streaming_content).decode() == EXAMPLE_1
    assert (reply["Content-Type"], reply["X-Content-Type-Options"]) == ("text/vtt; charset=utf-8", "nosniff")
    assert reply["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert visitor.get(f"/videos/{video.pk}/captions?language=fr").status_code == 404

    before = video.captions["en"]
    upload(visitor, video, EXAMPLE_1 + "\n", "en", tmp_path)
    video.refresh_from_db()
    assert before not in video.keys
    visitor.post(f"/videos/{video.pk}/captions/delete", {"language": "en"})
    video.refresh_from_db()
    assert set(video.captions) == {"zh-Hans"}
    assert video.stored_bytes == 3000 + store.size(video.captions["zh-Hans"])


def test_a_wrong_file_or_language_is_refused_with_the_reason(visitor, user, tmp_path):
    video = make_video(user)

    refused = upload(visitor, video, "1\n00:00:01,000 --> 00:00:02,000\nSubRip\n", "en", tmp_path)
    assert (refused.status_code, "WEBVTT" in refused["HX-Trigger"]) == (422, True)
    assert upload(visitor, video, EXAMPLE_1, "../en", tmp_path).status_code == 422
    assert Video.objects.get().captions == {}


def test_of_two_at_once_one_is_told_to_reload(user):
    video = make_video(user)
    stale = Video.objects.get(pk=video.pk)
    set_captions(video, language="en", content=EXAMPLE_1.encode(), by=Caller(user=user))

    with pytest.raises(Conflict):
        set_captions(stale, language="fr", content=EXAMPLE_1.encode(), by=Caller(user=user))
    assert set(Video.objects.get().captions) == {"en"}


def test_the_captions_of_others_are_seen_with_their_video_and_changed_by_nobody_else(visitor, user, other_user, tmp_path):
    video = make_video(other_user)
    set_captions(video, language="en", content=EXAMPLE_1.encode(), by=Caller(user=other_user))

    assert visitor.get(f"/videos/{video.pk}/captions?language=en").status_code == 404
    assert upload(visitor, video, EXAMPLE_1, "en", tmp_path).status_code == 404
    assert visitor.post(f"/videos/{video.pk}/captions/delete", {"language": "en"}).status_code == 404
    assert visitor.post(f"/videos/{video.pk}/title", {"title": "mine"}).status_code == 404


def test_a_program_stores_lists_reads_and_deletes_captions(client, user):
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {issue(user, 'captions')[1]}"
    video = make_video(user)
    path = f"/api/v1/videos/{video.pk}/captions"

    stored = client.post(path, {"language": "pt-br", "text": EXAMPLE_1}, content_type="application/json")
    assert (stored.status_code, stored.json()["language"]) == (201, "pt-BR")
    assert client.get(path).json() == [stored.json()]
    assert b"".join(client.get(stored.json()["url"]).streaming_content).decode() == EXAMPLE_1
    wrong = client.post(path, {"language": "en", "text": "words"}, content_type="application/json").json()["error"]
    assert (wrong["code"], "file" in wrong["fields"]) == ("no_signature", True)
    assert client.delete(f"{path}?language=pt-BR").status_code == 204
    assert client.get(path).json() == []


def test_a_new_title_is_shown_everywhere_and_an_empty_one_is_that_of_the_prompt(visitor, user):
    video = make_video(user, prompt="a heron waits in the reeds")
    Video.objects.update(to_index_at=None)

    visitor.post(f"/videos/{video.pk}/title", {"title": "  苍鹭  final cut "})

    video.refresh_from_db()
    assert (video.title, video.to_index_at is not None) == ("苍鹭 final cut", True)
    page = visitor.get(f"/videos/{video.pk}/")
    assert (page.context["title"], page.context["title_lang"]) == ("苍鹭 final cut", "zh-Hans")
    assert page.context["prompt"] == "a heron waits in the reeds"
    visitor.post(f"/videos/{video.pk}/title", {"title": " "})
    video.refresh_from_db()
    assert video.title == "a heron waits in the reeds"


def test_downloads_are_named_by_the_pattern_of_who_downloads(visitor, user):
    video = make_video(user, prompt="a fox / a hound")
    Preference.objects.create(user=user, file_names="{date}_{title}_{content_id}_{model}")

    reply = visitor.get(f"/videos/{video.pk}/file?download=1")
    list(reply.streaming_content)

    day = f"{video.created_at:%Y-%m-%d}"
    assert quote(f"{day}_a fox _ a hound_Kling") in reply["Content-Disposition"] or f"{day}_a fox" in reply["Content-Disposition"]
    assert "__" not in reply["Content-Disposition"]
    assert "/" not in reply["Content-Disposition"].partition("filename")[2]


@in_one_test("pattern", ["plain", "{nothing}", "{title.__class__}", "{title", "title}", "{title}" * 20, "{{title}}", "{0}"])
def test_a_pattern_that_no_name_comes_of_is_refused(pattern):
    with pytest.raises(InvalidRequest) as wrong:
        checked_pattern(pattern)
    assert set(wrong.value.fields) == {"file_names"}


def test_an_empty_part_leaves_no_gap(user):
    video = make_video(user, prompt="fox")

    assert named_by("{content_id}_{title}-{content_id}-{resolution}", video) == "fox--720p"
    assert named_by("{content_id}_{title}_{content_id}", video) == "fox"
    assert named_by("", video) == ""


def test_the_settings_page_stores_a_good_pattern_and_says_what_is_wrong_with_another(visitor, user):
    visitor.post("/settings/", {"file_names": " {title}_{id} "})
    assert Preference.objects.get().file_names == "{title}_{id}"
    assert "In braces may be" in visitor.post("/settings/", {"file_names": "{nobody}"}, follow=True).text
    assert Preference.objects.get().file_names == "{title}_{id}"

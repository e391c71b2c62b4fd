"""The page of a link: for whom it opens, what it holds back, what it counts; over the product's own middleware."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from access.callers import Caller
from access.ledger_models import Reservation
from access.models import TeamRules
from delivery.links import link_url, make_link, page_url, revoke_link, video_url, working_links
from delivery.models import Link, Visit
from generation.actions.bin import delete_for_good, move_to_bin
from generation.actions.captions import set_captions
from generation.errors import InvalidRequest
from generation.models import GenerationTask, Video
from library.review import review
from tests.web.page_rows import BYTES, make_video

HTML = {"Accept": "text/html"}
SUBTITLES = b"WEBVTT\n\n00:00.000 --> 00:02.000\nA boat on the sea.\n"


@pytest.fixture
def video(user: User) -> Video:
    return make_video(user)


@pytest.fixture
def me(user: User) -> Caller:
    return Caller(user=user)


@pytest.fixture(autouse=True)
def no_tries(db) -> None:
    cache.clear()


def got(address: str, client: Client | None = None, **headers: str) -> HttpResponse:
    reply = (client or Client()).get(address, headers=headers)
    reply.body = reply.getvalue() if reply.streaming else reply.content
    return reply


def test_the_page_works_without_a_sign_in_and_runs_no_script(video, me) -> None:
    page = page_url(make_link(video, by=me), "")
    reply = got(page)

    policy = reply["Content-Security-Policy"]
    assert (reply.status_code, reply["X-Robots-Tag"], reply["Cache-Control"]) == (200, "noindex, nofollow", "private, no-store")
    assert policy.startswith("default-src 'none'; style-src 'self'; ")
    assert "script-src" not in policy
    assert policy.endswith("frame-ancestors 'none'")
    assert all(part in reply.text for part in ('name="robots" content="noindex', "a boat", "application/json+oembed", "?download=1"))
    assert "<script" not in reply.text
    assert reply["X-Frame-Options"] == "DENY"
    addresses = re.findall(r'(?:src|poster)="(/v/[^"]+)"', reply.text)
    assert [got(address).status_code for address in addresses] == [200, 200]
    assert (got(page, Client()).status_code, Client().head(page).status_code, Client().put(page).status_code) == (200, 200, 405)


def test_a_password_is_asked_once_for_a_browser_and_guards_every_address(video, me) -> None:
    link = make_link(video, by=me, password="red fox")
    page, file, browser = page_url(link, ""), link_url(link, ""), Client()
    poster = file.replace("video.mp4", "poster.webp")
    asked = got(page, browser)

    assert ("a boat" in asked.text, 'type="password"' in asked.text, link.password.count("red fox")) == (False, True, 0)
    assert [got(address, browser).status_code for address in (file, poster)] == [404, 404]
    assert got(file, browser, **HTML)["Location"] == page
    assert browser.post(page, {"password": "blue fox"}).status_code == 403
    assert browser.post(page, {"password": "red fox"})["Location"] == page
    assert "a boat" in got(page, browser).text
    assert [got(address, browser).body[:4] for address in (file, poster)] == [BYTES[:4]] * 2
    assert got(file).status_code == 404
    assert browser.cookies["link"]["path"] == page
    other = make_link(video, by=me, password="red fox")
    browser.cookies["link"]["path"] = "/"
    assert 'type="password"' in got(page_url(other, ""), browser).text
    with pytest.raises(InvalidRequest):
        make_link(video, by=me, password="short")


def test_tries_of_a_password_are_limited(video, me) -> None:
    link, free = make_link(video, by=me, password="red fox"), make_link(video, by=me, password="red fox")
    page = page_url(link, "")

    tried = [Client().post(page, {"password": "x"}).status_code for _ in range(6)]

    assert tried == [403] * 5 + [429]
    assert Client().post(page, {"password": "red fox"}).status_code == 429
    assert Client(REMOTE_ADDR="203.0.113.9").post(page, {"password": "red fox"}).status_code == 302
    assert Client().post(page_url(free, ""), {"password": "red fox"}).status_code == 302


def test_what_a_link_holds_back(video, me) -> None:
    watch, preview = make_link(video, by=me, may_download=False), make_link(video, by=me, preview_only=True)
    pages = [got(page_url(link, "")).text for link in (watch, preview)]

    assert ["?download=1" in page for page in pages] == [False, False]
    assert ['class="mark"' in page for page in pages] == [False, True]
    assert [got(link_url(link, "")).status_code for link in (watch, preview)] == [200, 404]
    assert [got(f"{link_url(link, '')}?download=1").status_code for link in (watch, preview)] == [404, 404]
    assert got(link_url(preview, "").replace("video.mp4", "preview.mp4")).status_code == 200
    assert preview.may_download is False


def test_captions_are_shown_to_who_may_watch_and_to_nobody_else(video, me) -> None:
    for language in ("en", "zh-Hans"):
        set_captions(video, language=language, content=SUBTITLES, by=me)
    open_, watch, preview = (make_link(video, by=me, **facts) for facts in ({}, {"may_download": False}, {"preview_only": True}))
    locked, revoked, expired = make_link(video, by=me, password="red fox"), make_link(video, by=me), make_link(video, by=me)
    revoke_link(revoked, by=me)
    Link.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    browser, address = Client(), f"{page_url(locked, '')}captions?language=en"

    shown = got(page_url(open_, ""))
    tracks = re.findall(r'<track kind="captions" src="([^"]+)" srclang="([^"]+)" label="([^"]+)">', shown.text)
    assert [track[1:] for track in tracks] == [("en", "English"), ("zh-Hans", "简体中文")]
    assert [track[0] for track in tracks] == re.findall(r'<track kind="captions" src="([^"]+)"', got(f"{page_url(open_, '')}embed").text)
    assert "media-src 'self'" in shown["Content-Security-Policy"]  # of tracks too
    reply = got(tracks[0][0])
    assert (reply.body, reply["Content-Type"], reply["X-Robots-Tag"]) == (SUBTITLES, "text/vtt; charset=utf-8", "noindex, nofollow")
    assert (reply["Cache-Control"], got(tracks[0][0].replace("=en", "=fr")).status_code) == ("private, no-cache", 404)

    assert got(address, browser).status_code == 404
    browser.post(page_url(locked, ""), {"password": "red fox"})
    assert (got(address, browser).body, got(address).status_code) == (SUBTITLES, 404)
    expected = {open_: (200, 200), watch: (200, 404), preview: (404, 404), revoked: (404, 404), expired: (404, 404)}
    for link, answers in expected.items():
        file = f"{page_url(link, '')}captions?language=en"
        assert (got(file).status_code, got(f"{file}&download=1").status_code) == answers
    assert "<track" not in got(page_url(preview, "")).text


def test_visits_are_counted_once_for_a_browser(video, me, user, django_assert_max_num_queries) -> None:
    link = make_link(video, by=me)
    page, first, own = page_url(link, ""), Client(), Client()
    own.force_login(user)
    for browser in (first, first, own):
        got(page, browser)
    first.head(page)
    assert Visit.objects.count() == 1
    with django_assert_max_num_queries(2):  # the link, and a row of its own for the visit
        got(page)

    (shown,) = working_links(video)
    assert (shown.views, timezone.now() - shown.last_viewed_at < timedelta(minutes=1)) == (2, True)


def test_what_does_not_open_has_one_answer(video, me, user) -> None:
    links = {name: make_link(video, by=me) for name in ("revoked", "expired", "good")}
    revoke_link(links["revoked"], by=me)
    Link.objects.filter(pk=links["expired"].pk).update(expires_at=timezone.now())
    pages = [page_url(links[name], "") for name in ("revoked", "expired")] + ["/v/x/", page_url(links["good"], "").replace("/v/", "/v/A")]

    answers = [got(page, **HTML) for page in pages]

    assert [reply.status_code for reply in answers] == [404] * 4
    assert len({reply.body for reply in answers}) == 1
    assert "This link does not work." in answers[0].text
    assert [got(page + end).status_code for page in pages for end in ("embed",)] == [404] * 4
    move_to_bin(video, by=me)
    assert got(page_url(links["good"], "")).status_code == 404


def test_a_team_may_share_approved_videos_only(user, me) -> None:
    team = Group.objects.create(name="films")
    team.user_set.add(user)
    video, visitor = make_video(user, team=team), Client()
    visitor.force_login(user)
    link = make_link(video, by=me)
    addresses = [page_url(link, ""), link_url(link, ""), video_url(video, "")]
    assert [got(address).status_code for address in addresses] == [200, 200, 200]

    TeamRules.objects.create(team=team, shares_approved_only=True)
    assert [got(address).status_code for address in addresses] == [404, 404, 404]
    assert "shares approved videos only" in visitor.get(f"/videos/{video.pk}/").text
    review(video, "approved", by=me)
    assert [got(address).status_code for address in addresses] == [200, 200, 200]
    assert "shares approved videos only" not in visitor.get(f"/videos/{video.pk}/").text
    review(video, "rejected", by=me, note="no")
    assert [got(address).status_code for address in addresses] == [404, 404, 404]


def test_other_pages_show_it_in_a_frame_and_learn_how(video, me) -> None:
    link, locked = make_link(video, by=me), make_link(video, by=me, password="red fox")
    page = page_url(link, "http://testserver")

    facts = got(f"/v/oembed?url={page}&maxwidth=640")
    frame = re.search(r'src="http://testserver([^"]+)"', facts.json()["html"])
    shown = got(frame[1])

    assert (facts.json()["type"], facts.json()["width"], facts.json()["height"]) == ("video", 640, 360)
    assert facts["Access-Control-Allow-Origin"] == "*"
    assert shown["Content-Security-Policy"].endswith("frame-ancestors *")
    assert ("X-Frame-Options" in shown, shown["X-Robots-Tag"]) == (False, "noindex, nofollow")
    asked = {
        "elsewhere": f"/v/oembed?url={page.replace('testserver', 'evil.example')}",
        "unknown": "/v/oembed?url=http://testserver/v/x/",
        "nothing": "/v/oembed",
        "no address": "/v/oembed?url=http://[",
        "xml": f"/v/oembed?url={page}&format=xml",
        "locked": f"/v/oembed?url={page_url(locked, 'http://testserver')}",
    }
    assert {name: got(path).status_code for name, path in asked.items()} == {
        "elsewhere": 404,
        "unknown": 404,
        "nothing": 404,
        "no address": 404,
        "xml": 501,
        "locked": 401,
    }
    assert got(f"{page_url(locked, '')}embed").status_code == 404


def test_a_member_saves_a_copy_that_costs_nothing_and_stays(video, me, user, other_user) -> None:
    link, member = make_link(video, by=me), Client()
    page = page_url(link, "")
    assert "Sign in to save it" in got(page).text
    assert Client().post(f"{page}save")["Location"].startswith("/accounts/login/?next=")
    member.force_login(other_user)
    assert "Save into my library" in got(page, member).text

    first, again = (member.post(f"{page}save")["Location"] for _ in range(2))
    copy = Video.objects.get(owner=other_user)

    assert first == again == f"/videos/{copy.pk}/"
    assert (copy.copy_of, copy.file, copy.review_state, copy.to_index_at is not None) == (video, video.file, "", True)
    assert (copy.task.prompt.text, copy.task.prompt.owner, copy.task.copy_of) == ("a boat", other_user, video.task)
    assert "Saved from a link. Nothing was bought." in member.get(first).text
    assert not Reservation.objects.filter(task_id=copy.task_id).exists()
    delete_for_good(video, by=me)
    assert got(f"{first}file", member).body == BYTES


def test_nobody_saves_what_they_may_only_watch(video, me, user, other_user) -> None:
    member, owner = Client(), Client()
    member.force_login(other_user)
    owner.force_login(user)
    held = [make_link(video, by=me, **facts) for facts in ({"may_download": False}, {"preview_only": True}, {"password": "red fox"})]

    assert [member.post(f"{page_url(link, '')}save")["Location"] for link in held] == [page_url(link, "") for link in held]
    owner.post(f"{page_url(make_link(video, by=me), '')}save")
    assert (Video.objects.count(), GenerationTask.objects.count()) == (1, 1)

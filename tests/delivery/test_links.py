"""Links: what plays without a session, until when, for whom; over the product's own middleware."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from access.callers import Caller
from delivery.links import link_url, make_link, replace_url, revoke_link, video_url
from delivery.models import Link
from events.models import AuditEvent
from generation import store
from generation.actions.bin import move_to_bin, restore
from generation.errors import InvalidRequest, NotAllowed
from generation.models import Video
from tests.web.page_rows import BYTES, make_video


@pytest.fixture
def video(user: User) -> Video:
    return make_video(user)


def opened(address: str, client: Client | None = None, **headers: str) -> HttpResponse:
    reply = (client or Client()).get(address, headers=headers)
    reply.body = reply.getvalue()  # read to its end, so that the file is closed
    return reply


def addresses(video: Video, owner: User) -> dict[str, str]:
    return {"link": link_url(make_link(video, by=Caller(user=owner)), ""), "url": video_url(video, "")}


def test_every_kind_of_link_plays_with_one_query_and_no_cookie(video, user, client, django_assert_num_queries) -> None:
    client.force_login(user)
    client.cookies["time_zone"] = "Asia/Shanghai"
    for address in addresses(video, user).values():
        for browser in (Client(), client):
            with django_assert_num_queries(1):
                reply = opened(address, browser)
            assert (reply.status_code, reply.body, reply["Content-Type"]) == (200, BYTES, "video/mp4")
            assert (reply["Access-Control-Allow-Origin"], reply["Referrer-Policy"]) == ("*", "no-referrer")
            assert (reply["Cross-Origin-Resource-Policy"], reply["Cache-Control"]) == ("cross-origin", "private, no-cache")
            assert not reply.cookies

        part, head = opened(address, range="bytes=10-19"), Client().head(address)
        assert (part.status_code, part.body) == (206, BYTES[10:20])
        assert (head.status_code, head["Content-Length"], head.content) == (200, "1000", b"")
        assert opened(address, if_none_match=part["ETag"]).status_code == 304
        assert opened(f"{address}?download=1")["Content-Disposition"] == 'attachment; filename="a boat.mp4"'
        assert opened(f"{address}?name=../a%0d%0ab&download=1")["Content-Disposition"] == 'attachment; filename="_a  b.mp4"'
        assert opened(address.replace("video.mp4", "poster.webp"))["Content-Type"] == "image/webp"
        assert opened(address.replace("video.mp4", "preview.mp4"))["Content-Type"] == "video/mp4"


def test_a_player_of_another_origin_is_told_that_the_storage_does_not_respond(video, settings) -> None:
    address = video_url(video, "")
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "tests.faulty_storages.FailingStorage"}}

    reply = opened(address, origin="https://player.example.com")

    assert (reply.status_code, reply.body.decode()) == (503, "The media storage does not respond. Try again in a few minutes.")
    assert (reply["Access-Control-Allow-Origin"], reply["Cache-Control"], reply["Retry-After"]) == ("*", "no-store", "5")
    assert {"Retry-After", "X-Request-Id"} <= set(reply["Access-Control-Expose-Headers"].split(", "))


def test_a_player_of_another_origin_may_ask_first(video) -> None:
    reply = Client().options(video_url(video, ""), headers={"Origin": "https://shop.example", "Access-Control-Request-Headers": "range"})

    assert (reply.status_code, reply["Access-Control-Allow-Origin"], reply["Access-Control-Allow-Methods"]) == (204, "*", "GET, HEAD")
    assert "Range" in reply["Access-Control-Allow-Headers"]
    assert Client(enforce_csrf_checks=True).post(video_url(video, "")).status_code == 405


def test_what_does_not_work_has_one_answer(video, user, other_user, settings, django_assert_num_queries) -> None:
    me = Caller(user=user)
    links = {name: make_link(video, by=me) for name in ("revoked", "expired", "of someone who left")}
    settings.LINK_DAYS = 1
    old_url = video_url(video, "")
    revoke_link(links["revoked"], by=me)
    Link.objects.filter(pk=links["expired"].pk).update(expires_at=timezone.now())
    gone = User.objects.create_user("gone", is_staff=True, is_superuser=True)
    links["of someone who left"] = make_link(video, by=Caller(user=gone))
    User.objects.filter(pk=gone.pk).update(is_staff=False, is_superuser=False)
    replace_url(video, by=me)
    url = video_url(video, "")
    refused = {name: link_url(link, "") for name, link in links.items()} | {"replaced": old_url}
    broken = [url.replace("/v/", "/v/A"), "/v/x/video.mp4", f"/v/{'A' * 43}/video.mp4", f"/v/{'A' * 51}/video.mp4", "/v/-/video.mp4"]

    answers = {name: opened(address) for name, address in refused.items()}
    with django_assert_num_queries(0):
        answers |= {address: opened(address) for address in broken}

    assert opened(url).status_code == 200
    assert {name: reply.status_code for name, reply in answers.items()} == dict.fromkeys(answers, 404)
    for reply in answers.values():
        del reply["X-Request-Id"]
    assert len({(reply.body, tuple(sorted(reply.items()))) for reply in answers.values()}) == 1
    assert next(iter(answers.values()))["Cache-Control"] == "no-store"


def test_links_of_a_deactivated_person_end(video, user) -> None:
    given = addresses(video, user)
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert {name: opened(address).status_code for name, address in given.items()} == {"link": 404, "url": 404}


def test_links_of_a_video_in_the_bin_end_until_it_is_restored(video, user) -> None:
    given, me = addresses(video, user), Caller(user=user)

    move_to_bin(video, by=me)
    in_bin = [opened(address).status_code for address in given.values()]
    restore(video, by=me)

    assert (in_bin, [opened(address).status_code for address in given.values()]) == ([404, 404], [200, 200])


def test_a_link_whose_file_is_missing_has_the_same_answer(video) -> None:
    store.delete(video.file)

    assert opened(video_url(video, "")).body == opened("/v/x/video.mp4").body


def test_link_works_as_long_as_the_setting_allows(video, user, settings) -> None:
    me = Caller(user=user)
    assert make_link(video, by=me).expires_at is None
    settings.LINK_DAYS = 30

    longest, chosen = make_link(video, by=me), make_link(video, by=me, days=7)

    assert longest.expires_at - longest.created_at == pytest.approx(timedelta(days=30), abs=timedelta(seconds=5))
    assert chosen.expires_at - chosen.created_at == pytest.approx(timedelta(days=7), abs=timedelta(seconds=5))
    for days in (0, 31):
        with pytest.raises(InvalidRequest) as refusal:
            make_link(video, by=me, days=days)
        assert refusal.value.fields == {"expires_in_days": "Choose between 1 and 30 days."}


def test_url_of_today_is_the_same_and_ends_with_its_last_day(video, settings) -> None:
    settings.LINK_DAYS = 30
    first, again = video_url(video, ""), video_url(video, "")
    settings.LINK_DAYS = -1  # as an address that was given out long ago

    assert first == again
    assert (opened(first).status_code, opened(video_url(video, "")).status_code) == (200, 404)


def test_who_may_not_act_makes_and_ends_nothing(video, user, other_user) -> None:
    staff = User.objects.create_user("looks", is_staff=True)
    link = make_link(video, by=Caller(user=user))
    before = AuditEvent.objects.count()

    for person in (other_user, staff):
        for attempt in (make_link, replace_url):
            with pytest.raises(NotAllowed):
                attempt(video, by=Caller(user=person))
        with pytest.raises(NotAllowed):
            revoke_link(link, by=Caller(user=person))

    assert (Link.objects.count(), AuditEvent.objects.count()) == (1, before)
    assert opened(link_url(link, "")).status_code == 200


def test_what_is_done_with_links_is_in_the_audit_log(video, user) -> None:
    me = Caller(user=user)
    link = make_link(video, by=me, label="shop")

    assert [revoke_link(link, by=me), revoke_link(link, by=me)] == [True, False]
    replace_url(video, by=me)

    assert list(AuditEvent.objects.order_by("pk").values_list("action", "target_label")) == [
        ("link.created", "shop"),
        ("link.revoked", "shop"),
        ("video.url_replaced", "a boat"),
    ]

"""/videos/{id}/links, and the `url` of tasks and videos."""

from __future__ import annotations

from django.test import Client

from tests.cases import in_one_test
from tests.web.page_rows import BYTES, make_video


def played(address: str) -> int:
    reply = Client().get(address)
    assert not reply.streaming or reply.getvalue() == BYTES
    return reply.status_code


def test_url_of_an_answer_plays_without_a_token_until_it_is_replaced(api, user) -> None:
    video = make_video(user)
    url = api.get(f"/videos/{video.pk}").json()["url"]

    assert url.startswith("http://testserver/v/")
    assert url.endswith("/video.mp4")
    assert api.get(f"/tasks/{video.task_id}").json()["videos"][0]["url"] == url == api.get("/videos").json()["items"][0]["url"]
    assert played(url) == 200

    new = api.post(f"/videos/{video.pk}/replace-url").json()["url"]

    assert (played(url), played(new)) == (404, 200)


def test_lists_make_no_rows_and_no_query_for_each_video(api, user, settings, django_assert_max_num_queries) -> None:
    settings.PUBLIC_URL = "https://portal.example"
    for _ in range(3):
        make_video(user)

    api.get("/videos")  # lets the index of the library read them
    with django_assert_max_num_queries(5):  # the token, its use and the tags among them
        items = api.get("/videos").json()["items"]
    with django_assert_max_num_queries(9):
        tasks = api.get("/tasks").json()["items"]

    assert len({item["url"] for item in items}) == 3
    assert all(item["url"].startswith("https://portal.example/v/") for item in items)
    assert [task["videos"][0] | {"tags": []} for task in tasks] == items  # videos of tasks have no tags


def test_links_are_made_listed_and_revoked(api, other_api, admin_api, user, settings) -> None:
    video = make_video(user)
    path = f"/videos/{video.pk}/links"

    made = api.post(path, {"label": "shop", "expires_in_days": 30})
    plain = api.post(path, {}).json()
    listed = api.get(path).json()["items"]

    assert (made.status_code, made.json()["label"], made.json()["works"]) == (201, "shop", True)
    assert listed == [plain, made.json()]
    assert (plain["expires_at"], plain["video"]) == (None, str(video.pk))
    assert played(plain["url"]) == 200
    assert [other_api.get(path).status_code, other_api.post(path, {}).status_code] == [404, 404]

    gone = [api.client.delete(f"/api/v1{path}/{plain['id']}").status_code for _ in range(2)]

    assert (gone, played(plain["url"]), played(made.json()["url"])) == ([204, 204], 404, 200)
    assert [one["works"] for one in api.get(path).json()["items"]] == [False, True]
    assert api.client.delete(f"/api/v1{path}/{video.pk}").json()["error"]["code"] == "not_found"
    assert admin_api.client.delete(f"/api/v1{path}/{made.json()['id']}").status_code == 204


def test_a_link_says_what_it_holds_back_and_how_often_its_page_was_viewed(api, user) -> None:
    path = f"/videos/{make_video(user).pk}/links"
    locked = api.post(path, {"password": "red fox", "preview_only": True}).json()
    plain = api.post(path, {}).json()

    Client().get(plain["page"])
    listed = {one["id"]: one for one in api.get(path).json()["items"]}

    assert [locked[name] for name in ("has_password", "may_download", "preview_only", "views")] == [True, False, True, 0]
    assert "red fox" not in str(listed)
    assert (listed[plain["id"]]["views"], listed[plain["id"]]["last_viewed_at"] is not None) == (1, True)
    assert api.post(path, {"password": "short"}).json()["error"]["fields"] == {"password": "Use at least 6 characters."}


def test_link_that_lasts_too_long_is_refused(api, user, settings) -> None:
    settings.LINK_DAYS = 30
    path = f"/videos/{make_video(user).pk}/links"

    reply = api.post(path, {"expires_in_days": 31})

    assert (reply.status_code, reply.json()["error"]["fields"]) == (422, {"expires_in_days": "Choose between 1 and 30 days."})
    assert api.get(path).json()["items"] == []


@in_one_test(
    ("days", "status"),
    [(30, 201), ("30", 201), ("30.0", 201), (None, 201), ("3_0", 422), (" 30", 422), ("30.5", 422), (True, 422), ("0", 422)],
)
def test_days_may_be_given_as_text_that_is_exact(api, user, days, status):
    assert api.post(f"/videos/{make_video(user).pk}/links", {"expires_in_days": days}).status_code == status

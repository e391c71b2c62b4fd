"""/videos/{id}/review and /videos/{id}/comments."""

from __future__ import annotations

from tests.web.page_rows import make_video


def sent(api, method, path, body=None):
    return getattr(api.client, method)(f"/api/v1{path}", body, content_type="application/json")


def test_a_video_is_reviewed_and_found_by_its_state(api, admin_api, user):
    video, _other = make_video(user), make_video(user)
    path = f"/videos/{video.pk}"

    assert api.get(f"{path}/review").json() == {"video": str(video.pk), "state": "none", "decisions": []}
    assert api.post(f"{path}/review", {"state": "wanted"}).json()["state"] == "wanted"
    decided = admin_api.post(f"{path}/review", {"state": "rejected", "note": "太暗", "seen": "wanted"}).json()
    late = api.post(f"{path}/review", {"state": "approved", "seen": "wanted"})

    assert [(one["state"], one["note"]) for one in decided["decisions"]] == [("rejected", "太暗"), ("wanted", "")]
    assert (late.status_code, late.json()["error"]["code"]) == (409, "decided_meanwhile")
    assert api.get(path).json()["review"] == "rejected"
    assert [one["id"] for one in api.get("/videos?review=rejected").json()["items"]] == [str(video.pk)]
    assert [api.post(f"{path}/review", body).status_code for body in ({"state": "rejected"}, {"state": "x"}, {})] == [422, 422, 422]


def test_comments_are_written_changed_and_deleted(api, other_api, user):
    path = f"/videos/{make_video(user).pk}/comments"
    late = api.post(path, {"text": "here", "at_s": 3}).json()
    early = api.post(path, {"text": "there", "at_s": 0.5}).json()

    assert [one["id"] for one in api.get(path).json()["items"]] == [early["id"], late["id"]]
    changed = sent(api, "patch", f"{path}/{late['id']}", {"resolved": True, "text": "here!"}).json()
    assert (changed["resolved_by"], changed["text"], changed["edited_at"] is not None) == (user.username, "here!", True)
    assert [api.post(path, body).status_code for body in ({"text": ""}, {"text": "x", "at_s": 9}, {"text": "x", "at_s": -1})] == [422] * 3
    assert sent(api, "delete", f"{path}/{late['id']}").status_code == 204
    assert sent(api, "delete", f"{path}/{late['id']}").status_code == 404

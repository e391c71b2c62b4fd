"""The review on a video's page, and the queue, without script and for a script."""

from __future__ import annotations

import re

from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.callers import Caller
from access.models import TeamRules
from generation.models import Video
from library.comments import add
from library.models import Comment, Decision
from library.review import review
from tests.web.page_rows import make_video

SCRIPT = {"HX-Request": "true"}


def browser_of(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_a_comment_at_three_seconds_without_script_and_its_mark(visitor, user, other_user):
    video = make_video(user)
    path = f"/videos/{video.pk}/"

    page = visitor.post(f"{path}comments", {"text": "the logo is cut off", "at": "0:03"}, headers={"Referer": path}, follow=True).text

    assert Comment.objects.get().at_s == 3
    assert re.search(r'data-seek="3.000" style="--at: 60.00%"', page)
    assert "Comment added." in page
    assert "the logo is cut off" in page


def test_a_script_gets_the_panel_and_the_marks_or_why_not(visitor, user):
    video = make_video(user)
    path = f"/videos/{video.pk}/"

    panel = visitor.post(f"{path}comments", {"text": "here", "at": "0:02.5"}, headers=SCRIPT)
    assert (panel.status_code, 'id="marks" hx-swap-oob="true"' in panel.text, 'id="review"' in panel.text) == (200, True, True)
    for form in ({"text": "late", "at": "0:09"}, {"text": ""}, {"text": "x", "at": "soon"}, {"text": "\0"}):
        refused = visitor.post(f"{path}comments", form, headers=SCRIPT)
        assert (refused.status_code, refused["HX-Reswap"]) == (422, "none")
    (one,) = Comment.objects.all()
    comment = f"{path}comments/{one.pk}"
    assert "1 resolved" in visitor.post(comment, {"resolved": "1"}, headers=SCRIPT).text
    assert "edited" in visitor.post(comment, {"text": "there"}, headers=SCRIPT).text
    assert "there" not in visitor.post(f"{comment}/delete", headers=SCRIPT).text


def test_the_queue_shows_one_video_and_a_decision_leads_to_the_next(user, other_user):
    team = Group.objects.create(name="films")
    team.user_set.set([user, other_user])
    first, second = (make_video(user, prompt=words, team=team) for words in ("a boat", "a fox"))
    for one in (first, second):
        review(one, "wanted", by=Caller(user=user))
    client = browser_of(other_user)

    page = client.get("/review/").text
    forms = re.findall(r'action="(/videos/[^"]+/review[^"]*)"', page)
    following = re.search(r'data-key="j"', page)
    approved = client.post(forms[0].replace("&amp;", "&"), {"state": "approved", "seen": "wanted"}, follow=True)

    assert following
    assert all(text in page for text in ('data-key="a A"', 'data-key="r R"', "data-needs-note", 'data-key="c C"'))
    assert Video.objects.get(pk=first.pk).review_state == "approved"
    assert approved.request["PATH_INFO"] == "/review/"
    assert "a fox" in approved.text
    assert "a boat" not in approved.text
    refused = client.post(f"/videos/{second.pk}/review?then=//evil.example/", {"state": "rejected", "seen": "wanted"}, follow=True)
    assert "Write why, so that the next take is better." in refused.text
    client.post(f"/videos/{second.pk}/review", {"state": "rejected", "seen": "wanted", "note": "too dark"})
    assert "Nothing to review" in client.get("/review/").text
    assert "Nothing to review" in browser_of(user).get("/review/?who=mine").text


def test_a_decision_names_the_state_that_it_is_about(visitor, user, staff_visitor):
    video = make_video(user)
    path = f"/videos/{video.pk}/review"

    forms = [{"state": state, "seen": "none"} for state in ("approved", "wanted", "x")]

    assert [staff_visitor.post(path, form, headers=SCRIPT).status_code for form in forms] == [200, 409, 422]
    assert [one.state for one in Decision.objects.all()] == ["approved"]


def test_who_may_not_approve_has_no_button(visitor, user, staff_visitor):
    team = Group.objects.create(name="films")
    team.user_set.add(user)
    TeamRules.objects.create(team=team, approved_by_another=True)
    path = f"/videos/{make_video(user, team=team).pk}/"

    assert ['value="approved"' in client.get(path).text for client in (visitor, staff_visitor)] == [False, True]


def test_the_page_asks_as_often_for_many_comments_as_for_one(visitor, user, django_assert_num_queries):
    video = make_video(user)
    add(video, "words", by=Caller(user=user), at_s=1)
    visitor.get(f"/videos/{video.pk}/")
    with CaptureQueriesContext(connection) as one:
        visitor.get(f"/videos/{video.pk}/")
    for number in range(4):
        add(video, f"words {number}", by=Caller(user=user), at_s=number)

    with django_assert_num_queries(len(one)):
        assert "words 3" in visitor.get(f"/videos/{video.pk}/").text

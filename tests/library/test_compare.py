"""Videos side by side, blind votes on two of one prompt, and what the league table makes of them."""

from __future__ import annotations

from uuid import uuid4

import pytest

from access.callers import Caller
from access.tokens import issue
from generation.errors import Conflict, InvalidRequest
from generation.lifecycle import Status
from generation.models import Video
from library.models import Vote
from library.votes import cast, next_pair, scores
from tests.task_rows import make_task
from tests.web.page_rows import KLING, WAN, make_video
from web.presenters.words import model_label

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor(client, user):
    client.force_login(user)
    return client


@pytest.fixture
def program(client, user):
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {issue(user, 'votes')[1]}"
    return client


def take(owner, *, model=KLING, prompt="a heron waits", **facts):
    return make_video(owner, task=make_task(owner, status=Status.SUCCEEDED, prompt=prompt, model=model, **facts))


def test_two_to_four_are_beside_each_other_and_what_differs_is_marked(visitor, user):
    videos = [take(user), take(user, model=WAN), take(user, params={"duration_s": 10})]
    address = "/compare/?v=" + ",".join(str(video.pk) for video in videos)

    reply = visitor.get(address)

    assert [side.letter for side in reply.context["sides"]] == ["A", "B", "C"]
    rows = {row.label: row for row in reply.context["rows"]}
    assert rows["Model"].differs
    assert rows["Model"].values == [model_label(KLING), model_label(WAN), model_label(KLING)]
    assert not rows["Prompt"].differs
    assert rows["Duration"].differs
    assert reply.text.count("<video ") == 3
    assert "also=" in reply.context["again_url"]
    studio = visitor.get(reply.context["again_url"])
    assert studio.context["vary"]["models"].value() == [WAN]
    assert studio.context["form"].initial["prompt"] == "a heron waits"


def test_one_video_or_none_is_an_empty_page_and_a_stranger_s_is_none(visitor, user, other_user):
    assert "Nothing to compare yet" in visitor.get(f"/compare/?v={take(user).pk}").text
    for ids in (f"{take(user).pk},{take(other_user).pk}", f"{uuid4()}", "nonsense"):
        assert visitor.get(f"/compare/?v={ids}").status_code == 404
        assert visitor.get(f"/compare/vote/?v={ids}").status_code == 404


def test_the_winner_gets_a_star_and_is_chosen_for_its_content_id(visitor, user, other_user):
    video = take(user, content_id="article 7")
    Video.objects.update(to_index_at=None)

    assert visitor.post("/compare/pick", {"video": video.pk}, headers={"HX-Request": "true"}).status_code == 204

    video.refresh_from_db()
    assert (video.favourite, video.chosen_at is not None, video.to_index_at is not None) == (True, True, True)
    assert visitor.post("/compare/pick", {"video": take(other_user).pk}).status_code == 404


def test_a_vote_is_blind_until_it_is_cast_and_stored_once(visitor, user):
    one, other = take(user), take(user, model=WAN)
    address = f"/compare/vote/?v={one.pk},{other.pk}"
    assert visitor.get("/compare/vote/").headers["Location"].startswith("/compare/vote/?v=")

    before = visitor.get(address)
    shown = before.text.partition("<main")[2]
    assert not any(name in shown for name in (model_label(KLING), model_label(WAN), KLING, WAN))
    orders = {tuple(side.id for side in visitor.get(address).context["sides"]) for _time in range(40)}
    assert orders == {(one.pk, other.pk), (other.pk, one.pk)}

    after = visitor.post(address, {"winner": other.pk}, follow=True)
    assert after.context["preferred"] == model_label(WAN)
    assert model_label(KLING) in after.text
    again = visitor.post(address, {"winner": one.pk}, follow=True)
    assert "You have already voted on these two." in again.text
    assert Vote.objects.get().winner == other
    assert "No pair left" in visitor.get("/compare/vote/").text


def test_only_two_videos_of_one_prompt_are_voted_on(user, other_user):
    one, other, elsewhere = take(user), take(user, model=WAN), take(user, model=WAN, prompt="a boat")
    by = Caller(user=user)
    for pair, winner in (((one, one), None), ((one, elsewhere), None), ((one, other), elsewhere)):
        with pytest.raises(InvalidRequest):
            cast(*pair, winner, by=by)
    assert cast(one, other, None, by=by) == cast(other, one, None, by=by)
    with pytest.raises(Conflict):
        cast(one, other, one, by=by)
    cast(one, other, one, by=Caller(user=other_user))
    assert Vote.objects.count() == 2
    assert next_pair(by) is None


def test_the_league_table_has_the_share_of_wins_and_its_range(visitor, user, other_user, staff):
    one, other, same = take(user), take(user, model=WAN), take(user)
    for person, winner in ((user, one), (other_user, None), (staff, one)):
        cast(one, other, winner, by=Caller(user=person))
    cast(one, same, same, by=Caller(user=user))  # of one model: it says nothing about models

    found = scores(30)

    assert {model: (score.votes, round(score.share, 3)) for model, score in found.items()} == {KLING: (3, 0.833), WAN: (3, 0.167)}
    assert 0 < found[KLING].low < found[KLING].share < found[KLING].high <= 1
    assert (round(found[KLING].low, 3), round(found[KLING].high, 3)) == (0.31, 0.982)


def test_a_program_votes_with_the_same_rules(program, user):
    one, other = take(user), take(user, model=WAN)
    body = {"videos": [str(one.pk), str(other.pk)], "winner": str(other.pk)}

    reply = program.post("/api/v1/votes", body, content_type="application/json")

    assert (reply.status_code, reply.json()["models"]) == (201, [KLING, WAN])
    refused = program.post("/api/v1/votes", body | {"winner": None}, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "voted")

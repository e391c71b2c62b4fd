"""Tags, ratings and stars of one video or many, and which tags are suggested."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User

from access.callers import Caller
from generation.errors import InvalidRequest
from generation.models import Video
from library import notes
from library.models import VideoTag
from library.notes import rate, set_tags, star, suggestions, tag, tag_names, untag
from tests.web.page_rows import make_video

pytestmark = pytest.mark.postgresql


def caller(user):
    return Caller(user=User.objects.get(pk=user.pk))


def tags_of(video):
    return list(video.tags.values_list("name", flat=True))


def test_equal_tags_are_equal_text():
    assert tag_names(["  Night   City ", "NIGHT city", "Ｎｅｏｎ", "夜\x00景", " \x00"]) == ["night city", "neon", "夜景"]
    for wrong in (["x" * 61], ["a,b"], [str(number) for number in range(31)]):
        with pytest.raises(InvalidRequest) as refusal:
            tag_names(wrong)
        assert list(refusal.value.fields) == ["tags"]


def test_notes_are_put_on_ones_own_videos_only_and_each_change_is_indexed(user, other_user):
    mine, theirs = make_video(user), make_video(other_user)
    ids = [mine.pk, theirs.pk]
    for act in (
        lambda: tag(ids, ["night", "city"], by=caller(user)),
        lambda: untag(ids, ["night"], by=caller(user)),
        lambda: rate(ids, 4, by=caller(user)),
        lambda: star(ids, starred=True, by=caller(user)),
    ):
        Video.objects.update(to_index_at=None)
        assert act() == [mine.pk]
        assert list(Video.objects.exclude(to_index_at=None)) == [mine]
        Video.objects.update(to_index_at=None)
        assert act() == [mine.pk]
        assert not Video.objects.exclude(to_index_at=None).exists(), "a repeat changes nothing"
    mine.refresh_from_db()
    theirs.refresh_from_db()

    assert (tags_of(mine), mine.rating, mine.favourite) == (["city"], 4, True)
    assert (tags_of(theirs), theirs.rating, theirs.favourite) == ([], None, False)
    rate(ids, None, by=caller(user))
    mine.refresh_from_db()
    assert mine.rating is None


def test_a_video_has_at_most_so_many_tags(user):
    full, empty = make_video(user), make_video(user)
    tag([full.pk], [f"tag {number}" for number in range(notes.MOST_TAGS)], by=caller(user))

    assert tag([full.pk, empty.pk], ["one more"], by=caller(user)) == [empty.pk]
    assert tag([full.pk], ["tag 3"], by=caller(user)) == [full.pk]
    set_tags(full, ["one more", "tag 3"], by=caller(user))
    assert tags_of(full) == ["one more", "tag 3"]


def test_suggested_are_ones_own_tags_and_those_of_videos_that_one_sees(user, other_user):
    team = Group.objects.create(name="films")
    for person in (user, other_user):
        person.groups.add(team)
    shared, private = make_video(other_user, team=team), make_video(other_user)
    tag([shared.pk], ["night", "nine"], by=caller(other_user))
    tag([private.pk], ["nightmare"], by=caller(other_user))
    many = [make_video(user).pk for _number in range(3)]
    tag(many, ["noon", "new"], by=caller(user))
    tag(many[:1], ["100%", "1000"], by=caller(user))

    assert suggestions(caller(user), "N") == ["new", "night", "nine", "noon"]
    assert suggestions(caller(user), "ni", without=["nine"]) == ["night"]
    assert suggestions(caller(user), "100%") == ["100%"]
    assert suggestions(caller(user), "x") == []
    VideoTag.objects.bulk_create(VideoTag(video_id=many[0], name=f"many {number:02}", added_by=user) for number in range(20))
    assert suggestions(caller(user), "many") == [f"many {number:02}" for number in range(10)]

"""Other videos of the same prompt are found by the digest of its text."""

from __future__ import annotations

import pytest

from access.callers import Caller
from generation.models import Prompt
from generation.queries.tasks import versions_of
from tests.web.page_rows import make_video

pytestmark = pytest.mark.postgresql

LONG = "水墨远山，云雾缓缓流动。" * 834


@pytest.mark.parametrize("text", ["a boat", LONG])
def test_videos_of_the_same_text_are_versions_of_each_other(user, other_user, text):
    first, second = (make_video(user, prompt=text, title="") for _ in range(2))
    make_video(user, prompt=f"{text} ", title="")
    make_video(other_user, prompt=text, title="")

    assert versions_of(Caller(user=user), first) == [first, second]


def test_videos_without_a_prompt_are_not_versions_of_each_other(user):
    first, _other = make_video(user, prompt=""), make_video(user, prompt="")

    assert versions_of(Caller(user=user), first) == [first]


def test_every_way_to_store_a_prompt_sets_its_digest(user):
    saved = Prompt.objects.create(owner=user, text=LONG)
    Prompt.objects.bulk_create([Prompt(owner=user, text=LONG)])

    assert len(LONG) > 10_000
    assert list(Prompt.objects.filter(digest=saved.digest).values_list("text", flat=True)) == [LONG, LONG]

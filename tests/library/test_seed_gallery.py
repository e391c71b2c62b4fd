"""manage.py seed_gallery makes rows as the portal has them."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from access.callers import Caller
from generation.models import Video
from library.filters import WallFilter
from library.index import index_waiting
from library.wall import wall_count, wall_page

pytestmark = pytest.mark.postgresql


def test_seeded_videos_are_on_the_wall_in_order_and_wait_for_nothing(staff):
    with pytest.raises(CommandError):
        call_command("seed_gallery", "5")
    call_command("seed_gallery", "40", "--yes")
    everything = wall_page(Caller(user=staff), WallFilter())[0]

    assert (len(everything), index_waiting()) == (40, 0)
    assert everything == list(Video.objects.order_by("-created_at"))
    assert 0 < wall_count(Caller(user=staff), WallFilter(shape="tall")) < 40

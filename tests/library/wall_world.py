"""People, their videos and what was made of them, for tests of the wall."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import uuid4

from django.contrib.auth.models import Group, User
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import Video
from library.index import index_waiting
from library.models import Collection, CollectionItem, VideoTag
from tests.task_rows import make_task
from tests.web.page_rows import KLING, WAN, make_video

ROWS = 60
BATCH = uuid4()
PROMPTS = ["a red fox in the snow", "水墨远山，晨雾", "晨雾里的 red 灯笼", "lanterns at dusk", "4K 画质 koi"]
DAY = timedelta(days=1)


class World:
    """People, their videos and what was made of them; the order of the rows is that of their ids."""

    def __init__(self) -> None:
        chance = random.Random(16)
        self.people = [User.objects.create_user(name, first_name=name.title()) for name in ("ada", "bo", "chen")]
        self.films, self.shop = Group.objects.create(name="films"), Group.objects.create(name="shop")
        self.people[0].groups.add(self.films)
        self.people[1].groups.set([self.films, self.shop])
        self.boss = User.objects.create_superuser("boss")
        self.open, self.hidden = (
            Collection.objects.create(owner=self.people[0], name=name, is_hidden=name == "drafts") for name in ("best", "drafts")
        )
        self.start = timezone.now() - ROWS * DAY
        for number in range(ROWS):
            self._add(number, chance)
        index_waiting(lasting_s=60)

    def _add(self, number: int, chance: random.Random) -> None:
        owner, team = chance.choice(self.people), chance.choice([None, self.films, self.shop])
        task = make_task(
            owner,
            status=Status.SUCCEEDED,
            team=team,
            prompt=chance.choice(PROMPTS),
            model=chance.choice([KLING, WAN]),
            content_id=chance.choice(["", "SKU 7", "sku 7", "lamp&co"]),
            batch_id=chance.choice([None, BATCH]),
        )
        width, height = chance.choice([(1280, 720), (720, 1280), (960, 960), (1920, 1080), (3840, 2160), (640, 480)])
        facts = [None, {"black_s": 3.0, "black_share": 0.1}, {"frozen_s": 2.5}, {"silent": True, "sound_ordered": True}, {"silent": True}]
        video = make_video(
            owner,
            task=task,
            team=team,
            title=chance.choice(["", "Final cut", "定稿"]),
            width_px=width,
            height_px=height,
            duration_s=chance.choice([4.0, 5.04, 8.0, 10.01, 15.0]),
            favourite=chance.random() < 0.4,
            rating=chance.choice([None, 1, 3, 5]),
            review_state=chance.choice(["", "wanted", "approved", "rejected"]),
            quality=chance.choice(facts),
            deleted_at=chance.choice([None] * 5 + [timezone.now()]),
        )
        Video.objects.filter(pk=video.pk).update(created_at=self.start + number * DAY)
        for tag in chance.sample(["summer sale", "夏季"], chance.randint(0, 2)):
            VideoTag.objects.create(video=video, name=tag)
        if place := chance.choice([None, self.open, self.hidden]):
            CollectionItem.objects.create(collection=place, video=video, position=number)

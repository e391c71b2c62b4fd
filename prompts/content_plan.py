"""Plans posts: for each topic and platform a prompt, a caption and a time. Nothing is stored or ordered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as clock_time

from django.contrib.auth.models import User
from django.utils import timezone

from prompts.enhance import caption
from prompts.instructions import language_of
from prompts.making import Made, make
from prompts.platforms import Platform
from prompts.styles import Style
from prompts.templates.built_in import BUILT_IN
from providers.core.messages import Message, say

__all__ = ["MOST_POSTS", "Plan", "Post", "plan_posts", "with_captions"]

MOST_POSTS = 60
CAPTIONS_S = 60
"""How long captions are asked for, one after another; the page or the program waits for them."""
MOST_FAILURES = 2
"""After so many failures in a row the language model is not asked again."""


@dataclass(frozen=True, kw_only=True)
class Post:
    """A post: `caption` is empty until a language model has written it."""

    topic: str
    platform: Platform
    made: Made
    at: datetime
    caption: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Posts by time. `reason` says why captions are missing."""

    posts: tuple[Post, ...]
    reason: Message


def plan_posts(
    topics: Sequence[str], platforms: Sequence[Platform], *, first_day: date, every_days: int = 1, style: Style | None = None
) -> tuple[Post, ...]:
    """Return a post for each topic and platform, each topic on a day of its own, in the current time zone. Words are in the topic's
    language. Raises `InvalidRequest` for a topic that no template takes.
    """
    posts = []
    for number, topic in enumerate(topics):
        template = BUILT_IN["about", language_of(topic)]
        day = first_day + timedelta(days=number * every_days)
        for platform in platforms:
            hour = platform.posts_at[number % len(platform.posts_at)]
            at = timezone.make_aware(datetime.combine(day, clock_time(hour)))
            made = make(language=template.language, template=template, values={"title": topic}, style=style, platform=platform)
            posts.append(Post(topic=topic, platform=platform, made=made, at=at))
    return tuple(sorted(posts, key=lambda post: post.at))


def with_captions(posts: Sequence[Post], *, owner: User, within_s: float = CAPTIONS_S) -> Plan:
    """Let a language model write the captions, as many as it does in this time; the reason says what becomes of the others."""
    until, failures, reason, done = time.monotonic() + within_s, 0, Message(), []
    for post in posts:
        if failures >= MOST_FAILURES or time.monotonic() > until:
            done.append(post)
            continue
        name = post.platform.name[language_of(post.topic)]
        written = caption(f"{post.topic}\n{post.made.text}", owner=owner, platform=name)
        failures = 0 if written.by else failures + 1
        reason = written.reason or reason
        done.append(replace(post, caption=written.text) if written.by else post)
    count = sum(bool(post.caption) for post in done)
    if count < len(done) and not reason:
        reason = say("captions_late", count=count, all=len(done))
    return Plan(posts=tuple(done), reason=reason)

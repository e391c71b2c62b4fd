"""/prompts/plan: a prompt, a caption and a time for each topic and platform. Nothing is ordered or stored."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import ConfigDict, Field, StrictBool

from access.scopes import Scope
from api.auth import caller, needs
from api.fields import EXACT, TEXT
from api.idempotency import idempotent
from api.v1.schemas import ErrorOut
from api.v1.writing import ReasonOut, reason_out
from generation.errors import InvalidRequest
from prompts.content_plan import MOST_POSTS, Plan, plan_posts, with_captions
from prompts.platforms import PLATFORMS
from prompts.signed import pack
from prompts.templates import own
from providers.core.messages import Message

__all__ = ["router"]

router = Router(tags=["prompts"])

Topic = Annotated[str, Field(min_length=1, max_length=500, pattern=TEXT, examples=["the first snow in Beijing"])]
Id = Annotated[str, Field(max_length=40, pattern=TEXT, examples=["tiktok"])]


class PlanIn(Schema):
    """Topics and platforms, at most 60 posts. Each topic has a day of its own; times are proposals, in UTC."""

    model_config = ConfigDict(extra="forbid")

    topics: Annotated[list[Topic], Field(min_length=1, max_length=MOST_POSTS)]
    platforms: Annotated[list[Id], Field(min_length=1, max_length=20, description="Of GET /platforms.")]
    style: Annotated[str, Field(max_length=40, pattern=TEXT)] = ""
    first_day: date | None = Field(None, description="Without one, tomorrow.", examples=[None])
    every_days: Annotated[int, Field(ge=1, le=90), EXACT] = 1
    captions: StrictBool = Field(True, description="Let a language model write captions; the answer takes up to a minute longer.")


class PostOut(Schema):
    """A post. `prompt` and `signed` (as `made_from`) go into POST /tasks. `caption` is empty where none was written."""

    topic: str
    platform: str
    prompt: str
    caption: str
    post_at: datetime
    made_from: dict[str, Any]
    signed: str


class PlanOut(Schema):
    """The posts by time, and why captions are missing."""

    posts: list[PostOut]
    reason: ReasonOut | None


@router.post(
    "/plan",
    response={200: PlanOut, 404: ErrorOut, 422: ErrorOut},
    summary="Plan posts for topics and platforms",
    auth=needs(Scope.GENERATE),
)
@idempotent
def plan_content(request: HttpRequest, body: PlanIn) -> PlanOut:
    """Return a prompt, a caption and a time for each topic and platform. Orders nothing."""
    asking = caller(request)
    if len(body.topics) * len(body.platforms) > MOST_POSTS:
        raise _wrong("topics", _("At most %(most)d posts.") % {"most": MOST_POSTS})
    if unknown := [one for one in body.platforms if one not in PLATFORMS]:
        raise _wrong("platforms", _("There is no platform “%(name)s”.") % {"name": unknown[0]})
    today = timezone.localdate()
    first_day = body.first_day or today + timedelta(days=1)
    if not today - timedelta(days=1) <= first_day <= today + timedelta(days=730):
        raise _wrong("first_day", _("Choose a day between today and two years from now."))
    try:
        posts = plan_posts(
            body.topics,
            [PLATFORMS[one] for one in body.platforms],
            first_day=first_day,
            every_days=body.every_days,
            style=own.find_style(asking, body.style) if body.style else None,
        )
    except InvalidRequest as wrong:
        raise _wrong("topics", next(iter(wrong.fields.values()))) from wrong
    plan = with_captions(posts, owner=asking.user) if body.captions else Plan(posts=posts, reason=Message())
    shown = [
        PostOut(
            topic=post.topic,
            platform=post.platform.id,
            prompt=post.made.text,
            caption=post.caption,
            post_at=post.at,
            made_from=dict(post.made.made_from),
            signed=pack(post.made),
        )
        for post in plan.posts
    ]
    return PlanOut(posts=shown, reason=reason_out(plan.reason))


def _wrong(field: str, words: str) -> InvalidRequest:
    return InvalidRequest(_("Some fields cannot be used as they are."), fields={field: words})

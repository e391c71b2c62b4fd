"""Earlier videos like an order, as the Studio offers them before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from pydantic import ValidationError

from access.callers import Caller
from generation.queries.similar import similar_to
from providers.models import ProviderAccount
from web.forms import ComposeForm
from web.presenters.videos import Poster, poster_of
from web.presenters.words import title_and_language

__all__ = ["Offer", "offers_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A video that may be used instead of a new one."""

    href: str
    title: str
    title_lang: str
    poster: Poster | None
    tint: str
    at: datetime
    is_same: bool


def offers_of(form: ComposeForm, caller: Caller, accounts: Sequence[ProviderAccount]) -> list[Offer]:
    """Return earlier videos like what the form would order; none while its settings cannot be used."""
    try:
        params = form.spec.params.model_validate(form.params).model_dump(mode="json")
    except ValidationError:
        return []
    found = similar_to(caller, form.spec, params, form.cleaned_data.get("prompt", ""), form.pictures, accounts=accounts)
    offers = []
    for one in found:
        title, language = title_and_language(one.video.task)
        offers.append(
            Offer(
                href=reverse("video", args=[one.video.pk]),
                title=title,
                title_lang=language,
                poster=poster_of(one.video),
                tint=one.video.colour,
                at=one.video.created_at,
                is_same=one.is_same,
            )
        )
    return offers

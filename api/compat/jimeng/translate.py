"""The service that a Dify workflow calls for Jimeng's videos (FastAPI, `POST /jimeng/generate_video/`): fields, answers, refusals. Pure.

Its published source: a prompt, `aspect_ratio`, `duration_ms` and `fps`; 200 `{"video_url", "task_id"}`; errors `{"detail"}`, of fields
FastAPI's list. 401 without a token or with another scheme, 403 for a wrong token. It answers 500 for every other failure; here the status
says what happened, because its callers look for "not 200" only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from api.compat.choices import number
from api.errors import Failure
from generation.errors import InvalidRequest
from generation.lifecycle import Status

__all__ = ["STATES", "USUAL_MODELS", "Asked", "asked_of", "refusal"]

USUAL_MODELS = ("jimeng/seedance-2.0-fast", "jimeng/seedance-2.0-mini", "jimeng/seedance-2.0", "jimeng/seedance-2.5")
MILLISECONDS = 1000
TEXTS = ("prompt", "aspect_ratio", "model", "negative_prompt", "resolution", "image_url")
NUMBERS = ("duration_ms", "fps", "seed")
TOKEN_WORDS = {
    "token_missing": (401, "Missing Authorization Header"),
    "token_unreadable": (401, "Invalid Authorization Scheme"),
    "token_refused": (403, "Invalid or Expired Token"),
}
STATES: Mapping[Status, str] = {
    Status.QUEUED: "queued",
    Status.SUBMITTING: "processing",
    Status.RUNNING: "processing",
    Status.INGESTING: "processing",
    Status.NEEDS_REVIEW: "processing",
    Status.SUCCEEDED: "completed",
    Status.FAILED: "failed",
    Status.CANCELLED: "failed",
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request asks for; `options` are under the portal's names."""

    prompt: str
    model: str = ""
    image: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


def asked_of(body: Mapping[str, Any]) -> Asked:
    """Read a body: the service's fields, and the portal's for further options. Others are ignored, as FastAPI does.

    Raises `InvalidRequest`.
    """
    wrong = {name: _("A text is needed here.") for name in TEXTS if not isinstance(body.get(name, ""), str)}
    wrong |= {name: _("A number is needed here.") for name in NUMBERS if name in body and number(body[name]) is None}
    if "prompt" not in body:
        wrong["prompt"] = _("This is needed.")
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)
    options = {
        "aspect_ratio": body.get("aspect_ratio", "16:9"),
        "duration_s": (number(body.get("duration_ms", 5_000)) or 0) / MILLISECONDS,
        **{name: body.get(name) for name in ("fps", "negative_prompt", "resolution", "seed")},
    }
    return Asked(prompt=body["prompt"], model=body.get("model", ""), image=body.get("image_url", ""), options=options)


def refusal(failure: Failure) -> tuple[int, Any]:
    """Return a failure as FastAPI shows it."""
    if failure.code in TOKEN_WORDS:
        status, words = TOKEN_WORDS[failure.code]
        return status, {"detail": words}
    if failure.fields:
        return failure.status, {"detail": [_in_list(place, words) for place, words in failure.fields.items()]}
    return failure.status, {"detail": failure.message}


def _in_list(place: str, words: str) -> dict[str, Any]:
    return {"type": "value_error", "loc": ["body", *place.split(".")], "msg": words}

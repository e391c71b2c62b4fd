"""How dialects order and wait: `order`, which is `generation.ordering.create`, and `held`, the answer that waits for its task."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.http.response import HttpResponseBase

from api.compat.dialect import Call
from api.compat.fit import Fit
from database import clock
from delivery.waiting import answer_later
from generation.lifecycle import RESTING, Status
from generation.models import Asset, GenerationTask, Prompt
from generation.ordering.create import Placed, create
from generation.ordering.order import Order, digest_of
from providers.core.catalog import ModelSpec

__all__ = ["ENDED_BADLY", "NO_KEY", "PATIENCE", "REPEATED_WITHIN", "Key", "fingerprint", "held", "order", "repeat_key"]

REPEATED_WITHIN = timedelta(minutes=2)
"""A client that gives up a request repeats it within this time; a person who wants another video of the same words takes longer."""
PATIENCE = timedelta(minutes=15)
"""How long a task that is being made is found by a client that gives up waiting and orders again: `ai` does after 10 minutes."""
JUST_ENDED = timedelta(seconds=30)
"""Clients pause for a few seconds before they try again, and the task may end in that pause."""
ENDED_BADLY = frozenset({Status.FAILED, Status.CANCELLED})
FIRST = "0" * 32


class Key(NamedTuple):
    """The idempotency key of a create, empty for none. `is_new`: it has probably made no task; `task` is the one that it has made."""

    value: str = ""
    is_new: bool = False
    task: GenerationTask | None = None


NO_KEY = Key()


def order(
    call: Call,
    spec: ModelSpec,
    *,
    prompt: str,
    fitted: Fit,
    inputs: Mapping[str, Sequence[Asset]] | None = None,
    key: Key = NO_KEY,
    **names: Any,
) -> Placed:
    """Order one video in the caller's name. `names`: content_id, callback_url, callback_shape, external_id, metadata.

    A `key` that was made from the body stands for all of it: the same body may mean another model by now, or an image that has changed.
    Raises what `create` raises.
    """
    given = call.idempotency_key
    return create(
        Order(
            owner=call.caller.user,
            token=call.caller.token,
            source=Prompt.Source.API,
            model=spec.name,
            prompt=prompt,
            params=fitted.params,
            inputs=inputs or {},
            idempotency_key=key.value or given,
            intent=digest_of(key.value) if key.value not in ("", given) else "",
            key_is_new=key.is_new,
            **names,
        )
    )


def fingerprint(call: Call) -> str:
    """Return a digest of token, address and body. The boundary of a form differs each time and does not count."""
    assert call.caller.token, "sessions open no dialect"
    files = {name: hashlib.file_digest(file, "sha256").hexdigest() for name, file in call.files.items()}
    for file in call.files.values():
        file.seek(0)
    return digest_of(call.dialect, call.caller.token.line_id, call.request.path.rstrip("/"), dict(call.body), files)


def repeat_key(call: Call, *, while_made: timedelta = REPEATED_WITHIN) -> Key:
    """Return the idempotency key of a request whose client may repeat it without one: the client's own if it has one; else that of the same
    body of the same token a short time ago, unless its task failed; else a new one. Two such requests at once get one key.

    `while_made`: how long ago it may be if its task is still being made, or has just ended, for clients that order again after each wait.

    Of clients that send equal requests for several videos, see `api.compat.retries`.
    """
    if call.idempotency_key:
        return Key(call.idempotency_key)
    digest, now = fingerprint(call), clock.now()
    # hex digits alone, so that every collation finds them in the index; SQLite's needs the condition of the partial one
    made = GenerationTask.objects.filter(owner=call.caller.user, idempotency_key__range=(digest + FIRST, digest + "f" * 32))
    columns = ("id", "status", "created_at", "finished_at", "idempotency_key")
    newest = made.exclude(idempotency_key="").order_by("-id").values_list(*columns)
    for task_id, status, created_at, finished_at, key in newest[:1]:  # Django takes as long for whole rows as for half of the order
        is_awaited = created_at > now - while_made and (finished_at or now) > now - JUST_ENDED
        if status not in ENDED_BADLY and (is_awaited or created_at > now - REPEATED_WITHIN):
            return Key(key)
        return Key(digest + task_id.hex, is_new=True)
    return Key(digest + FIRST, is_new=True)


def held(
    call: Call, task: GenerationTask, answer: Callable[[Call, GenerationTask], HttpResponseBase], *, wait_s: int | None = None
) -> HttpResponseBase:
    """Return `answer(call, task)` when the task has ended or is in review, or after `wait_s` seconds; PORTAL_HELD_ANSWER_S at most.

    `answer` gets a call without its body, and the task as it is then, with its videos. It must not refer to this call: it may run much
    later, in another thread (`delivery.waiting`). It runs at once where too many requests wait.
    """
    patience = settings.HELD_ANSWER_S if wait_s is None else min(wait_s, settings.HELD_ANSWER_S)
    if not patience or task.status in RESTING:
        return answer(call, task)
    show = partial(_answer_about, task_id=task.pk, answer=answer)
    return answer_later(call.request, task, patience, show, by=call.caller) or show(call)


def _answer_about(call: Call, *, task_id: UUID, answer: Callable[[Call, GenerationTask], HttpResponseBase]) -> HttpResponseBase:
    return answer(call, call.task(task_id))

"""Orders the same video again: after a failure, or once more."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from access.models import ApiToken
from generation.actions.cancel import require_rights
from generation.errors import Conflict
from generation.models import GenerationTask, Prompt
from generation.ordering.create import create_once, replay, request_digest
from generation.ordering.page_keys import stored_key

__all__ = ["retry_from_page", "retry_task"]


def retry_task(task: GenerationTask, *, by: User, token: ApiToken | None = None, idempotency_key: str = "") -> GenerationTask:
    """The same request as a new task, for one that ended without a video, or once more for one that has it (Run again).

    A repeat under the same key gives the first new task again.
    """
    require_rights(task, by)
    digest = request_digest("retry", str(task.pk)) if idempotency_key else ""
    known = replay(by, idempotency_key, digest)
    if known is not None:
        return known
    if not task.is_terminal:
        raise Conflict(_("This task is still going on."), code="still_going_on")
    source = Prompt.Source.API if token else Prompt.Source.TYPED
    return create_once(
        owner=by,
        token=token,
        model=task.model,
        prompt=task.prompt.text,
        params=task.params,
        inputs=task.images(),
        source=source,
        metadata=task.metadata,
        idempotency_key=idempotency_key,
        digest=digest,
        retry_of=task,
    )


def retry_from_page(task: GenerationTask, *, by: User, page: UUID) -> tuple[GenerationTask, bool]:
    """Retry for a button of the page with this key. Return the new task, and whether it is new: what this person retried since the page was
    rendered is not retried again.
    """
    since = GenerationTask.objects.filter(owner=by, retry_of=task, id__gt=page).order_by("-id").first()
    if since is not None:
        return since, False
    return retry_task(task, by=by, idempotency_key=stored_key(page, "retry", task.pk)), True

"""Orders the same video again: after a failure, or once more."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from access.callers import Caller
from generation.actions.rights import require_rights
from generation.errors import Conflict
from generation.models import GenerationTask, Prompt
from generation.ordering.create import Placed, create, made_before
from generation.ordering.order import Order, digest_of
from generation.ordering.page_keys import stored_key

__all__ = ["retry_from_page", "retry_task"]


def retry_task(task: GenerationTask, *, by: Caller, idempotency_key: str = "") -> Placed:
    """Order the same video as a new task: after one that ended without a video, or once more for one that has it (Run again).

    A repeat under the same key returns the first new task. What someone else orders again is their own task: the first owner's callback
    address gets no request about it (docs/adr/0038).
    """
    require_rights(task, by)
    order = Order(
        owner=by.user,
        team=task.team if task.team_id in by.teams else None,
        paying_team=task.paying_team if task.paying_team_id in by.teams else None,
        token=by.token,
        model=task.model,
        prompt=task.prompt.text,
        params=task.params,
        inputs=task.images(),
        source=Prompt.Source.API if by.token else Prompt.Source.TYPED,
        content_id=task.content_id,
        callback_url=task.callback_url if task.owner_id == by.user.pk else "",
        callback_shape=task.callback_shape if task.owner_id == by.user.pk else "",
        metadata=task.metadata,
        idempotency_key=idempotency_key,
        intent=digest_of("retry", task.pk),
        retry_of=task,
    )
    if not task.is_terminal and made_before(order) is None:
        raise Conflict(_("This task is still going on."), code="still_going_on")
    return create(order)


def retry_from_page(task: GenerationTask, *, by: Caller, page: UUID) -> Placed:
    """Retry for a button of the page with this key. What this person retried since the page was rendered is not retried again."""
    since = GenerationTask.objects.filter(owner=by.user, retry_of=task, id__gt=page).order_by("-id").first()
    if since is not None:
        return Placed(since, is_new=False)
    return retry_task(task, by=by, idempotency_key=stored_key(page, "retry", task.pk))

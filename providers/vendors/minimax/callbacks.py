"""Reads MiniMax's callbacks, and its challenge, which comes before the first one and must be repeated. Nothing is signed. Pure.

MiniMax platform documents, video generation v1 and v2, callback_url (https://platform.minimax.io/docs/api-reference/video-generation-t2v);
read 2026-11-20. The challenge must come back within 3 seconds; v1 sends it by POST, v2 does not say how.
"""

from __future__ import annotations

from providers.core.callbacks import Callback, Notice, name_of
from providers.core.replies import object_of

__all__ = ["notice_of"]


def notice_of(callback: Callback) -> Notice:
    """Return the task, or the answer to a challenge. The id is at the top in v1, inside `task` in v2, as in a query."""
    fields = callback.fields
    for challenge in (fields.get("challenge"), callback.query.get("challenge")):
        if isinstance(challenge, (str, int)):
            return Notice(answer={"challenge": challenge})
    return Notice(submission_id=name_of(fields.get("task_id"), object_of(fields, "task").get("id")))

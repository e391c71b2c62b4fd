"""Reads Ark's callbacks: the body is that of a query, nothing is signed. Pure.

Volcengine Ark documents, "create a video generation task", callback_url (https://www.volcengine.com/docs/82379/1520757); read 2026-11-20.
"""

from __future__ import annotations

from providers.core.callbacks import Callback, Notice, name_of

__all__ = ["notice_of"]


def notice_of(callback: Callback) -> Notice:
    return Notice(submission_id=name_of(callback.fields.get("id")))

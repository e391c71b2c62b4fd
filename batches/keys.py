"""Finds the batch that an Idempotency-Key has made."""

from __future__ import annotations

from access.callers import Caller
from batches.models import Batch
from generation.ordering.create import key_reused

__all__ = ["made_before"]


def made_before(by: Caller, key: str, digest: str) -> Batch | None:
    """Return the batch that this key of the caller has made, None without one. Raise `InvalidRequest` if its request was another."""
    batch = Batch.objects.filter(owner=by.user, idempotency_key=key).exclude(idempotency_key="").first()
    if batch is not None and batch.request_digest != digest:
        raise key_reused()
    return batch

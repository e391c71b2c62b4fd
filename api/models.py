"""Answers that are kept for requests sent again under their Idempotency-Key, and creates whose retries name no key."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from uuid_utils.compat import uuid7


class SavedAnswer(models.Model):
    """The answer to a POST with an Idempotency-Key, byte for byte; while `http_status` is null, the claim of the request that makes it.

    A claim whose `locked_until` has passed belongs to a process that died: another request takes it over and raises `claim`, which every
    write checks. `digest` is the request's: another one under the same key is refused.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    claim = models.PositiveIntegerField(default=1)
    locked_until = models.DateTimeField()
    http_status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(default=b"")
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="answer_once_per_key")]

    def __str__(self) -> str:
        return self.key


class RepeatableCreate(models.Model):
    """A create of a client that repeats requests and does not say which one it repeats (`api.compat.retries`).

    `digest` is of token, address and body. `tries` tells the requests that belong to it apart; `retries` is the highest of their counts of
    retries, 0 where the client sends none. `seen_at` is the time of the last one, `told_at` when a client was told how the task ended.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    digest = models.CharField(max_length=64)
    retries = models.PositiveSmallIntegerField()
    tries = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    created_at = models.DateTimeField(db_index=True)
    seen_at = models.DateTimeField(db_default=Now())
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["digest", "retries"], name="repeatable_by_digest")]

    def __str__(self) -> str:
        return str(self.pk)

"""What live updates read of a task, every few seconds for every open page: a plain row, since a model instance costs four times as much."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from generation.lifecycle import TERMINAL, Status
from providers.core.catalog import ModelSpec, vendor_of
from providers.core.messages import Message
from providers.vendors import ALL_MODELS

__all__ = ["TaskNews"]


class TaskNews(NamedTuple):
    """The columns of a `GenerationTask` from which its line of text is made."""

    id: UUID
    owner_id: int
    model: str
    status: str
    progress: int | None
    due_at: datetime | None
    lease_owner: str
    failures: int
    wait_reason: Message
    is_bound: bool
    account_id: UUID | None
    created_at: datetime
    priority: int
    accepted_at: datetime | None
    cancel_requested_at: datetime | None
    submission_id: str
    attempt_count: int
    error_code: str
    only: str
    batch_id: UUID | None

    @property
    def state(self) -> Status:
        return Status(self.status)

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL

    @property
    def vendor(self) -> str:
        return vendor_of(self.model)

    @property
    def spec(self) -> ModelSpec | None:
        return ALL_MODELS.get(self.model)

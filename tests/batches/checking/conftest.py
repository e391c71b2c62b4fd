"""An uploaded batch, and the steps that check it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from access.callers import Caller
from batches.check_step import check
from batches.models import Batch, State
from batches.upload import upload

MODEL = "kling/kling-v2-5-turbo"


@pytest.fixture
def uploaded(user) -> Callable[..., Batch]:
    """Return a function that uploads a file as this person would; `model` is for all rows."""

    def make(content: bytes | str, *, archive: io.BytesIO | None = None, **more: Any) -> Batch:
        file = io.BytesIO(content.encode() if isinstance(content, str) else content)
        defaults = {"model": MODEL} | more.pop("defaults", {})
        return upload(by=Caller(user=user), file=file, file_name="../rows.csv", archive=archive, defaults=defaults, **more)

    return make


@pytest.fixture
def checked(uploaded, sandbox_accounts) -> Callable[..., Batch]:
    """Return a function that uploads a file and checks it to the end."""

    def make(content: bytes | str, **more: Any) -> Batch:
        return to_the_end(uploaded(content, **more))

    return make


def to_the_end(batch: Batch) -> Batch:
    """Do steps until the batch is checked or refused."""
    for _turn in range(5):
        check(Batch.objects.select_related("owner", "token").get(pk=batch.pk))
        batch.refresh_from_db()
        if batch.state != State.CHECKING:
            return batch
    raise AssertionError("it is not checked after 5 steps")


def lines(*items: dict[str, Any]) -> str:
    return "\n".join(map(json.dumps, items))

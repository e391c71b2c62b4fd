"""`Order`: one video that a caller wants, as a value. Pages, API, commands and retries build it; only `create.py` stores it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group, User

from access.models import ApiToken
from generation.models import GenerationTask, Prompt
from generation.ordering.validate import Inputs

__all__ = ["Order", "digest_of"]


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order: what is wanted, for whom, and the caller's own names for it.

    A repeat with the same `idempotency_key` and owner is answered with the first task; `key_is_new` says that there is probably none, which
    saves a query. `intent` is the digest of what the key means if that
    is more than this order: a form of several videos, the retry of a task.
    """

    owner: User
    team: Group | None = None
    """Whose members see it (`generation/actions/share.py`)."""
    paying_team: Group | None = None
    """Whose budget and usage count it, if not as the owner's preferences say."""
    model: str
    prompt: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Inputs = field(default_factory=dict)
    token: ApiToken | None = None
    source: str = Prompt.Source.TYPED
    content_id: str = ""
    callback_url: str = ""
    callback_shape: str = ""
    external_id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    idempotency_key: str = ""
    key_is_new: bool = False
    intent: str = ""
    retry_of: GenerationTask | None = None
    made_from: Mapping[str, Any] = field(default_factory=dict)
    """How the prompt came to be (docs/adr/0051)."""
    batch_id: UUID | None = None
    task_id: UUID | None = None
    """The id for its task, chosen before; money is already set aside for it (docs/adr/0050)."""
    priority: int = 0
    collection_id: UUID | None = None
    """The collection that its videos go into; its owner may fill it now, and is asked again then."""
    cache: bool | None = None
    """Whether a stored video of an equal order will do; None: as token and model say (`ordering/stored.py`)."""

    @property
    def digest(self) -> str:
        """Return a fingerprint that distinguishes a repeat from another request with the same key.

        Stored tasks keep theirs, so a field that was added to orders later counts only if it is set.
        """
        teams = {name: str(team.pk) for name, team in (("team", self.team), ("paying_team", self.paying_team)) if team}
        later = {"content_id": self.content_id, "callback_url": self.callback_url, "callback_shape": self.callback_shape} | teams
        later |= {} if self.cache is None else {"cache": str(self.cache)}
        later |= {} if self.collection_id is None else {"collection": str(self.collection_id)}
        return self.intent or digest_of(
            {name: text for name, text in later.items() if text}
            | {
                "model": self.model,
                "prompt": self.prompt,
                "params": dict(self.params),
                "inputs": {slot: [asset.pk for asset in assets] for slot, assets in self.inputs.items()},
                "external_id": self.external_id,
                "metadata": dict(self.metadata),
            }
        )


def digest_of(*parts: Any) -> str:
    """Return a fingerprint of these JSON values; UUIDs count as text."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()

"""The settings: how long things take and how much a key may do. Set at start and by `POST /_control/settings`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from providers.simulator.json_values import is_number

USUAL_RENDER_S = 6.0
SPREAD = 0.15


@dataclass(frozen=True, kw_only=True)
class Tuning:
    queue_s: float = 1.0
    render_s: float | None = None
    """None: about six seconds, with a spread that the task's number decides."""
    speed: float = 1.0
    """Divides queue and render time, but no lifetimes: dates must agree with the caller's."""
    slots: int = 10_000
    """Unfinished tasks that one key may have."""
    result_ttl_s: float | None = None
    """None: the vendor's own, such as 24 hours at DashScope and 30 days at Kling. So is `task_ttl_s`."""
    task_ttl_s: float | None = None
    poll_after_s: float = 1.0
    """How long a vendor that answers `openai-poll-after-ms` asks for no poll, unless the state changes sooner."""
    hang_s: float = 600.0
    """How long an answer that hangs is held back."""
    drip_s: float = 10.0
    """How long a `media-slow` download takes in all."""
    token_clock_behind_s: float = 0.0
    """How far the clock that checks Kling's signed tokens is behind that of its `Date` headers."""
    strict_sign: int = 0
    """1: Jimeng's web site computes `sign` and compares it."""
    webhook_secret: str = ""
    """`whsec_<base64>`, or several with spaces between: callbacks are signed with each."""
    webhook_age_s: float = 0.0
    """How many seconds before now the signatures of callbacks are dated."""

    def changed(self, changes: Mapping[str, Any]) -> Tuning:
        """Return a copy with the changes. Raise ValueError naming what is unknown or not a number."""
        known = {field.name for field in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"unknown setting {name!r}")
            if name != "webhook_secret" and value is not None and not (is_number(value) and value >= 0):
                raise ValueError(f"{name} must be a number of at least 0")
        return replace(self, **changes)

    def render_time_s(self, number: int) -> float:
        """Return the seconds of the server's task with this number: runs in the same order take the same times."""
        if self.render_s is not None:
            return self.render_s / self.speed
        position = (number * 7919 % 101) / 100
        return USUAL_RENDER_S * (1 - SPREAD + 2 * SPREAD * position) / self.speed

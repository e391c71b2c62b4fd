"""The knobs: how long things take, how much a key may do. Set at start and by `POST /_control/settings`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

USUAL_RENDER_S = 6.0
SPREAD = 0.15


@dataclass(frozen=True, kw_only=True)
class Tuning:
    queue_s: float = 1.0
    render_s: float | None = None
    """Exactly this long; None is about six seconds with a spread that the task's number decides."""
    speed: float = 1.0
    """Divides queue and render time. Lifetimes are not touched, so that no date drifts away from the caller's."""
    slots: int = 10_000
    """Unfinished tasks that one key may have."""
    submits_per_second: int = 0
    """Per key; 0 is unlimited."""
    polls_per_second: int = 0
    """Per key; 0 is unlimited."""
    result_ttl_s: float | None = None
    """None is the vendor's own: 24 hours at DashScope, 30 days at Kling."""
    task_ttl_s: float | None = None
    poll_after_s: float = 1.0
    """How long a vendor that says so wishes not to be asked, unless something changes sooner."""
    hang_s: float = 600.0
    """How long a hanging answer is held back."""
    drip_s: float = 10.0
    """How long a dripping download takes in all."""
    strict_sign: int = 0
    """1: Jimeng's web site checks `sign` by its page's recipe."""
    webhook_secret: str = ""
    """`whsec_<base64>`; callbacks are signed when it is set, by each where several stand with spaces between."""
    webhook_age_s: float = 0.0
    """Dates signatures back."""

    def changed(self, changes: Mapping[str, Any]) -> Tuning:
        """A copy with the changes. Raises ValueError naming what is unknown or is not a number."""
        known = {field.name for field in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"unknown setting {name!r}")
            if name != "webhook_secret" and value is not None and not _is_number(value):
                raise ValueError(f"{name} must be a number of at least 0")
        return replace(self, **changes)

    def render_time_s(self, number: int) -> float:
        """`number` counts the tasks of this server, so a run with the same order gives the same times."""
        if self.render_s is not None:
            return self.render_s / self.speed
        position = (number * 7919 % 101) / 100
        return USUAL_RENDER_S * (1 - SPREAD + 2 * SPREAD * position) / self.speed


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0

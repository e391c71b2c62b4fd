"""What a clip shows, as a value that can cross to another process and name a file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Clip:
    width_px: int
    height_px: int
    duration_s: int
    text: str
    caption: str
    is_faststart: bool = True
    is_mov: bool = False
    """QuickTime with full colour and uncompressed sound, as editors want it."""

    @property
    def name(self) -> str:
        """Return a name that clips share only if they look the same."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:32]

    def tiny(self) -> Clip:
        """Return the clip for load tests: the same 64 x 64 pixels for all tasks of this length."""
        return replace(self, width_px=64, height_px=64, text="", caption="")

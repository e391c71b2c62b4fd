"""What a clip shows, as a value that can cross to another process and name a file. No drawing here."""

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

    @property
    def name(self) -> str:
        """The same for clips that look the same."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:32]

    def tiny(self) -> Clip:
        """What a load test is given instead: the same 64 x 64 pixels for every task of this length."""
        return replace(self, width_px=64, height_px=64, text="", caption="")

"""One fact on a page."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Fact"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """A line of key_values.html or of an account's card. `tone` is a CSS class; `copy_text` is what the copy button copies."""

    label: str
    value: str
    mono: bool = False
    href: str = ""
    copy_text: str = ""
    tone: str = ""

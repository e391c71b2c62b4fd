"""One fact on a page: a line of key_values.html and of an account's card."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Fact"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """`tone` is a CSS class; `copy_text` is what its copy button copies."""

    label: str
    value: str
    mono: bool = False
    href: str = ""
    copy_text: str = ""
    tone: str = ""

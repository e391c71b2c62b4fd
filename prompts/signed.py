"""How a prompt came to be, on its way through a form: signed, so that nobody makes it up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core import signing

__all__ = ["pack", "unpack"]

SALT = "prompts.made_from"


def pack(text: str, made_from: Mapping[str, Any]) -> str:
    """Return what the form carries with this text; empty for a text that was only typed."""
    return signing.dumps({"text": text, "made_from": dict(made_from)}, salt=SALT, compress=True) if made_from else ""


def unpack(packed: str, prompt: str) -> dict[str, Any]:
    """Return `Prompt.made_from` for this prompt: empty for what we never wrote, and if the person wrote something else since."""
    try:
        facts = signing.loads(packed, salt=SALT) if packed else {}
    except signing.BadSignature:
        return {}
    words, known = _words(prompt), _words(facts.get("text", ""))
    return dict(facts["made_from"]) if words and len(words & known) * 2 >= len(words) else {}


def _words(text: str) -> set[str]:
    """Return the longer words, and every two Chinese characters that follow one another: most of them stay when a text is edited."""
    return set(re.findall(r"[^\W\d_㐀-鿿]{4,}", text.lower())) | set(re.findall(r"(?=([㐀-鿿]{2}))", text))

"""Signs how a prompt was made, so that forms and programs can carry it and nobody can forge it."""

from __future__ import annotations

import re
from typing import Any

from django.core import signing

from prompts.making import Made

__all__ = ["carried", "pack", "read", "unpack"]

SALT = "prompts.made_from"
FACTS = ("text", "made_from", "own", "added", "negative_text")


def pack(made: Made) -> str:
    """Return the signed facts about this text; empty for text that was only typed."""
    return signing.dumps({name: getattr(made, name) for name in FACTS}, salt=SALT, compress=True) if made.made_from else ""


def read(packed: str) -> Made | None:
    """Return what `pack` was given; None if the signature is wrong."""
    try:
        return Made(**signing.loads(packed, salt=SALT)) if packed else None
    except (signing.BadSignature, TypeError):
        return None


def carried(packed: str, prompt: str) -> Made:
    """Return how this prompt was made; an empty `Made` if the portal did not make it, or the person has rewritten it since."""
    made = read(packed)
    return made if made and _is_in(prompt, made.text) else Made(text="")


def unpack(packed: str, prompt: str) -> dict[str, Any]:
    """Return `Prompt.made_from` for this prompt. A style or platform whose words are no longer in it is left out."""
    made = carried(packed, prompt)
    gone = {name for name, words in made.added.items() if not _is_in(words, prompt)}
    return {name: value for name, value in made.made_from.items() if name not in gone}


def _is_in(part: str, text: str) -> bool:
    """Return whether at least half of the words of `part` are in the text too: most of them stay when a text is edited."""
    words = _words(part)
    return bool(words) and len(words & _words(text)) * 2 >= len(words)


def _words(text: str) -> set[str]:
    """Return the longer words, and every two Chinese characters that follow one another."""
    return set(re.findall(r"[^\W\d_㐀-鿿]{4,}", text.lower())) | set(re.findall(r"(?=([㐀-鿿]{2}))", text))

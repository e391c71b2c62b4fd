"""Sentences for people that are kept in the database and read later, by others, in another language.

Kept twice: as English in a text column, for whoever reads the row, and beside it as the parts that it was made of, for pages. What a vendor
or a person wrote has no parts and is shown as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from django.utils.translation import gettext

from providers.core.errors import ProviderError

__all__ = ["Sentence", "in_full", "kept", "parts_of", "say", "tell"]

Part = Sequence[Any]
"""An English msgid and the facts in it, as JSON keeps them."""


class Sentence(str):
    """The English, which knows its `parts`."""

    __slots__ = ("parts",)
    parts: list[Part]

    def __new__(cls, parts: list[Part]) -> Self:
        sentence = super().__new__(cls, " ".join(_filled(text, facts) for text, facts in parts))
        sentence.parts = parts
        return sentence

    def then(self, words: str) -> Sentence:
        """The same with these words behind it."""
        return Sentence([*self.parts, *_as_parts(words)])


def say(text: str, **facts: str | int) -> Sentence:
    """`text` is marked with gettext_noop where it stands; without facts it may be anybody's words."""
    return Sentence([[text, facts]] if facts else _as_parts(text))


def in_full(error: ProviderError) -> Sentence:
    """Its words, and the vendor's code for them."""
    words = say(error.message)
    return words.then(f"[{error.vendor_code}]") if error.vendor_code else words


def kept(words: str, parts: list[Part]) -> Sentence:
    """What two columns hold."""
    return Sentence(parts or _as_parts(words))


def parts_of(words: str) -> list[Part]:
    """For the column beside the English."""
    return words.parts if isinstance(words, Sentence) else []


def tell(words: str, parts: Sequence[Part] = ()) -> str:
    """In the language of whoever reads. Rows from before parts were kept, and other people's words, have none."""
    return " ".join(_filled(gettext(text), facts) for text, facts in parts or _as_parts(words))


def _as_parts(words: str) -> list[Part]:
    if isinstance(words, Sentence):
        return words.parts
    return [[words, {}]] if words else []


def _filled(text: str, facts: dict[str, Any]) -> str:
    return text % facts if facts else text

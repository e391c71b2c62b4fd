"""What rows keep of a message for people: codes with arguments, and other people's words as they are.

The sentences are in the tables of the rooms that own them (`providers/messages.py`, `generation/messages.py`), by code. So a sentence can
be reworded and translated after it was stored (docs/adr/0017).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["SENTENCES", "Message", "Sentence", "say"]

LONGEST_TEXT = 2_000
"""Characters of other people's words that a row keeps: a gateway may send megabytes, and pages read rows every few seconds."""
SENTENCES: dict[str, str] = {}
"""English by code, of all rooms; every placeholder is a `%(name)s`."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of a table."""

    code: str
    args: Mapping[str, object] = field(default_factory=dict)

    def text(self, translate: Callable[[str], str]) -> str:
        """Fill in the sentence. The code of another version is shown with its arguments; a missing argument is an ellipsis."""
        if self.code in SENTENCES:
            return translate(SENTENCES[self.code]) % defaultdict(lambda: "…", self.args)
        facts = ", ".join(f"{name}: {value}" for name, value in self.args.items())
        return self.code.replace("_", " ").capitalize() + (f" ({facts})" if facts else "")


@dataclass(frozen=True)
class Message:
    """Sentences, and words that a vendor or a person wrote, in order. `str()` is English, for logs and programs."""

    parts: tuple[Sentence | str, ...] = ()

    @classmethod
    def of(cls, words: object) -> Message:
        """Return somebody's words, or what a column holds, as a message. Whatever it is, it can be shown; nothing raises."""
        if isinstance(words, Message):
            return words
        return cls(tuple(_part(item) for item in (words if isinstance(words, list) else [words]) if item))

    def as_json(self) -> list[object]:
        """Return `[{"code": ..., "args": {...}}, "free text"]`, each text cut at `LONGEST_TEXT`."""
        return [
            _cut(part) if isinstance(part, str) else {"code": part.code, "args": {name: _cut(arg) for name, arg in part.args.items()}}
            for part in self.parts
        ]

    def text(self, translate: Callable[[str], str] = str) -> str:
        """Return it in the language that `translate` turns the English into."""
        return " ".join(part if isinstance(part, str) else part.text(translate) for part in self.parts)

    def __add__(self, more: Message | str) -> Message:
        return Message(self.parts + Message.of(more).parts)

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __str__(self) -> str:
        return self.text()


def say(code: str, **args: str | int) -> Message:
    """Return the sentence with this code; a test checks every code and its arguments against the tables."""
    return Message((Sentence(code, args),))


def _cut(value: object) -> object:
    return value[: LONGEST_TEXT - 1] + "…" if isinstance(value, str) and len(value) > LONGEST_TEXT else value


def _part(item: object) -> Sentence | str:
    if isinstance(item, dict) and isinstance(item.get("code"), str):
        args = item.get("args")
        return Sentence(item["code"], args if isinstance(args, dict) else {})
    return item if isinstance(item, str) else str(item)

"""Declare the ways in which the hostile server misbehaves. A kind is one small function with a docstring; the modules next to this one
hold them by the stage at which they strike, and `all_kinds` collects them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.hostile.talk import Talk

__all__ = ["ALWAYS", "Kind", "Stage", "all_kinds", "declare", "kind"]

ALWAYS = 1_000_000
MODULES = ("at_connect", "at_body", "at_answer", "at_headers", "at_json", "at_words", "at_ids", "at_asks", "at_tls")


class Stage(StrEnum):
    """When a kind strikes, and by that whether the render was paid."""

    CONNECT = "at the connection, before a request: unpaid"
    SENDING = "while the paid request is read: unpaid"
    REFUSED = "after the whole paid request, before it counts: unpaid"
    PAID = "after the paid request counted: paid"
    DENIED = "after it counted, by an answer that plainly refuses it: paid"
    """What servers say before they pass a request on, or a vendor's own table calls a refusal: nothing shows that it was paid."""
    ASK = "at polls of a render that was accepted: paid"
    LOOK_UP = "at questions after a paid answer was lost: paid"
    DOWNLOAD = "at the download of a render that is done: paid"


Act = Callable[["Talk"], None]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One way to misbehave. `times`: how often it strikes one order, question or file; then it answers well."""

    name: str
    stage: Stage
    summary: str
    act: Act
    times: int = 1
    tls: bool = False
    certificate: str = "trusted"
    """Which of `certificates.Certificates` the listener shows; for `tls`."""

    @property
    def is_paid(self) -> bool:
        return self.stage not in {Stage.CONNECT, Stage.SENDING, Stage.REFUSED}


_DECLARED: dict[str, Kind] = {}


def declare(name: str, stage: Stage, summary: str, act: Act, *, times: int = 1, tls: bool = False, certificate: str = "trusted") -> None:
    """Add a kind that a family of them makes by a closure."""
    if name in _DECLARED:
        raise ValueError(f"two kinds are called {name!r}")
    _DECLARED[name] = Kind(name=name, stage=stage, summary=summary, act=act, times=times, tls=tls, certificate=certificate)


def kind(stage: Stage, *, times: int = 1, tls: bool = False, certificate: str = "trusted") -> Callable[[Act], Act]:
    """Add the function as a kind: its name with dashes, its docstring as summary."""

    def add(act: Act) -> Act:
        summary = (act.__doc__ or "").strip()
        declare(act.__name__.replace("_", "-"), stage, summary, act, times=times, tls=tls, certificate=certificate)
        return act

    return add


def all_kinds() -> dict[str, Kind]:
    """Return every kind by its name."""
    for module in MODULES:
        importlib.import_module(f"tests.hostile.{module}")
    return dict(_DECLARED)

"""Stacked bars as pages draw them, without a script: `templates/usage/_chart.html`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Bar", "Chart", "Stack", "bars_of"]

GAP = 0.2
"""How much of a bar's place stays empty."""
HEIGHT = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """What one bar shows: two amounts, and their words. `title` says all of it in one line."""

    label: str
    title: str
    lower: float
    upper: float
    lower_text: str
    upper_text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A stack's place on an axis of as many units as there are bars, and its heights of `HEIGHT`."""

    stack: Stack
    x: float
    width: float
    lower_y: float
    lower_height: float
    upper_y: float
    upper_height: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """Bars and the words around them. `top` is the amount that the highest has, `column` what a bar is, `summary` what all of them show."""

    heading: str
    summary: str
    column: str
    lower: str
    upper: str
    bars: list[Bar]
    top: str

    @property
    def first(self) -> str:
        return self.bars[0].stack.label

    @property
    def last(self) -> str:
        return self.bars[-1].stack.label


def bars_of(stacks: Iterable[Stack]) -> list[Bar]:
    """Return the bars, the highest as high as the chart."""
    found = list(stacks)
    top = max((stack.lower + stack.upper for stack in found), default=0)
    return [_bar(number, stack, HEIGHT / top if top else 0.0) for number, stack in enumerate(found)]


def _bar(number: int, stack: Stack, scale: float) -> Bar:
    lower, upper = round(stack.lower * scale, 2), round(stack.upper * scale, 2)
    return Bar(
        stack=stack,
        x=number + GAP / 2,
        width=1 - GAP,
        lower_y=HEIGHT - lower,
        lower_height=lower,
        upper_y=HEIGHT - lower - upper,
        upper_height=upper,
    )

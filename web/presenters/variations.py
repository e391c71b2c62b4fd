"""Variations and drafts as pages show them: what a set costs, what models do not take, and its videos side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.callers import Caller
from access.money import decimal
from access.rights import may
from batches.fitting import LeftOut
from batches.models import Batch, BatchRow
from batches.money import tightest_budget
from batches.variations import Plan
from generation.lifecycle import Status
from generation.models import GenerationTask
from prompts.styles import STYLES
from providers.labels import listed
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS
from web.formatting import money
from web.presenters.batches import RunRow, run_rows, tasks_of
from web.presenters.budgets import budget_card
from web.presenters.models import Quote, setting_titles
from web.presenters.videos import Tile, tile_of
from web.presenters.words import model_label, vendor_label
from web.recipe_form import reading_language

__all__ = ["SetCell", "SetGroup", "budget_words", "cost_of", "groups_of", "left_out_words", "model_choices", "set_quote"]


@dataclass(frozen=True, kw_only=True)
class SetCell:
    """A video of a set: its row, its tile once it is there, and where it can be finished. `origin` says which draft it finishes."""

    row: RunRow
    tile: Tile | None
    facts: Sequence[str]
    origin: str
    finish_url: str


@dataclass(frozen=True, kw_only=True)
class SetGroup:
    """The videos of a set in one style and on one model, by seed."""

    title: str
    cells: Sequence[SetCell]


def model_choices(accounts: Sequence[ProviderAccount]) -> list[tuple[str, str]]:
    """Return the models that these accounts offer, with their vendors where the name does not say it."""
    choices = []
    for spec in ALL_MODELS.values():
        if any(account.takes(spec) for account in accounts):
            name, vendor = model_label(spec.name), vendor_label(spec.provider)
            choices.append((spec.name, name if vendor in name else f"{name} · {vendor}"))
    return choices


def set_quote(plan: Plan, caller: Caller) -> Quote:
    """Return what the set costs, and what is left to pay it."""
    count = len(plan.rows)
    videos = ngettext("%(n)d video", "%(n)d videos", count) % {"n": count}
    known = sorted({cost for cost in plan.costs if cost})
    each = ""
    if known:
        low, high = (money(decimal(cost), settings.CURRENCY) for cost in (known[0], known[-1]))
        each = (_("%(low)s each") if low == high else _("%(low)s to %(high)s each")) % {"low": low, "high": high}
    return Quote(cost=cost_of(plan.costs), detail=listed([videos, each, budget_words(caller) if known else ""]))


def cost_of(costs: Sequence[int | None]) -> str:
    """Return what these videos cost at most together, in words."""
    unpriced, total = list(costs).count(None), sum(cost or 0 for cost in costs)
    if not unpriced and not total:
        return _("Sandbox, not billed")
    if not total:
        return _("Price not published")
    words = _("at most %(amount)s") % {"amount": money(decimal(total), settings.CURRENCY)}
    return _("%(cost)s, and %(n)d without a known price") % {"cost": words, "n": unpriced} if unpriced else words


def budget_words(caller: Caller) -> str:
    """Return what is left in the budget with the least room; empty where none counts."""
    budget = tightest_budget(caller)
    if budget is None:
        return ""
    card = budget_card(budget)
    return f"{card.title}: {card.left}"


def left_out_words(left_out: Mapping[str, Iterable[Any]]) -> list[str]:
    """Return a line for each thing that a model does not take. The values are `LeftOut` or as batches keep them."""
    titles = setting_titles()
    lines = []
    for model, ones in left_out.items():
        for one in ones:
            said = one if isinstance(one, LeftOut) else LeftOut(**one)
            name = said.field.rpartition(".")[2]
            has_words = isinstance(said.value, str | int) and not isinstance(said.value, bool) and not said.field.startswith("inputs.")
            value = f" {said.value}" if has_words else ""
            lines.append(
                _("%(model)s: %(title)s. %(why)s")
                % {"model": model_label(model), "title": f"{titles.get(name, name)}{value}", "why": said.why}
            )
    return lines


def groups_of(batch: Batch, rows: Sequence[BatchRow], caller: Caller) -> list[SetGroup]:
    """Return the videos of a set, those of one style and model together; a finished one follows its draft."""
    tasks = tasks_of(rows).in_bulk()
    shown = {row.number: one for row, one in zip(rows, run_rows(batch, rows, tasks.values(), caller), strict=True)}
    numbers = {str(row.task_id): row.number for row in batch.rows.exclude(task_id=None).only("task_id", "number")}
    groups: dict[str, list[SetCell]] = {}
    for row in sorted(rows, key=lambda row: (numbers.get(row.order.get("finishes", ""), row.number), row.number)):
        draft = numbers.get(row.order.get("finishes", ""))
        key = _title_of(row)
        if draft and (found := next((title for title, cells in groups.items() if any(one.row.number == draft for one in cells)), "")):
            key = found
        groups.setdefault(key, []).append(_cell(row, shown[row.number], tasks.get(row.task_id) if row.task_id else None, draft, caller))
    return [SetGroup(title=title, cells=cells) for title, cells in groups.items()]


def _title_of(row: BatchRow) -> str:
    style = STYLES.get(row.cells.get("style", ""))
    name = style.name[reading_language()] if style else ""
    return listed([part for part in (name, model_label(row.order.get("model", ""))) if part])


def _cell(row: BatchRow, shown: RunRow, task: GenerationTask | None, draft: int | None, caller: Caller) -> SetCell:
    videos = task.kept_videos() if task else []
    params = row.order.get("params", {})
    seed = params.get("seed")
    facts = [
        *([model_label(row.order["model"])] if draft else []),
        *([str(params["resolution"])] if params.get("resolution") else []),
        *([_("%(s)d s") % {"s": params["duration_s"]}] if isinstance(params.get("duration_s"), int) else []),
        *([_("seed %(n)s") % {"n": seed}] if seed is not None else []),
    ]
    can_finish = task is not None and task.status == Status.SUCCEEDED and not draft and may(caller, "act", row.batch)
    return SetCell(
        row=shown,
        tile=tile_of(videos[0], caller) if videos else None,
        facts=facts,
        origin=_("finished from no. %(n)d") % {"n": draft} if draft else "",
        finish_url=reverse("task-finish", args=[task.pk]) if task and can_finish else "",
    )

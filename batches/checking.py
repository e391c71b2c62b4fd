"""Turns rows into orders, checks them as orders are checked, and prices them. Keeps what is wrong with a row, so that rows with the same
fault are mended together. Stores only images; buys nothing.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from access.exchange import rate_of
from access.money import convert
from batches.images import Images, NoImage
from batches.messages import Problem, problem
from batches.models import Batch, BatchRow, RowState
from batches.reading.sheet import UNSTORABLE, Row
from batches.recipes import CHOSEN, TRUE, Recipes
from generation.errors import InvalidRequest, PortalError
from generation.models import Asset, GenerationTask
from generation.ordering.accounts import accounts_lately, is_billed
from generation.ordering.aliases import meant_by
from generation.ordering.order import digest_of
from generation.ordering.prices import current
from generation.ordering.validate import check_request, is_small, require_model, require_usable_names
from generation.tariff import ceiling
from providers.core.catalog import ModelSpec, Params, schema_of
from providers.vendors import find_model

__all__ = ["Checker", "Draft"]

SEVERAL = re.compile(r"[\n|]|[\s,;]+(?=https?://)")
FALSE = frozenset({"false", "no", "n", "0", "否", "关"})
DEEPEST = 8
"""No option is a list or an object that is nested as deep as this."""
PATIENCE_S = 60.0
"""How long the images of one row may take. The step's lease must cover this, one more fetch and one request to a language model."""


class Draft(NamedTuple):
    """A row's order before it is checked: `model`, `prompt`, `params`, `inputs`, `content_id`, `external_id`, `metadata`, `made_from`. With
    `problems` it cannot be ordered; `notes` are only shown.
    """

    number: int
    cells: Mapping[str, str]
    order: dict[str, Any]
    problems: Sequence[Problem] = ()
    notes: Sequence[Problem] = ()


class Checker:
    """Checks the rows of one batch, in their order: it remembers which orders and external ids it has seen."""

    def __init__(self, batch: Batch, images: Images) -> None:
        self.batch, self.images, self.recipes = batch, images, Recipes(batch)
        self.defaults: Mapping[str, Any] = batch.defaults
        self.targets = [(name, target) for name, target in batch.mapping.items() if target]
        self.seen: dict[str, int] = {}
        self.names: dict[str, int] = {}
        self.billed: dict[str, bool] = {}

    @cached_property
    def only(self) -> str:
        return self.batch.token.only if self.batch.token else ""

    def remember(self, number: int, order: Mapping[str, Any]) -> None:
        """Count a row that an earlier step checked."""
        self.recipes.remember(order)
        self._count(number, order)

    def _count(self, number: int, order: Mapping[str, Any]) -> None:
        self.seen.setdefault(digest_of(order), number)
        if name := order.get("external_id"):
            self.names.setdefault(name, number)

    def checked(self, drafts: Sequence[Draft]) -> list[BatchRow]:
        """Return rows for the table, in the order of the drafts."""
        taken = self._taken({draft.order["external_id"] for draft in drafts} - {""})
        return [self._checked(draft, taken) for draft in drafts]

    def _checked(self, draft: Draft, taken: Collection[str]) -> BatchRow:
        order, problems, cost = draft.order, list(draft.problems), None
        if not problems:
            problems, cost = self._check(order)
        name, digest = order.get("external_id", ""), digest_of(order)
        if name and name in self.names:
            problems.append(problem("row_external_id_twice", "external_id", row=self.names[name]))
        elif name in taken:
            problems.append(problem("row_external_id_taken", "external_id"))
        state = RowState.BAD if problems else RowState.READY
        if not problems and digest in self.seen and not self.defaults.get("keep_duplicates"):
            problems, state = [problem("row_same_as", row=self.seen[digest])], RowState.LEFT_OUT
        self._count(draft.number, order)
        told = problems or list(draft.notes)
        return BatchRow(
            batch=self.batch,
            number=draft.number,
            state=state,
            cells=dict(draft.cells),
            order=order,
            problems=told,
            repair=_repair(told, order.get("model", "")),
            cost=cost,
        )

    def _taken(self, names: Collection[str]) -> set[str]:
        """Return which of these ids the owner's tasks have."""
        if not names:
            return set()
        tasks = GenerationTask.objects.filter(owner=self.batch.owner_id, external_id__in=names).exclude(external_id="")
        return set(tasks.values_list("external_id", flat=True))

    def draft(self, row: Row) -> Draft:
        """Return the order that the cells and the defaults mean, and what keeps it from being checked. Fetches its images."""
        said: dict[str, dict[str, str]] = {"": {}, "params": {}, "inputs": {}, "metadata": {}, "variables": {}}
        for name, target in self.targets:
            if name in row.cells:
                kind, _dot, inner = target.rpartition(".") if target.count(".") < 2 else target.partition(".")
                said[kind][inner] = row.cells[name]
        plain, problems = said[""], list[Problem]()
        if row.extra:
            problems.append(problem("row_extra_cells", extra=row.extra))
        model = meant_by(plain.get("model") or self.defaults.get("model", ""))
        if not model:
            problems.append(problem("row_no_model", "model"))
        spec = find_model(model)
        with_images = {*self.defaults.get("inputs", {}), *said["inputs"]}
        made = self.recipes.made(plain, said["variables"], spec, problems, slots=with_images)
        from_template = {slot: names[0] for slot, names in made.inputs.items()}
        order: dict[str, Any] = {
            "model": spec.name if spec else model,
            "prompt": made.text,
            "params": self._params(spec, said["params"], made.params, named=bool(plain.keys() & set(CHOSEN))),
            "inputs": self._inputs(from_template | said["inputs"], problems),
            "content_id": plain.get("content_id", ""),
            "external_id": plain.get("external_id", ""),
            "metadata": {**self.defaults.get("metadata", {}), **said["metadata"]},
            "made_from": dict(made.made_from),
        }
        notes = self.recipes.enhance(order, spec) if spec and not problems and self.recipes.wants_enhancing(plain, made.text) else []
        return Draft(row.number, row.cells, order, problems, notes)

    def _params(self, spec: ModelSpec | None, said: Mapping[str, str], made: Mapping[str, Any], *, named: bool) -> dict[str, Any]:
        """Return the options: those of the row, and the defaults that the model has. What a platform or template adds is weaker than both,
        and stronger than the defaults if the row itself has `named` it.
        """
        properties = schema_of(spec.params)["properties"] if spec else {}
        defaults = {name: value for name, value in self.defaults.get("params", {}).items() if name in properties or not spec}
        usual = {**defaults, **made} if named else {**made, **defaults}
        return usual | {name: _value(text, properties.get(name, {})) for name, text in said.items()}

    def _inputs(self, said: Mapping[str, str], problems: list[Problem]) -> dict[str, list[str]]:
        wanted = dict(self.defaults.get("inputs", {})) | {slot: SEVERAL.split(text) for slot, text in said.items()}
        inputs: dict[str, list[str]] = {}
        until = time.monotonic() + PATIENCE_S
        for slot, names in wanted.items():
            inputs[slot] = []
            for name in filter(None, map(str.strip, names)):
                if time.monotonic() > until:
                    problems.append(problem("row_images_slow", f"inputs.{slot}"))
                    break
                try:
                    inputs[slot].append(str(self.images.asset_of(name)))
                except NoImage as error:
                    problems.append(problem(error.code, f"inputs.{slot}", **error.facts))
                except InvalidRequest as error:
                    problems.append(problem("refused", f"inputs.{slot}", words=error.message))
        return inputs

    def _check(self, order: dict[str, Any]) -> tuple[list[Problem], int | None]:
        """Return what is wrong with the order, and what it may cost in millionths. Right options are kept as the model takes them."""
        steps: Sequence[Callable[[], Any]] = (
            lambda: require_usable_names(content_id=order["content_id"], external_id=order["external_id"], callback_url=""),
            lambda: _require_small(order["metadata"]),
            lambda: self._accepted(order),
        )
        problems: list[Problem] = []
        cost = None
        for step in steps:
            try:
                cost = step()
            except InvalidRequest as error:
                problems += [problem("refused", field, words=words) for field, words in error.fields.items()] or [
                    problem("refused", words=error.message)
                ]
            except PortalError as error:
                problems.append(problem("refused", words=error.message))
        return problems, cost

    def _accepted(self, order: dict[str, Any]) -> int | None:
        assets = self.images.rows({UUID(pk) for ids in order["inputs"].values() for pk in ids})
        inputs: dict[str, list[Asset]] = {slot: [assets[UUID(pk)] for pk in ids] for slot, ids in order["inputs"].items()}
        spec, params = check_request(
            model=order["model"], prompt=order["prompt"], params=order["params"], inputs=inputs, accounts=accounts_lately(), only=self.only
        )
        require_model(self.batch.token, spec)
        order["params"] = {name: value for name, value in params.model_dump(mode="json").items() if name in order["params"]}
        if spec.name not in self.billed:
            self.billed[spec.name] = is_billed(spec, accounts_lately(), self.only)
        return _cost(spec, params) if self.billed[spec.name] else 0


def _require_small(metadata: Mapping[str, Any]) -> None:
    if not is_small(metadata):
        raise InvalidRequest(_("At most 16 kB."), fields={"metadata": _("At most 16 kB.")})


def _cost(spec: ModelSpec, params: Params) -> int | None:
    """Return the most that it may cost, in millionths of the portal's currency; None where no price or rate is known."""
    tariff = current().tariff(spec)
    most, rate = ceiling(tariff, params), rate_of(tariff.currency) if tariff else None
    try:
        return None if most is None or rate is None else convert(most, rate)
    except ValueError:
        return None


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    """Return a cell as the option's kind of value. Numbers stay text: the model's check takes them where they are exact."""
    kinds = {part.get("type") for part in (schema, *schema.get("anyOf", []))}
    if "boolean" in kinds and (word := text.casefold()) in TRUE | FALSE:
        return word in TRUE
    if kinds & {"array", "object"}:
        if text[0] in "[{":
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                return text
            return value if _is_storable(value) else text
        return [line.strip() for line in text.splitlines() if line.strip()] if "array" in kinds else text
    return text


def _is_storable(value: Any, depth: int = 0) -> bool:
    """Return whether every database stores the value as JSON: without NUL, half characters, NaN and infinity, and not nested deep."""
    if isinstance(value, str):
        return not UNSTORABLE.search(value)
    if isinstance(value, float):
        return math.isfinite(value)
    parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return depth < DEEPEST and all(_is_storable(part, depth + 1) for part in parts)


def _repair(problems: Sequence[Problem], model: str) -> str:
    """Return a key that is equal for rows that are mended in the same way: the numbers in a sentence do not count, the model does."""
    if not problems:
        return ""
    told = [(one["code"], one["field"], re.sub(r"\d+", "0", one["facts"].get("words", ""))) for one in problems]
    return digest_of(told, model)[:32]

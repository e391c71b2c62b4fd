"""Variations: one prompt in every style, on every model, with every seed, ordered in one step as one batch (docs/adr/0055)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import product
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db import IntegrityError
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from access import ledger
from access.callers import Caller
from batches.accepting import with_money
from batches.checking import Checker, Draft
from batches.fitting import LeftOut, draft_of, fitted, unasked
from batches.images import Images
from batches.keys import made_before
from batches.messages import words_of
from batches.models import Batch, BatchRow, RowState, Source, State
from batches.money import asks_of
from database import clock
from database.errors import is_taken
from events import audit
from generation.errors import InvalidRequest
from generation.models import Asset
from generation.ordering.accounts import accounts_lately
from generation.ordering.first_values import largest_seed
from generation.ordering.order import digest_of
from generation.ordering.page_keys import stored_key
from generation.ordering.room import quotas_of, require_free_disk
from prompts.making import make
from prompts.styles import Style, joined
from providers.core.catalog import ModelSpec

__all__ = ["MOST", "Plan", "Wanted", "place", "place_from_page", "plan"]

MOST = 60
"""The most videos of one set. For more, people upload a file."""
NAME_LONGEST = 80


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A prompt that is rendered on every model, in every style and with every seed.

    Without `seeds`, there are `takes` of them, counted up from the seed in `params` or from a random one, the same for every model.
    `source` is the model whose form `params` come from: nobody asked for a minor setting that still has its default.
    """

    prompt: str
    models: Sequence[ModelSpec]
    styles: Sequence[Style] = ()
    takes: int = 1
    seeds: Sequence[int] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Sequence[Asset]] = field(default_factory=dict)
    drafts: bool = False
    source: ModelSpec | None = None
    language: str = "en"
    made_from: Mapping[str, Any] = field(default_factory=dict)
    content_id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    collection_id: UUID | None = None
    """The collection that the videos go into."""

    @property
    def count(self) -> int:
        return len(self.models) * max(1, len(self.styles)) * (len(self.seeds) or self.takes)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Variations as rows that are checked and priced, and not stored. `left_out` has by model what it does not take."""

    batch: Batch
    rows: Sequence[BatchRow]
    left_out: Mapping[str, Sequence[LeftOut]]

    @property
    def problems(self) -> dict[str, str]:
        """Return what keeps the variations from being ordered, by model and field."""
        return {
            ".".join(filter(None, ("models", row.order["model"], one.get("field")))): words_of(one | {"field": ""})
            for row in self.rows
            for one in row.problems
        }

    @cached_property
    def costs(self) -> Sequence[int | None]:
        """Return what each video may cost, in millionths of PORTAL_CURRENCY: 0 where only sandboxes render it, None without a price."""
        return [0 if ask is None else ask.amount for ask in asks_of(self.batch, self.rows)]


def plan(wanted: Wanted, *, by: Caller, team: Group | None = None) -> Plan:
    """Check and price every variation. Nothing is stored. Raise `InvalidRequest` if there are too many."""
    if wanted.count > MOST:
        words = _("%(n)d videos are too many: a set has at most %(most)d. Choose fewer styles, models or videos, or upload a file.")
        raise InvalidRequest(words % {"n": wanted.count, "most": MOST}, code="too_many")
    batch = Batch(
        owner=by.user,
        token=by.token,
        team=team,
        name=wanted.name or Truncator(" ".join(wanted.prompt.split())).chars(NAME_LONGEST),
        source=Source.FORM,
        heading=["model", "style", "seed"],
        mapping={"model": "model", "style": "", "seed": "params.seed"},
        defaults={"prompt": wanted.prompt, "keep_duplicates": True},  # without a seed, equal orders are different videos
        priority=0,
    )
    left_out: dict[str, Sequence[LeftOut]] = {}
    rows = Checker(batch, Images(by)).checked(list(_drafts(wanted, batch, left_out)))
    batch.defaults["left_out"] = {model: [asdict(one) for one in ones] for model, ones in left_out.items()}
    return Plan(batch=batch, rows=rows, left_out=left_out)


def _drafts(wanted: Wanted, batch: Batch, left_out: dict[str, Sequence[LeftOut]]) -> Iterator[Draft]:
    """Yield the orders by style, then by model, then by seed."""
    seeds, accounts, only = _seeds(wanted), accounts_lately(), batch.token.only if batch.token else ""
    quiet = unasked(wanted.params, wanted.source)
    slots = {slot: len(assets) for slot, assets in wanted.inputs.items()}
    asked = {**wanted.params, "seed": seeds[0]} if wanted.seeds or wanted.params.get("seed") is not None else wanted.params
    fits = {spec.name: fitted(spec, asked, wanted.inputs, accounts=accounts, only=only, quiet=quiet) for spec in wanted.models}
    left_out |= {name: one.left_out for name, one in fits.items() if one.left_out}
    styles: Sequence[Style | None] = wanted.styles or [None]
    for number, (style, spec, seed) in enumerate(product(styles, wanted.models, seeds), start=1):
        fit, has_seed = fits[spec.name], "seed" in spec.params.model_fields
        made = make(language=wanted.language, text=wanted.prompt, style=style, spec=spec)
        params = dict(fit.params) | ({"seed": seed} if has_seed else {})
        if style and "negative_prompt" in made.params:
            params["negative_prompt"] = joined([str(params.get("negative_prompt") or ""), made.params["negative_prompt"]], wanted.language)
        order: dict[str, Any] = {
            "model": spec.name,
            "prompt": made.text if style else wanted.prompt,
            "params": draft_of(spec, params, slots) if wanted.drafts else params,
            "inputs": {slot: [str(asset.pk) for asset in assets] for slot, assets in fit.inputs.items()},
            "content_id": wanted.content_id,
            "external_id": "",
            "metadata": dict(wanted.metadata),
            "made_from": dict(wanted.made_from) | ({**made.made_from, **wanted.made_from} if style else {}),
        }
        if wanted.drafts:
            order["full"] = params
        if wanted.collection_id:
            order["collection"] = str(wanted.collection_id)
        cells = {"model": spec.name, "style": style.id if style else "", "seed": str(seed) if has_seed else ""}
        yield Draft(number, cells, order)


def _seeds(wanted: Wanted) -> list[int]:
    if wanted.seeds:
        return list(wanted.seeds)
    largest = min(largest_seed(spec) for spec in wanted.models) - wanted.takes + 1
    given = wanted.params.get("seed")
    first = min(given, largest) if isinstance(given, int) else secrets.randbelow(largest)
    return [first + number for number in range(wanted.takes)]


def place(planned: Plan, *, by: Caller, key: str = "", digest: str = "") -> tuple[Batch, bool]:
    """Set money aside for all variations and let them become tasks, or change nothing. Return the batch, and whether it is new: what was
    ordered under the key is not ordered again.

    Raise `InvalidRequest`, `QuotaReached`, `StorageLow`, `OverBudget` or `Unpriced`.
    """
    if known := made_before(by, key, digest):
        return known, False
    if planned.problems:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=planned.problems)
    require_free_disk()
    quotas_of([by.user.pk])[by.user.pk].require_room()
    costs = list(planned.costs)

    def begin(surely: bool) -> Batch:
        batch, now = planned.batch, clock.now()
        batch.idempotency_key, batch.request_digest = key, digest
        batch.state, batch.created_at, batch.checked_at, batch.accepted_at, batch.due_at = State.RUNNING, now, now, now, now
        for row in planned.rows:
            row.pk, row.task_id, row.state = None, uuid7(), RowState.WAITING
        asks = [ask for ask in asks_of(batch, planned.rows) if ask]
        batch.rows_read, batch.cost, batch.unpriced = len(planned.rows), sum(cost or 0 for cost in costs), costs.count(None)
        batch.save(force_insert=True)
        BatchRow.objects.bulk_create(planned.rows)
        audit.record("batch.accepted", batch, by=by, after={"rows": len(planned.rows), "left_out": 0, "cost": batch.cost})
        ledger.reserve(asks, surely=surely)  # last: the budgets are locked until the commit
        return batch

    try:
        return with_money(begin), True
    except IntegrityError as error:
        if is_taken(error) and (known := made_before(by, key, digest)):  # a second press at the same moment
            return known, False
        raise


def place_from_page(wanted: Wanted, planned: Plan, *, by: Caller, page: UUID) -> tuple[Batch, bool]:
    """Order the variations of a form whose page has this key. Return their batch, and whether it is new: what was ordered since the page
    was rendered, from this form or in another tab, is not ordered again (docs/adr/0014). Raise what `place` does.
    """
    pictures = {slot: [str(asset.pk) for asset in assets] for slot, assets in wanted.inputs.items() if assets}
    styles, models, team = [one.id for one in wanted.styles], [one.name for one in wanted.models], planned.batch.team_id
    into = [wanted.collection_id] if wanted.collection_id else []
    intent = digest_of("variations", models, styles, wanted.takes, wanted.drafts, wanted.prompt, dict(wanted.params), pictures, team, *into)
    key = stored_key(page, intent[:16])
    since = Batch.objects.filter(owner=by.user, request_digest=intent, id__gt=page).order_by("-id").first()
    if since is not None and since.idempotency_key != key:
        return since, False
    return place(planned, by=by, key=key, digest=intent)

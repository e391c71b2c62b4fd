"""What the portal is asked for: vendors with and without a look-up, and prompts that make the simulator misbehave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

from django.contrib.auth.models import User
from django.db import OperationalError

from database.errors import is_held_lock
from generation.models import GenerationTask
from generation.ordering.create import create
from generation.ordering.order import Order
from providers.accounts.sandbox import ensure_sandbox_accounts
from providers.models import ProviderAccount

__all__ = ["LOST_ANSWERS", "lost_answer_prompts", "make_accounts", "order", "prompts"]

MODELS = ("kling/kling-v2-5-turbo", "dashscope/wanx2.1-t2v-turbo")
FAULTS = (
    *("reset-after-accept:1", "502-after:1", "hang-after-accept:1", "html-200:1", "5xx-before:1", "rate-limit:1"),
    *("poll-429", "poll-5xx", "poll-reset", "poll-html", "poll-unknown-state", "media-cut:1", "media-404:1", "media-short:1"),
    *("fail-content", "fail-internal", "refuse"),
)
EVERY_NTH_HAS_A_FAULT = 3
BUSY_AT_MOST = 6
"""How often an order is tried while somebody holds SQLite's file; each try waits 20 s for it."""

LOST_ANSWERS = {"reset": "reset-after-accept:1", "read timeout": "hang-after-accept:1", "502": "502-after:1"}
"""Each strikes after the submit was accepted and paid, and only the first submit of a prompt."""


def prompts() -> Iterator[tuple[str, str]]:
    """Yield model and prompt, without end. Each prompt is different, so that the ledger shows what was paid twice."""
    for number in count():
        text = f"chaos {number:05d}: a paper kite over the sea"
        if number % EVERY_NTH_HAS_A_FAULT == 0:
            text += f" #fault:{FAULTS[number // EVERY_NTH_HAS_A_FAULT % len(FAULTS)]}"
        yield MODELS[number % len(MODELS)], text


def lost_answer_prompts(models: list[str], each: int, *, rendered: int) -> Iterator[tuple[str, str]]:
    """Yield model and prompt, `each` for every model and lost answer, in turn. The first `rendered` of them end, the others
    render forever: what is counted is submits, and ingests would only take the processor's time.
    """
    for number in range(each):
        fate = "" if number < rendered else " #fault:never"
        for model in models:
            for name, fault in LOST_ANSWERS.items():
                yield model, f"lost answer {model} {name} {number:04d} #fault:{fault}{fate}"


def make_accounts(simulator_url: str, *, read_timeout_s: int = 4) -> None:
    """Sandbox accounts with limits that do not limit, and short patience."""
    ensure_sandbox_accounts(simulator_url)
    ProviderAccount.objects.update(
        max_in_flight=10_000, submits_per_minute=100_000, polls_per_second=1000, connect_timeout_s=2, read_timeout_s=read_timeout_s
    )


def order(owner: User, model: str, prompt: str, *, meanwhile: Callable[[], None] = lambda: None) -> GenerationTask:
    """Order as a caller of the API does: try again after `busy`, which is the answer while the database is held for long.

    `meanwhile` is called between the tries: on SQLite a paused process may hold the database, and its killer has to wake it.
    """
    for _ in range(BUSY_AT_MOST):
        try:
            return create(Order(owner=owner, model=model, prompt=prompt)).task
        except OperationalError as error:
            if not is_held_lock(error):
                raise
            meanwhile()
    raise TimeoutError("the database was busy for minutes")

"""Polls many submissions of one account at once: through the vendor's batch call if it has one, else one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

from providers.core.base import Provider
from providers.core.client import poll_concurrently, poll_many_concurrently
from providers.core.errors import ProviderError
from providers.core.transport import ConcurrentTransport
from providers.core.types import Snapshot, Submission

__all__ = ["Answer", "OnAnswer", "poll_all"]

Answer = Snapshot | ProviderError
OnAnswer = Callable[[Submission, Answer], None]


async def poll_all(
    provider: Provider, submissions: Sequence[Submission], transport: ConcurrentTransport, *, on_answer: OnAnswer | None = None
) -> list[Answer]:
    """Return the answers in the order of `submissions`; errors are among them as values.

    `on_answer` is called with each answer as soon as it arrives, so that a poll that hangs delays no other.
    """
    answers: dict[str, Answer] = {}

    def keep(submission: Submission, answer: Answer) -> None:
        answers[submission.id] = answer
        if on_answer is not None:
            on_answer(submission, answer)

    await asyncio.gather(*(_ask(provider, group, transport, keep) for group in _groups(provider, submissions)))
    return [answers[submission.id] for submission in submissions]


async def _ask(provider: Provider, group: Sequence[Submission], transport: ConcurrentTransport, keep: OnAnswer) -> None:
    """Ask about a group together, then alone about those without an answer: a failed batch costs one extra call."""
    if provider.poll_group(group[0]) is None:
        await _ask_alone(provider, group[0], transport, keep)
        return
    answers = await poll_many_concurrently(provider, group, transport)
    for submission in group:
        if submission.id in answers:
            keep(submission, answers[submission.id])
    await asyncio.gather(*(_ask_alone(provider, one, transport, keep) for one in group if one.id not in answers))


async def _ask_alone(provider: Provider, submission: Submission, transport: ConcurrentTransport, keep: OnAnswer) -> None:
    keep(submission, await poll_concurrently(provider, submission, transport))


def _groups(provider: Provider, submissions: Sequence[Submission]) -> Iterator[list[Submission]]:
    """Yield what can be asked in one call: at most `poll_batch` of one group, or a single one."""
    shared: dict[str, list[Submission]] = {}
    for submission in submissions:
        name = provider.poll_group(submission)
        if name is None:
            yield [submission]
        else:
            shared.setdefault(name, []).append(submission)
    for group in shared.values():
        for start in range(0, len(group), provider.poll_batch):
            yield group[start : start + provider.poll_batch]

"""Asks one account about many submissions at once: through the vendor's batch call where there is one, one by one where not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from providers.core.base import Provider
from providers.core.client import poll_concurrently, poll_many_concurrently
from providers.core.errors import ProviderError
from providers.core.transport import ConcurrentTransport
from providers.core.types import Snapshot, Submission

__all__ = ["poll_all"]

Answers = list[Snapshot | ProviderError]


async def poll_all(provider: Provider, submissions: Sequence[Submission], transport: ConcurrentTransport) -> Answers:
    """Answers in the order of `submissions`; errors are among them as values."""
    groups = list(_groups(provider, submissions))
    answers = await asyncio.gather(*(_ask(provider, group, transport) for group in groups))
    by_id = {one.id: answer for group, found in zip(groups, answers, strict=True) for one, answer in zip(group, found, strict=True)}
    return [by_id[submission.id] for submission in submissions]


async def _ask(provider: Provider, group: Sequence[Submission], transport: ConcurrentTransport) -> Answers:
    if provider.poll_group(group[0]) is None:
        return [await poll_concurrently(provider, group[0], transport)]
    return await poll_many_concurrently(provider, group, transport)


def _groups(provider: Provider, submissions: Sequence[Submission]) -> Iterator[list[Submission]]:
    """What can be asked in one call: at most `poll_batch` of one group, or a single one."""
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

"""Polls many submissions of one account at once, in a thread with an event loop, so that the caller may use the database at the same
time.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, wait
from threading import Thread
from types import TracebackType
from typing import Self

from providers.accounts.clients import provider_for
from providers.accounts.models import ProviderAccount
from providers.core.polling import Answer, poll_all
from providers.core.transport import ConcurrentTransport, Timeouts
from providers.core.types import Submission

__all__ = ["AccountPoller"]

Answered = tuple[Submission, Answer]

POLL_READ_S = 10.0
"""A poll that hangs is repeated, so its batch does not wait for it as long as for a paid submit."""
SWITCH_S = 0.001
"""Two busy threads share one interpreter: hand over every millisecond, not every five."""


class AccountPoller:
    """Polls of one account; use as a context manager. Making one raises `SealBroken` if the credentials cannot be decrypted."""

    def __init__(self, account: ProviderAccount, *, at_once: int) -> None:
        self._provider = provider_for(account)
        patience = Timeouts(connect_s=account.timeouts.connect_s, read_s=min(account.timeouts.read_s, POLL_READ_S))
        self._transport = ConcurrentTransport(timeouts=patience, limit=at_once)
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="polls", daemon=True)
        self._switch_before_s = sys.getswitchinterval()
        self._flying: list[Future[list[Answer]]] = []
        self._answered: deque[Answered] = deque()

    def __enter__(self) -> Self:
        sys.setswitchinterval(SWITCH_S)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._transport.__aenter__(), self._loop).result()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._cancel_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        sys.setswitchinterval(self._switch_before_s)

    async def _cancel_all(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._transport.__aexit__(None, None, None)

    def ask(self, submissions: list[Submission]) -> Future[list[Answer]]:
        """Start polls. Return all answers in the order of `submissions`, a vendor's errors as values; `answers` gives each one sooner."""
        asking = poll_all(self._provider, submissions, self._transport, on_answer=lambda one, answer: self._answered.append((one, answer)))
        asked = asyncio.run_coroutine_threadsafe(asking, self._loop)
        self._flying.append(asked)
        return asked

    def answers(self, *, within_s: float) -> list[Answered]:
        """Return the answers since the last call, a vendor's errors as values. Wait this long, or until one `ask` is complete."""
        if not self._flying:
            time.sleep(within_s)
        done, _ = wait(self._flying, timeout=within_s, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()  # raises an error of the portal
            self._flying.remove(future)
        return [self._answered.popleft() for _ in range(len(self._answered))]

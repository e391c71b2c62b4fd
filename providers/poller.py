"""Asks one account's vendor about many submissions at once, from a thread of its own with an event loop, so that the caller may talk to
the database meanwhile.
"""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import Future
from threading import Thread
from types import TracebackType
from typing import Self

from providers.accounts import provider_for
from providers.core.errors import ProviderError
from providers.core.polling import poll_all
from providers.core.transport import ConcurrentTransport, Timeouts
from providers.core.types import Snapshot, Submission
from providers.models import ProviderAccount

__all__ = ["AccountPoller", "Answers"]

Answers = list[Snapshot | ProviderError]

POLL_READ_S = 10.0
"""A poll that hangs is asked again; its batch must not wait for it as long as a paid submit would."""
SWITCH_S = 0.001
"""Two busy threads share one interpreter: hand over every millisecond, not every five."""


class AccountPoller:
    """Use as a context manager. Raises `SealBroken` when made for an account whose credentials cannot be opened."""

    def __init__(self, account: ProviderAccount, *, at_once: int) -> None:
        self._provider = provider_for(account)
        patience = Timeouts(connect_s=account.timeouts.connect_s, read_s=min(account.timeouts.read_s, POLL_READ_S))
        self._transport = ConcurrentTransport(timeouts=patience, limit=at_once)
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="polls", daemon=True)
        self._switch_before_s = sys.getswitchinterval()

    def __enter__(self) -> Self:
        sys.setswitchinterval(SWITCH_S)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._transport.__aenter__(), self._loop).result()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._transport.__aexit__(None, None, None), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        sys.setswitchinterval(self._switch_before_s)

    def ask(self, submissions: list[Submission]) -> Future[Answers]:
        """Answers in the order of `submissions`; a vendor's errors are among them as values."""
        return asyncio.run_coroutine_threadsafe(poll_all(self._provider, submissions, self._transport), self._loop)

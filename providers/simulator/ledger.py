"""What was bought and what was asked: the record by which a test proves that nothing was paid twice."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any

LONG_TEXT = 4000
REMEMBERED_REQUESTS = 2000
REMEMBERED_POLLS = 500
POLL_WINDOW_S = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One accepted, billed submit, whether or not its answer arrived."""

    vendor: str
    account: str
    task_id: str
    reference: str | None
    prompt: str
    model: str
    body: dict[str, Any]
    accepted_at: float


class Ledger:
    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)

    def report(self, *, with_entries: bool) -> dict[str, Any]:
        by_prompt = Counter(entry.prompt for entry in self._entries)
        by_reference = Counter(entry.reference for entry in self._entries if entry.reference)
        report: dict[str, Any] = {
            "count": len(self._entries),
            "by_prompt": by_prompt,
            "by_reference": by_reference,
            "paid_twice": sorted(prompt for prompt, count in by_prompt.items() if count > 1),
        }
        if with_entries:
            report["entries"] = [asdict(entry) for entry in self._entries]
        return report

    def reset(self) -> None:
        self._entries.clear()


class Tally:
    """Counts of requests, and the last ones (polls apart, which would displace all others)."""

    def __init__(self) -> None:
        self.requests: deque[dict[str, Any]] = deque(maxlen=REMEMBERED_REQUESTS)
        self.poll_log: deque[dict[str, Any]] = deque(maxlen=REMEMBERED_POLLS)
        self.submits: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.polls: Counter[str] = Counter()
        self.downloads = 0
        self._polls_at: Counter[int] = Counter()

    def poll(self, host: str, now: float) -> None:
        self.polls[host] += 1
        second = int(now)
        if second not in self._polls_at:
            for old in [moment for moment in self._polls_at if moment < second - POLL_WINDOW_S]:
                del self._polls_at[old]
        self._polls_at[second] += 1

    def report(self, now: float) -> dict[str, Any]:
        last = int(now)
        return {
            "submits": self.submits,
            "refused": self.refused,
            "polls": self.polls,
            "polls_per_second": sum(self._polls_at[second] for second in range(last - POLL_WINDOW_S, last)) / POLL_WINDOW_S,
            "downloads": self.downloads,
        }

    def reset(self) -> None:
        self.requests.clear()
        self.poll_log.clear()
        for counter in (self.submits, self.refused, self.polls, self._polls_at):
            counter.clear()
        self.downloads = 0


def elided(value: Any) -> Any:
    """Return the value with long texts (images, above all) replaced by their length."""
    if isinstance(value, dict):
        return {name: elided(item) for name, item in value.items()}
    if isinstance(value, list):
        return [elided(item) for item in value]
    if isinstance(value, str) and len(value) > LONG_TEXT:
        return f"<{len(value)} characters>"
    return value

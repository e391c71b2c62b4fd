"""Everything that the running server remembers, in one value."""

from __future__ import annotations

from dataclasses import dataclass, field

from providers.simulator.accounts import AccountBook
from providers.simulator.callbacks import Callbacks
from providers.simulator.clock import Clock
from providers.simulator.faults import FaultBook
from providers.simulator.ledger import Ledger, Tally
from providers.simulator.media.store import ClipStore
from providers.simulator.tasks import TaskBook
from providers.simulator.tuning import Tuning


@dataclass(kw_only=True)
class Site:
    tuning: Tuning
    clips: ClipStore
    clock: Clock = field(default_factory=Clock)
    accounts: AccountBook = field(default_factory=AccountBook)
    tasks: TaskBook = field(default_factory=TaskBook)
    ledger: Ledger = field(default_factory=Ledger)
    tally: Tally = field(default_factory=Tally)
    faults: FaultBook = field(default_factory=FaultBook)
    callbacks: Callbacks = field(default_factory=Callbacks)
    first_tuning: Tuning = field(init=False)

    def __post_init__(self) -> None:
        self.first_tuning = self.tuning

    def reset(self) -> None:
        """Forget everything but the clips on disk, which only save time."""
        self.tuning = self.first_tuning
        for part in (self.clock, self.accounts, self.tasks, self.ledger, self.tally, self.faults, self.callbacks):
            part.reset()

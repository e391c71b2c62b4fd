"""Background work: the queue, the clusters that serve it, and the clock. Only `settings.JOBS_WIRING` says what the work is."""

from jobs.wiring import run

__all__ = ["run"]

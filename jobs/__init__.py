"""Background work: the queue, the clusters that serve it, and the clock. What the work is stands in `settings.JOBS_WIRING` alone."""

from jobs.wiring import run

__all__ = ["run"]

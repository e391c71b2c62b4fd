"""What the worker runs: its jobs by name, and what its clock calls how often."""

from __future__ import annotations

from functools import cache, partial

from access.budget_warnings import watch as watch_budgets
from api.compat.urls import callback_shapes
from batches.keeping import delete_files
from batches.money import mend as mend_batches
from batches.runs import run as run_recurring
from batches.runs import runs_soon
from batches.steps import batches_soon, step
from generation.actions.look_again import look_again
from generation.errors import LostRace
from generation.ingest.ingest import ingest
from generation.ingest.purge import purge
from generation.ingest.sweep import sweep
from generation.keeping.fetch_again import fetch_again
from generation.keeping.lost_files import look_for_lost
from generation.keeping.unnamed_files import sweep_everything
from generation.money_check import mend
from generation.polling.poll import poll_account
from generation.scheduling.account_health import probe_account
from generation.scheduling.enqueue import ingest_next, start_new
from generation.scheduling.live_workers import sign_in, sign_out
from generation.scheduling.savers import warn_of_expiring
from generation.submitting.reconcile import reconcile
from generation.submitting.restored_backup import compare_record
from generation.submitting.submit import submit
from generation.tick import tick
from jobs import queue
from jobs.wiring import Periodic, Wiring
from library.bulk import bulk_soon
from library.bulk import step as bulk_step
from library.index import index_waiting
from library.wishes import grant as grant_wishes
from providers.accounts.taking import pause_those_gone, take_accounts
from videoportal.retention import forget
from web.alerts import watch as watch_system
from webhooks.deliver import deliver
from webhooks.lanes import deliver_soon

__all__ = ["WIRING"]


@cache  # of what does not raise: a start without the database is repeated until it answers
def take_accounts_once() -> None:
    """Take the accounts that the environment gives, and pause those that it does not give any more."""
    take_accounts()
    pause_those_gone()


def ingest_then_next(task_id: str, fence: int) -> None:
    """Save one task's videos, then enqueue the next task whose turn it is."""
    ingest(task_id, fence)
    ingest_next()


def sweep_soon() -> None:
    """Enqueue the sweep. A worker does it; the clock must not wait for files."""
    queue.enqueue(queue.INGEST, "sweep")


def purge_soon() -> None:
    """Enqueue the deletion of files that were given up."""
    queue.enqueue(queue.INGEST, "purge")


def look_for_lost_soon() -> None:
    """Enqueue a look at the next rows' files, and at the next files' rows."""
    queue.enqueue(queue.INGEST, "look_for_lost")
    queue.enqueue(queue.INGEST, "sweep_everything")


def mend_ledger_soon() -> None:
    """Enqueue a comparison of the ledger with what it is about."""
    queue.enqueue(queue.INGEST, "mend_ledger")


def forget_soon() -> None:
    """Enqueue the deletion of old rows, which may be many."""
    queue.enqueue(queue.INGEST, "forget")
    queue.enqueue(queue.INGEST, "forget_batch_files")


def mend_ledger() -> None:
    """Compare the ledger with tasks and requests, and with the rows of batches that became no task."""
    mend_batches()
    mend()


WIRING = Wiring(
    jobs={
        "submit": submit,
        "reconcile": reconcile,
        "look_again": look_again,
        "poll": poll_account,
        "probe": probe_account,
        "ingest": ingest_then_next,
        "sweep": sweep,
        "purge": purge,
        "look_for_lost": look_for_lost,
        "fetch_again": fetch_again,
        "sweep_everything": sweep_everything,
        "forget": forget,
        "forget_batch_files": delete_files,
        "deliver": partial(deliver, shapes=callback_shapes()),
        "mend_ledger": mend_ledger,
        "batch": step,
        "recurring": run_recurring,
        "bulk": bulk_step,
    },
    periodic=[
        Periodic(every_s=5, call=take_accounts_once),
        Periodic(every_s=5, call=sign_in),
        Periodic(every_s=30, call=compare_record),  # pages are to know of a restored database before the next submit finds it out
        Periodic(every_s=1, call=tick),
        Periodic(every_s=0, call=start_new),
        Periodic(every_s=0.5, call=index_waiting),
        Periodic(every_s=300, call=warn_of_expiring),
        Periodic(every_s=900, call=sweep_soon, at_start=False),
        Periodic(every_s=300, call=purge_soon, at_start=False),
        Periodic(every_s=900, call=look_for_lost_soon, at_start=False),
        Periodic(every_s=3600, call=forget_soon, at_start=False),
        Periodic(every_s=1, call=deliver_soon),
        Periodic(every_s=1, call=batches_soon),
        Periodic(every_s=2, call=grant_wishes),
        Periodic(every_s=1, call=bulk_soon),
        Periodic(every_s=5, call=runs_soon),
        Periodic(every_s=3600, call=mend_ledger_soon, at_start=False),
        Periodic(every_s=10, call=watch_budgets),
        Periodic(every_s=30, call=watch_system),
    ],
    at_stop=sign_out,
    lost_race=LostRace,
)

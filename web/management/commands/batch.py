"""manage.py batch boats.csv --model ... --wait: a file of orders from the command line, by the same functions as the pages and the API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.callers import Caller
from batches.accepting import accept
from batches.models import Batch, RowState, State
from batches.progress import counts_of
from batches.report import rejected_csv, repairs_of
from batches.upload import upload
from generation.errors import InvalidRequest, PortalError
from generation.lifecycle import LIVE, Status
from providers.messages import translated
from web.management.commands.generate import owner_named, pair_of, params_of, value_of
from web.presenters.batches import cost_words

LOOK_EVERY_S = 0.5
WORRY_AFTER_S = 20.0
REFUSED, ROWS_NEED_FIXING, NOT_ALL_SUCCEEDED = 1, 2, 3
GOING_ON = [status.value for status in LIVE if status is not Status.NEEDS_REVIEW] + [RowState.WAITING.value]


class Command(BaseCommand):
    help = (
        "Order the rows of a CSV, XLSX or JSON Lines file (docs/batches.md). A worker must be running. Ends with 0 when they are ordered, "
        "with --wait when all are videos; 1: refused or declined, nothing was ordered; 2: rows need fixing, nothing was ordered; "
        "3: the time limit, or with --wait some rows did not become videos."
    )

    pause: Callable[[float], None] = staticmethod(time.sleep)
    ask: Callable[[str], str] = staticmethod(input)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the rows; the first line names the columns")
        parser.add_argument("--model", default="", help="provider/model for rows that name none")
        parser.add_argument("--prompt", default="", help="for rows without one, with columns in braces: “A video about {title}”")
        parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="a setting for all rows; may be repeated")
        parser.add_argument(
            "--default",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="what else applies to all rows: template, style, platform, language, enhance=true, quality=true; may be repeated",
        )
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="COLUMN=MEANING",
            help="what a column is if its name does not say it: prompt, params.duration_s, inputs.first_frame, ...; may be repeated",
        )
        parser.add_argument("--images", type=Path, metavar="ZIP", help="the images that rows name")
        parser.add_argument("--name", default="", help="of the batch; default: that of the file")
        parser.add_argument("--user", default="", help="in whose name; default: the first superuser")
        parser.add_argument("--good-rows-only", action="store_true", help="order the good rows although others need fixing")
        parser.add_argument("--rejected", type=Path, metavar="CSV", help="write the rows that cannot be ordered to this file, to be mended")
        parser.add_argument("--yes", action="store_true", help="do not ask before ordering")
        parser.add_argument("--wait", action="store_true", help="follow it to its end")
        parser.add_argument("--timeout", type=float, default=86_400.0, help="seconds to wait at most, for the check and with --wait")

    def handle(self, *_args: Any, **options: Any) -> None:
        owner = owner_named(options["user"])
        self.until = time.monotonic() + options["timeout"]
        batch = self._checked(self._uploaded(owner, options))
        self._tell(batch, options["rejected"])
        if batch.rows.filter(state=RowState.BAD).exists() and not options["good_rows_only"]:
            raise CommandError(
                f"Nothing was ordered. Mend the rows, or use --good-rows-only. The batch: {batch.pk}", returncode=ROWS_NEED_FIXING
            )
        if not options["yes"] and not self._agreed():
            raise CommandError(f"Nothing was ordered. The batch can still be accepted: {batch.pk}", returncode=REFUSED)
        try:
            batch = accept(batch, by=Caller(user=owner), good_only=options["good_rows_only"])
        except PortalError as error:
            raise CommandError(f"Nothing was ordered. {error.message}", returncode=REFUSED) from error
        self.stdout.write("Ordered.")
        if options["wait"]:
            self._follow(batch)

    def _uploaded(self, owner: User, options: Mapping[str, Any]) -> Batch:
        defaults = {"model": options["model"], "prompt": options["prompt"], "params": params_of(options["model"], options["param"])}
        defaults |= {name: value_of(value) for name, value in map(pair_of, options["default"])}
        try:
            with ExitStack() as stack:
                return upload(
                    by=Caller(user=owner),
                    file=stack.enter_context(options["file"].open("rb")),
                    file_name=options["file"].name,
                    archive=_opened(stack, options["images"]),
                    name=options["name"],
                    mapping=dict(map(pair_of, options["column"])),
                    defaults={name: value for name, value in defaults.items() if value not in ("", {})},
                )
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}") from error
        except PortalError as error:
            fields = error.fields if isinstance(error, InvalidRequest) else {}
            raise CommandError(" ".join([error.message, *(f"{name}: {words}" for name, words in fields.items())])) from error

    def _checked(self, batch: Batch) -> Batch:
        """Return the batch when all of its rows are checked. Raise `CommandError` for a file that is refused."""
        self.stdout.write(f"batch {batch.pk}")
        began, worried = time.monotonic(), False
        while batch.state == State.CHECKING:
            self._require_time(batch)
            if time.monotonic() - began > WORRY_AFTER_S and not worried and not batch.heading:
                worried = True
                self.stdout.write("Still waiting. Is a worker running? (manage.py worker)")
            self.pause(LOOK_EVERY_S)
            batch = Batch.objects.get(pk=batch.pk)
        if batch.state == State.REFUSED:
            raise CommandError(f"The file is refused. {translated(batch.error)}", returncode=REFUSED)
        return batch

    def _tell(self, batch: Batch, rejected: Path | None) -> None:
        """Print what there is to mend, how many rows are good, and what they cost."""
        for one in repairs_of(batch):
            where = f"row {one.first}" if one.count == 1 else f"{one.count} rows, first in row {one.first}"
            self.stdout.write(f"  {RowState(one.state).label}, {where}: {one.words}")
        if rejected:
            with rejected.open("w", encoding="utf-8", newline="") as file:
                file.writelines(rejected_csv(batch))
        good = batch.rows.filter(state=RowState.READY).count()
        cost, note = cost_words(batch)
        self.stdout.write(f"{good} of {batch.rows_read} rows are good. Cost: {cost}{f' ({note})' if note else ''}.")

    def _agreed(self) -> bool:
        try:
            return self.ask("Order them? [y/N] ").strip().casefold() in {"y", "yes"}
        except (EOFError, KeyboardInterrupt):  # no terminal to ask, or Ctrl+C
            return False

    def _follow(self, batch: Batch) -> None:
        """Print each change until nothing more happens without a person."""
        seen: dict[str, int] = {}
        while True:
            found = {kind: count for kind, count in counts_of(batch).items() if count}
            if found != seen:
                seen = found
                self.stdout.write(", ".join(f"{kind} {count}" for kind, count in found.items()))
            if not any(found.get(kind) for kind in GOING_ON):
                break
            self._require_time(batch)
            self.pause(LOOK_EVERY_S)
        wanted = batch.rows.exclude(state=RowState.LEFT_OUT).count()
        missing = wanted - seen.get(Status.SUCCEEDED.value, 0)
        if missing:
            where = f"{settings.PUBLIC_URL}/batches/{batch.pk}" if settings.PUBLIC_URL else str(batch.pk)
            raise CommandError(f"{missing} of {wanted} rows did not become videos. {where}", returncode=NOT_ALL_SUCCEEDED)

    def _require_time(self, batch: Batch) -> None:
        if time.monotonic() > self.until:
            raise CommandError(f"Time limit reached. The batch goes on: {batch.pk}", returncode=NOT_ALL_SUCCEEDED)


def _opened(stack: ExitStack, path: Path | None) -> BinaryIO | None:
    return stack.enter_context(path.open("rb")) if path else None

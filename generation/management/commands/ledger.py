"""`manage.py ledger check [--repair]`: works every sum of money out again from the rows, and says what differs."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from generation.money_check import check


class Command(BaseCommand):
    help = "Work every sum of money out again from the reservations, and say what differs. Ends with 1 if anything does."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["check"])
        parser.add_argument("--repair", action="store_true", help="store what the reservations say, and settle what has ended")

    def handle(self, *_args: Any, repair: bool, **_options: Any) -> None:
        found = check(repair=repair)
        for words in found:
            self.stdout.write(words)
        if not found:
            self.stdout.write("Everything agrees.")
        elif repair:
            self.stdout.write(f"{len(found)} repaired.")
        else:
            self.stderr.write(f"{len(found)} found. Repair them with: manage.py ledger check --repair")
            raise SystemExit(1)

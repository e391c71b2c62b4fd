"""manage.py doctor: print a line for each check, with what to do if it failed. Exits with 1 if any failed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from web.health_checks import (
    THOROUGH,
    WORKER_PATIENCE_S,
    CheckFailed,
    check_accounts,
    check_budgets,
    check_credentials,
    check_expiring,
    check_lost_files,
    check_restored,
    check_reviews,
    check_teams,
    check_webhooks,
    check_worker,
)


class Command(BaseCommand):
    help = "Check the installation. Calls to vendors are free ones."
    requires_system_checks: list[str] = []  # their findings are printed here, line by line

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-vendors", action="store_true", help="do not call the vendors")
        parser.add_argument("--patience", type=float, default=WORKER_PATIENCE_S, help="seconds to wait for a sign of the worker")

    def handle(self, *_args: Any, no_vendors: bool, patience: float, **_options: Any) -> None:
        found = {name: self._check(name, check) for name, check in THOROUGH.items()}
        good = list(found.values())
        if found["database"] and found["migrations"]:
            good.append(self._check("credentials", check_credentials))
            good.append(self._check("reviews", check_reviews))
            good.append(self._check("expiry", check_expiring))
            good.append(self._check("lost files", check_lost_files))
            good.append(self._check("teams", check_teams))
            good.append(self._check("backup", check_restored))
            good.append(self._check("webhooks", check_webhooks))
            good.append(self._check("budgets", check_budgets))
            good += [] if no_vendors else [self._print(f"account {name}", finding) for name, finding in check_accounts()]
            good.append(self._check("worker", lambda: check_worker(patience)))
        if not all(good):
            sys.exit(1)

    def _check(self, name: str, check: Callable[[], str]) -> bool:
        try:
            return self._print(name, check())
        except CheckFailed as reason:
            return self._print(name, reason)

    def _print(self, name: str, found: str | CheckFailed) -> bool:
        ok = not isinstance(found, CheckFailed)
        mark = self.style.SUCCESS("ok  ") if ok else self.style.ERROR("FAIL")
        self.stdout.write(f"{mark}  {name}: {found}")
        return ok

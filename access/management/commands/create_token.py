"""manage.py create_token USER LABEL: a token for the API, printed once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.limits import Limits, Only, WrongLimits
from access.scopes import USUAL_SCOPES, Scope
from access.tokens import issue, usual_days

MOST_DAYS = 3650


class Command(BaseCommand):
    help = "Make an API token. Its text goes to standard output and is not stored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="in whose name the token acts")
        parser.add_argument("label", help="what it is for")
        parser.add_argument("--days", type=int, help=f"how long it lives, 1 to {MOST_DAYS}; without it {usual_days()}")
        parser.add_argument("--no-expiry", action="store_true", help="it lives until it is revoked")
        parser.add_argument("--scopes", nargs="+", default=USUAL_SCOPES, choices=Scope.values, help=f"without it: {' '.join(USUAL_SCOPES)}")
        parser.add_argument("--models", nargs="+", default=(), metavar="MODEL", help="the only models that it may order")
        parser.add_argument("--networks", nargs="+", default=(), metavar="CIDR", help="the only addresses that it may be used from")
        parser.add_argument("--rate", type=int, help="requests per minute; without it: any number")
        parser.add_argument(
            "--only", choices=Only.values, default="", help="sandbox: never costs anything; local: stays on our own machines"
        )

    def handle(self, *_args: Any, user: str, label: str, days: int | None, no_expiry: bool, rate: int | None, **options: Any) -> None:
        owner = User.objects.filter(username=user, is_active=True).first()
        if owner is None:
            raise CommandError(f"There is no active user “{user}”.")
        if not label.strip() or len(label) > 100:
            raise CommandError("Give a label of 1 to 100 characters.")
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise CommandError(f"--days takes 1 to {MOST_DAYS}.")
        if days is not None and no_expiry:
            raise CommandError("Give --days or --no-expiry, not both.")
        if "admin" in options["scopes"] and not owner.is_staff:
            raise CommandError(f"“{user}” is not staff, so a token cannot act as an administrator.")
        try:
            limits = Limits.checked(
                scopes=options["scopes"],
                models_allowed=options["models"],
                networks=options["networks"],
                rate_per_minute=rate,
                only=options["only"],
            )
        except WrongLimits as wrong:
            raise CommandError(" ".join(f"{name}: {words}" for name, words in wrong.fields.items())) from wrong
        life = None if no_expiry else timedelta(days=days or usual_days())
        _, raw = issue(owner, label, limits=limits, expires_in=life)
        self.stdout.write(raw)

"""manage.py create_token USER LABEL: a token for the API, printed once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.tokens import issue

MOST_DAYS = 3650


class Command(BaseCommand):
    help = "Make an API token. Its text goes to standard output and is not stored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="in whose name the token acts")
        parser.add_argument("label", help="what it is for")
        parser.add_argument("--days", type=int, help=f"how long it lives, 1 to {MOST_DAYS}; without it: until it is revoked")

    def handle(self, *_args: Any, user: str, label: str, days: int | None, **_options: Any) -> None:
        owner = User.objects.filter(username=user, is_active=True).first()
        if owner is None:
            raise CommandError(f"There is no active user “{user}”.")
        if not label.strip() or len(label) > 100:
            raise CommandError("Give a label of 1 to 100 characters.")
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise CommandError(f"--days takes 1 to {MOST_DAYS}.")
        _, raw = issue(owner, label, expires_in=timedelta(days=days) if days else None)
        self.stdout.write(raw)

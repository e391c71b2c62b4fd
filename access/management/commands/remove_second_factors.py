"""manage.py remove_second_factors USER: for an administrator who lost phone and recovery codes."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.second_factor import remove_all


class Command(BaseCommand):
    help = "Remove a person's authenticator app, passkeys and recovery codes. They sign in with the password and add new ones."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the username")

    def handle(self, *_args: Any, user: str, **_options: Any) -> None:
        person = User.objects.filter(username=user).first()
        if person is None:
            raise CommandError(f"There is no user “{user}”.")
        self.stdout.write(f"{remove_all(person, by=None)} second factors removed.")

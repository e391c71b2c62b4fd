"""manage.py leave USER --to OTHER: what a person has, or with --to or --to-nobody: end their access and hand their videos over."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation.errors import PortalError
from web.formatting import size
from web.leaving import belongings_of, leave


class Command(BaseCommand):
    help = "A person leaves: end sign-in and tokens, cancel what waits, hand the videos over. Without --to it prints what they have."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="who leaves")
        heir = parser.add_mutually_exclusive_group()
        heir.add_argument("--to", default="", help="who gets the videos, and what still renders")
        heir.add_argument("--to-nobody", action="store_true", help="the videos stay in the person's name; their links end")

    def handle(self, *_args: Any, user: str, to: str, to_nobody: bool, **_options: Any) -> None:
        person, heir = _named(user), _named(to) if to else None
        has = belongings_of(person)
        self.stdout.write(
            f"{person}: {has.videos} videos ({size(has.bytes)}), {has.links} links, {has.tokens} tokens, "
            f"{has.waiting} tasks waiting, {has.under_way} under way"
        )
        if heir is None and not to_nobody:
            self.stdout.write("Nothing was changed. Say --to OTHER or --to-nobody.")
            return
        try:
            done = leave(person, heir, by=None)
        except PortalError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"left; {done.cancelled} waiting tasks cancelled, {done.videos} videos handed over to {heir or 'nobody'}")


def _named(name: str) -> User:
    person = User.objects.filter(username=name).first()
    if person is None:
        raise CommandError(f"There is no user “{name}”.")
    return person

"""manage.py restored: list what was sent after the backup from which the database was restored; --confirm allows paid submits again."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.callers import Caller
from generation.errors import PortalError
from generation.submitting.restored_backup import backup_facts, confirm_restore, hold_if_restored, lost_requests


class Command(BaseCommand):
    help = "Compare the database with the record of paid requests in the media storage. --confirm lets paid submits go out again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--confirm", action="store_true", help="look up what was sent after the backup, then send what else waits")
        parser.add_argument("--user", default="", help="in whose name; default: the first superuser")

    def handle(self, *_args: Any, confirm: bool, user: str, **_options: Any) -> None:
        try:
            held, facts = hold_if_restored(), backup_facts()
            self.stdout.write(f"paid requests on record that the database does not know: {facts.missing}")
            self.stdout.write(f"last request that it knows: {facts.newest_in_database or 'none'}")
            for one in lost_requests():
                self.stdout.write(f"of a task that it does not have: {one.reference} {one.model} “{one.account_label}” {one.started_at}")
            if confirm:
                self._confirm(user)
            elif held:
                self.stdout.write("Paid submits are stopped. Run this with --confirm to have them looked up and the rest sent.")
        except PortalError as error:
            raise CommandError(error.message) from error

    def _confirm(self, name: str) -> None:
        people = User.objects.filter(username=name) if name else User.objects.filter(is_superuser=True).order_by("pk")
        person = people.first()
        if person is None:
            raise CommandError(f"There is no user “{name}”." if name else "There is no superuser. Create one: manage.py createsuperuser")
        found = confirm_restore(by=Caller(user=person))
        self.stdout.write(f"Confirmed. {found.tasks.total()} are looked up or wait for a review; all other tasks are sent.")

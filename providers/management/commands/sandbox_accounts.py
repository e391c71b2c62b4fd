"""manage.py sandbox_accounts: one account for each surface that the simulator plays, so that every vendor can be tried without a key."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from providers.accounts.sandbox import ensure_sandbox_accounts


class Command(BaseCommand):
    help = "Create or refresh the sandbox accounts that point at the simulator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default=settings.SIMULATOR_URL, help="where the simulator listens")

    def handle(self, *_args: object, url: str, **_options: object) -> None:
        for account in ensure_sandbox_accounts(url):
            self.stdout.write(f"{account.label}: {account.base_url}")

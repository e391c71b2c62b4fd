"""manage.py environment_accounts: take the accounts that the environment gives, as web and worker do when they start, and list them."""

from django.core.management.base import BaseCommand

from providers.accounts.given import reading, where_it_is_set
from providers.accounts.taking import take_accounts


class Command(BaseCommand):
    help = "Take the accounts of the environment's variables and of PORTAL_ACCOUNTS_FILE, and list them."

    def handle(self, *_args: object, **_options: object) -> None:
        for account in take_accounts():
            bill = "simulated" if account.sandbox else "real: what it renders is billed"
            self.stdout.write(f"{account.label}: from {where_it_is_set(account)}; {bill}")
        for problem in reading().problems:
            self.stderr.write(str(problem))

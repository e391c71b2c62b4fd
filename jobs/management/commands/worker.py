"""manage.py worker: advances tasks until it is stopped. Run any number, on any number of machines."""

from django.core.management.base import BaseCommand

from jobs.worker import Worker


class Command(BaseCommand):
    help = "Run the clock and the job clusters until SIGTERM or Ctrl-C."

    def handle(self, *_args: object, **_options: object) -> None:
        Worker().run()

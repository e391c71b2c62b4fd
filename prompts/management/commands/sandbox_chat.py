"""manage.py sandbox_chat: a chat endpoint that the simulator plays, so that prompts can be enriched without a key."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from prompts.chat import ensure_sandbox_endpoint


class Command(BaseCommand):
    help = "Create or refresh the chat endpoint that points at the simulator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default=settings.SIMULATOR_URL, help="where the simulator listens")

    def handle(self, *_args: object, url: str, **_options: object) -> None:
        endpoint = ensure_sandbox_endpoint(url)
        self.stdout.write(f"{endpoint.name}: {endpoint.base_url}")

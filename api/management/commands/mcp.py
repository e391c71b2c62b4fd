"""manage.py mcp: the portal's tools for language models, by the Model Context Protocol (docs/integrations/mcp.md)."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.checks import refuse_to_start
from api.mcp.calls import Refused, Sender, check_token
from api.mcp.server import PATH, serve_http, serve_stdio

TOKEN = "VIDEO_PORTAL_TOKEN"  # noqa: S105 - the name of a variable


class Command(BaseCommand):
    help = f"Serve MCP clients: the one that started this command, over stdio, with the token in {TOKEN}; or with --http all that have one."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--http",
            nargs="?",
            const=settings.MCP_BIND,
            metavar="HOST:PORT",
            help=f"serve over HTTP at this address, by itself at {settings.MCP_BIND}; each request brings its token",
        )
        parser.add_argument("--user", default="", help=f"over stdio: act as this user, instead of with a token in {TOKEN}")

    def handle(self, *_args: Any, http: str | None, user: str, **_options: Any) -> None:
        if not settings.PUBLIC_URL and "127.0.0.1" not in settings.ALLOWED_HOSTS:
            raise CommandError("Set PORTAL_PUBLIC_URL: without it the addresses of videos have no host.")
        if http is None:
            serve_stdio(_sender(user))
            return
        host, _colon, port = http.rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
            raise CommandError(f"“{http}” is not HOST:PORT, such as {settings.MCP_BIND}.")
        refuse_to_start([(host.strip("[]"), int(port))])
        self.stderr.write(f"MCP is served at http://{http}{PATH}")
        serve_http(host.strip("[]"), int(port))


def _sender(name: str) -> Sender:
    """Return in whose name everything is done. A token is checked now, and again with each call."""
    if name:
        user = User.objects.filter(username=name, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user “{name}”.")
        return Sender(user_id=user.pk)
    sender = Sender(token=os.environ.get(TOKEN, ""))
    try:
        check_token(sender)
    except Refused as refused:
        raise CommandError(f"{refused} Put a token that works into {TOKEN}, or name a --user.") from refused
    return sender

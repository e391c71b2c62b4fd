"""`manage.py provider_matrix`: docs/providers.md from the catalogs, or with --check whether it is still theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from providers.matrix import matrix


class Command(BaseCommand):
    help = "Writes docs/providers.md: every model's parameters, ranges, inputs, prices and sources."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is stale")
        parser.add_argument("--path", type=Path, default=Path(settings.BASE_DIR) / "docs/providers.md", help="the page; docs/providers.md")

    def handle(self, *_args: Any, check: bool, path: Path, **_options: Any) -> None:
        page = matrix()
        if not check:
            path.write_text(page, encoding="utf-8")
            self.stdout.write(f"Written: {path.name}, {page.count(chr(10))} lines.")
        elif not path.exists() or path.read_text(encoding="utf-8") != page:
            raise CommandError(f"{path.name} is stale. Run: manage.py provider_matrix")

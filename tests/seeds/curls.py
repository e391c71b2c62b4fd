"""Reads the commands out of a document: the text of each code block, and the bodies of those that order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

__all__ = ["bodies_in", "commands_in"]

BLOCK = re.compile(r"```bash\n(.*?)\n```", re.DOTALL)
BODY = re.compile(r"-d '(.*?)'", re.DOTALL)


def commands_in(document: Path) -> list[str]:
    """Return the document's commands that call curl, as they are written."""
    return [block for block in BLOCK.findall(document.read_text("utf-8")) if block.startswith("curl")]


def bodies_in(document: Path) -> list[dict[str, Any]]:
    """Return the JSON bodies of its commands."""
    return [json.loads(found[1]) for command in commands_in(document) if (found := BODY.search(command))]

"""The code on the pages of docs/integrations, run as it is written: only the hosts and tokens that pages show are those of the portal here.

`https://portal.example` is the portal behind a proxy with https; `127.0.0.1:8000` and `localhost:8000` are the portal itself.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import textwrap
import urllib.request
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from parts import frame

__all__ = ["PAGES", "Block", "blocks_of", "filled_in", "runs", "shown_on"]

PAGES = Path(__file__).parents[3] / "docs" / "integrations"
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
VIDEO = re.compile(r"https?://[^\s\"']+/v/[\w-]+/video\.mp4(?:\?direct=1)?")
COMMANDS = {
    "sh": ("video.sh", ["bash", "-e"]),
    "bash": ("video.sh", ["bash", "-e"]),
    "python": ("video.py", [sys.executable]),
    "javascript": ("video.mjs", ["node"]),
}
DONE_WITHIN_S = 100


class Block(NamedTuple):
    """A piece of code on a page."""

    page: str
    language: str
    code: str


def blocks_of(page: str, *languages: str) -> list[Block]:
    """Return the page's code in these languages, or all of it."""
    found = [Block(page, language, textwrap.dedent(code)) for _indent, language, code in FENCE.findall((PAGES / page).read_text("utf-8"))]
    return [block for block in found if not languages or block.language in languages]


def shown_on(page: str, before: str) -> str:
    """Return what the page shows as code after these words."""
    [found] = re.findall(rf"{re.escape(before)}`(.+?)`", (PAGES / page).read_text("utf-8"))
    return str(found)


def filled_in(code: str, address: str, token: str) -> str:
    """Return the code with this portal in the place of those that the pages show."""
    host = urlsplit(address).netloc
    hosts = {"https://portal.example": os.environ["PORTAL_BY_HTTPS"], "127.0.0.1:8000": host, "localhost:8000": host}
    for shown, meant in (hosts | {"vp_…": token}).items():
        code = code.replace(shown, meant)
    return code


def runs(block: Block, address: str, token: str, *, says: str = "", **variables: str) -> None:
    """Run a block beside a picture, `frame.png`. It leaves a video, as a file or as an address that it prints, or it `says` this."""
    name, command = COMMANDS[block.language]
    environment = os.environ | {"PORTAL_URL": address, "PORTAL_TOKEN": token} | variables
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, name).write_text(filled_in(block.code, address, token), "utf-8")
        Path(folder, "frame.png").write_bytes(frame())
        done = subprocess.run(
            [*command, name],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DONE_WITHIN_S,
            check=False,
        )
        assert done.returncode == 0, f"{block.page}, {block.language}: {done.stdout}"
        if says:
            assert says in done.stdout, f"{block.page}, {block.language}: {done.stdout}"
            return
        films, printed = [*Path(folder).glob("*.mp4")], VIDEO.search(done.stdout)
        assert films or printed, f"{block.page}, {block.language}: no video: {done.stdout}"
        film = films[0].read_bytes() if films else _fetched(printed[0] if printed else "")
        assert film[4:8] == b"ftyp", f"{block.page}, {block.language}: not a video: {done.stdout}"


def _fetched(address: str) -> bytes:
    with urllib.request.urlopen(address) as reply:  # noqa: S310 - the portal's own address
        content: bytes = reply.read()
    return content

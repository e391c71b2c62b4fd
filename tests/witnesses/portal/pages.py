"""The programs on the pages of docs/integrations run as they are written, with the portal and a token in their environment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PAGES = Path(__file__).parents[3] / "docs" / "integrations"
PROGRAMS = {
    "curl.md": ("bash", "video.sh", ["bash"]),
    "python.md": ("python", "video.py", [sys.executable]),
    "javascript.md": ("javascript", "video.mjs", ["node"]),
    "scitiger.md": ("python", "scitiger.py", [sys.executable]),
}
DONE_WITHIN_S = 100


def main() -> None:
    address, token, *_rest = sys.argv[1:]
    environment = os.environ | {"PORTAL_URL": address, "PORTAL_TOKEN": token}
    for page, (language, name, command) in PROGRAMS.items():
        (block,) = re.findall(rf"```{language}\n(.*?)```", (PAGES / page).read_text("utf-8"), re.DOTALL)
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, name).write_text(block, "utf-8")
            done = subprocess.run(
                [*command, name], cwd=folder, env=environment, capture_output=True, text=True, timeout=DONE_WITHIN_S, check=False
            )
            film = Path(folder, "fox.mp4")
            assert done.returncode == 0, (page, done.stdout, done.stderr)
            assert re.search(rf"{re.escape(address)}/v/[\w-]+/video\.mp4", done.stdout), (page, done.stdout)
            assert page == "scitiger.md" or b"ftyp" in film.read_bytes()[:16], page
        print(f"{page}: ran")


if __name__ == "__main__":
    main()

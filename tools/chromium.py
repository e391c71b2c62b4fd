"""The system's Chromium: where it is, and how it is started."""

from __future__ import annotations

import os
import shutil

__all__ = ["FLAGS", "chromium_path", "found_chromium"]

FLAGS = [*(["--no-sandbox"] if os.geteuid() == 0 else []), "--disable-background-networking", "--mute-audio"]


def found_chromium() -> str | None:
    """Return the path of Chromium, None if there is none."""
    return os.environ.get("PORTAL_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def chromium_path() -> str:
    """Return the path of Chromium. Raises SystemExit, with what to do, if there is none."""
    if path := found_chromium():
        return path
    raise SystemExit("No Chromium was found; install it or point PORTAL_CHROMIUM at one.")

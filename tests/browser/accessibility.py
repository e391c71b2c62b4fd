"""axe-core in a page: what of WCAG 2.2 A and AA, and of axe's best practices, it breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

__all__ = ["violations"]

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page, *rules: str) -> list[tuple[str, list[Any]]]:
    """Return each broken rule with the selectors of up to three elements. `rules`: only these, by axe's names."""
    page.evaluate(AXE)  # without preload: it would put copies of the style sheets into the page, which the CSP forbids
    found = page.evaluate("rules => axe.run(document, {runOnly: rules, preload: false})", rules or RULES)["violations"]
    return [(one["id"], [node["target"] for node in one["nodes"][:3]]) for one in found]

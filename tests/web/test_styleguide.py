"""The style guide shows every component by its own template, and only to those who work on the portal."""

from __future__ import annotations

import re
from pathlib import Path

COMPONENTS = Path(__file__).resolve().parents[2] / "templates" / "_components"


def test_every_component_is_shown_in_both_themes(visitor, settings):
    settings.DEBUG = True
    page = visitor.get("/styleguide/")

    assert {f"_components/{path.name}" for path in COMPONENTS.glob("*.html")} - {one.name for one in page.templates} == set()
    assert page.text.count('data-theme="light"') == page.text.count('data-theme="dark"') > 30
    assert "{#" not in page.text
    assert not re.search(r'class="example">\s*(<small>[^<]*</small>)?\s*<(\w+) class="[^"]*">\s*</\2>', page.text)  # nothing was left empty


def test_other_portals_have_no_style_guide(visitor):
    assert visitor.get("/styleguide/").status_code == 404

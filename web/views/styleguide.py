"""The style guide: every component in its states and in both themes, for those who work on the portal."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import get_template
from django.views.decorators.http import require_safe

from web.styleguide import Part, parts

__all__ = ["styleguide"]

ABOUT = re.compile(r"{# (.*?) #}")


@login_required
@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show every component, made by its own template. Only a portal with PORTAL_DEBUG has this page."""
    if not settings.DEBUG:
        raise Http404
    token = get_token(request)
    sections = [
        {"name": one.name, "about": _about(one), "panes": [_pane("", one, token)]}
        if one.is_once
        else {"name": one.name, "about": _about(one), "panes": [_pane("light", one, token), _pane("dark", other, token)]}
        for one, other in zip(parts("light"), parts("dark"), strict=True)
    ]
    return render(request, "styleguide/page.html", {"sections": sections})


def _pane(theme: str, part: Part, token: str) -> dict[str, Any]:
    template = get_template(f"_components/{part.name}.html")
    shown = [(name, template.render({"csrf_token": token} | dict(state))) for name, state in part.states.items()]
    return {"theme": theme, "tag": part.tag, "css": part.css, "states": shown}


def _about(part: Part) -> str:
    """Return what the component says of itself and of what it is given."""
    return " ".join(ABOUT.findall((settings.BASE_DIR / "templates" / "_components" / f"{part.name}.html").read_text(encoding="utf-8")))

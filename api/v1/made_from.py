"""How a prompt came to be, as programs give it with an order (docs/adr/0051)."""

from __future__ import annotations

import json
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import AfterValidator, Field

__all__ = ["MadeFrom"]

PARTS = ("original", "enhanced", "translated", "template", "style", "platform", "quality")
MOST_BYTES = 64 * 1024


def _known(value: dict[str, Any]) -> dict[str, Any]:
    if not set(PARTS).issuperset(value):
        raise ValueError(_("It has only these parts: %(names)s.") % {"names": ", ".join(PARTS)})
    if len(json.dumps(value, ensure_ascii=False).encode()) > MOST_BYTES:
        raise ValueError(_("At most 64 kB."))
    return value


MadeFrom = Annotated[
    dict[str, Any],
    AfterValidator(_known),
    Field(
        default_factory=dict,
        description="How the prompt came to be, as POST /prompts/render answers it.",
        examples=[{"style": "cinematic"}],
    ),
]

"""The dialects of the portal, and their addresses."""

from __future__ import annotations

from django.urls import URLPattern

from api.compat.ai_gateway.routes import dialect as ai_gateway
from api.compat.cogvideox.routes import dialect as cogvideox
from api.compat.dialect import Dialect
from api.compat.jimeng.routes import dialect as jimeng
from api.compat.jimeng.tools import tools_document
from api.compat.kling.routes import dialect as kling
from api.compat.openai.routes import dialect as openai
from api.compat.openrouter.routes import dialect as openrouter
from api.compat.replicate.routes import dialect as replicate
from api.compat.scitiger.routes import dialect as scitiger
from webhooks.shapes import Shapes

__all__ = ["DIALECTS", "callback_shapes", "compat_urls", "dialect_at", "tools_document"]

DIALECTS: tuple[Dialect, ...] = (jimeng, openai, kling, scitiger, cogvideox, openrouter, ai_gateway, replicate)


def compat_urls() -> list[URLPattern]:
    """Return every address of every dialect."""
    return [pattern for dialect in DIALECTS for pattern in dialect.urls()]


def callback_shapes() -> Shapes:
    """Return by dialect the shape of callbacks of its tasks. Tasks of other dialects get the portal's own."""
    return {dialect.name: dialect.callback for dialect in DIALECTS if dialect.callback}


def dialect_at(address: str) -> Dialect | None:
    """Return the dialect that has this address."""
    return next((dialect for dialect in DIALECTS if dialect.has(address)), None)

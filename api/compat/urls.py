"""The dialects of the portal, and their addresses."""

from __future__ import annotations

from django.urls import URLPattern, path

from api.compat.dialect import Dialect
from api.compat.jimeng.routes import dialect as jimeng
from api.compat.jimeng.tools import tools_document
from api.compat.openai.routes import dialect as openai

__all__ = ["DIALECTS", "compat_urls", "dialect_at"]

DIALECTS: tuple[Dialect, ...] = (jimeng, openai)


def compat_urls() -> list[URLPattern]:
    """Return every address of every dialect, and that of the document for tools."""
    tools = path("api/v1/openapi-tools.json", tools_document)
    return [tools, *(pattern for dialect in DIALECTS for pattern in dialect.urls())]


def dialect_at(address: str) -> Dialect | None:
    """Return the dialect that has this address."""
    return next((dialect for dialect in DIALECTS if dialect.has(address)), None)

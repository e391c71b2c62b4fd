"""The request of the web process: Django's, which a strange Content-Type cannot break."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest

__all__ = ["Request"]


class Request(WSGIRequest):
    """A request whose Content-Type counts as missing if it cannot be read.

    Django reads it before any view or middleware, with a charset the query too. It raises for `; a*=nowhere''b`, for a charset that no
    text has (`hex`, `idna`) and for very many parameters: anybody could have a 500, and a traceback in the log.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
            b"%".decode(self.encoding or "utf-8", "replace")
        except (LookupError, ValueError, SuspiciousOperation):
            self.content_type, self.content_params, self._encoding = "", {}, None

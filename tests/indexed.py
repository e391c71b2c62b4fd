"""The clock of tests without a worker: it has indexed what waits whenever somebody looks at the wall."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from library.index import index_waiting

__all__ = ["IndexFirst"]

LOOKS = re.compile(r"/gallery/.*|/videos/[0-9a-f-]{36}/|/api/v1/videos")


class IndexFirst:
    """A middleware. Pages that do not ask the index cost no query more."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method == "GET" and LOOKS.fullmatch(request.path):
            index_waiting()
        return self.get_response(request)

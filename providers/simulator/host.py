"""What the vendors' hosts have in common: a table of refusals, bearer keys, bodies of JSON. No vendor's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from providers.simulator.accounts import Account, nature, region_of
from providers.simulator.dialect import Dialect, Refusal, Refused
from providers.simulator.intake import answered
from providers.simulator.site import Site
from providers.simulator.tasks import SimTask


class Host(Dialect):
    """A Vendor and most of its Dialect. A subclass has the vendor's paths, words and lifetimes."""

    refusals: Mapping[Refusal, tuple[int, int | str, str]]
    """Status, code and words."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def handle(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        return await answered(self.site, self, self.routed(request, path), is_order=request.method == "POST")

    async def routed(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """Answer a request. Raise Refused."""
        raise NotImplementedError

    def refusal(self, why: Refusal) -> Refused:
        return Refused(*self.refusals[why])

    def account_of_bearer(self, request: web.BaseRequest, region: str | None = None, *, scheme: str = "Bearer") -> Account:
        """Return the account of the bearer's key. Raise Refused when it is missing, bad, or of another region."""
        word, _, key = request.headers.get("Authorization", "").partition(" ")
        if word != scheme or not key or nature(key) == "bad" or region not in (None, region_of(key)):
            raise self.refusal(Refusal.AUTH)
        return self.site.accounts.get(self.host, key)

    def find(self, account: Account, name: str) -> SimTask | None:
        return self.site.tasks.find(account, name, self.site.clock.now())


async def read_json(request: web.BaseRequest, refused: Refused, *, when_empty: bytes = b"") -> Any:
    """Return the body. Raise `refused` when it is not JSON."""
    try:
        return json.loads(await request.read() or when_empty)
    except ValueError as error:
        raise refused from error


async def read_object(request: web.BaseRequest, refused: Refused, *, when_empty: bytes = b"") -> dict[str, Any]:
    """Return the body. Raise `refused` when it is not a JSON object."""
    body = await read_json(request, refused, when_empty=when_empty)
    if not isinstance(body, dict):
        raise refused
    return body

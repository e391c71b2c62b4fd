"""An OpenID Connect provider that no one here wrote (`oidc-provider-mock`), in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import requests
from django.http import HttpResponse
from django.test import Client

__all__ = ["OidcProvider"]

READY_WITHIN_S = 30
STOPPED_WITHIN_S = 10


class OidcProvider:
    """`with OidcProvider() as provider:` then `provider.url` is its issuer."""

    def __enter__(self) -> Self:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "oidc_provider_mock", "-p", str(port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"NO_PROXY": "*"})
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                assert time.monotonic() < deadline, "the provider did not start"
                time.sleep(0.05)
            else:
                return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait(STOPPED_WITHIN_S)

    def knows(self, sub: str, **claims: object) -> None:
        """Make or change one of its people."""
        requests.put(f"{self.url}/users/{sub}", json=claims, timeout=10).raise_for_status()

    def brings_back(self, client: Client, sub: str, *, query: str = "", **answer: str) -> HttpResponse:
        """Go to the provider as this browser, answer its form as `sub`, and return what the portal says to who comes back."""
        way = client.get(f"/accounts/sso/team/login/{query}")
        assert way.status_code == 302, way.content.decode()
        back = requests.post(way["Location"], data={"sub": sub} | answer, allow_redirects=False, timeout=10)
        place = urlsplit(back.headers["Location"])
        return client.get(f"{place.path}?{place.query}")

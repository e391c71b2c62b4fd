"""`make live`: checks real vendors, those whose keys are in the environment, for the part of the contract that can be tested.

Free: the account, a wrong key, a task that cannot exist, a look-up of a reference that was never sent. One video, the cheapest in the
catalog, only with LIVE_SPEND=yes. The variables are in docs/live.md. No secret is printed.
"""

from __future__ import annotations

import io
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import get_args
from urllib.parse import urlsplit
from uuid import uuid4

from providers.core.base import CredentialField, Options, Provider, Surface
from providers.core.catalog import ModelSpec, Params
from providers.core.client import BlockingClient, utc_now
from providers.core.errors import AuthenticationFailed, ProviderError, SubmissionGone, Unsupported
from providers.core.fetch import FetchError, NetworkPolicy, safe_fetch
from providers.core.redact import redact
from providers.core.types import GenerationRequest, Snapshot, State, Submission
from providers.vendors import PROVIDERS
from tools.table import print_table
from videoportal import env

PROMPT = "A paper boat drifts across a calm pond"
NO_TASK = "0385dc79-0000-4000-8000-000000000001"
WRONG_KEY = "bad-key-of-make-live"
LOOPBACK = NetworkPolicy(allow_http=True, allow_cidrs=("127.0.0.0/8",))
MAX_BYTES = 500_000_000
NO_ADDRESS = re.compile(r"^$|localhost|example\.com")
"""Default addresses that are only examples."""


class NotRun(Exception):
    """A vendor, or one check of it, that cannot run here; the message says what is missing."""


class Broken(Exception):
    """A breach of the contract by the vendor; the message says where."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table. `result` is ok, FAILED or not run."""

    vendor: str
    check: str
    result: str
    words: str


def main() -> int:
    rows = list(_rows())
    print_table([("vendor", "check", "result", "words"), *((row.vendor, row.check, row.result, row.words) for row in rows)])
    counts = {result: sum(row.result == result for row in rows) for result in ("ok", "FAILED", "not run")}
    print(f"\n{counts['ok']} passed, {counts['FAILED']} failed, {counts['not run']} not run")
    if not counts["ok"] and not counts["FAILED"]:
        print("No vendor was asked: no key is set. See docs/live.md.")
    return 1 if counts["FAILED"] else 0


def _rows() -> Iterator[Row]:
    for provider in PROVIDERS.values():
        try:
            account = Account.of(provider)
        except NotRun as missing:
            yield Row(vendor=provider.slug, check="all", result="not run", words=str(missing))
            continue
        for check in CHECKS:
            yield _row(account, check)


def _row(account: Account, check: Callable[[Account], str]) -> Row:
    result, words = "ok", ""
    try:
        words = check(account)
    except NotRun as missing:
        result, words = "not run", str(missing)
    except (ProviderError, FetchError, Broken) as error:
        result, words = "FAILED", f"{type(error).__name__}: {error}"
    shown = " ".join(redact(words, account.provider.secrets).split())
    return Row(vendor=f"{account.provider.slug} {account.provider.options.surface}", check=check.__name__, result=result, words=shown)


@dataclass(frozen=True, kw_only=True)
class Account:
    """One vendor's keys from the environment, at one surface."""

    provider: Provider

    @classmethod
    def of(cls, provider: type[Provider]) -> Account:
        """Make the account. Raises NotRun if keys or an address are missing."""
        surface = _surface(provider)
        base_url = _setting(provider, "base_url") or surface.base_url
        if base_url == surface.base_url and NO_ADDRESS.search(base_url):
            raise NotRun(f"no address set: {_name(provider, 'base_url')}")
        credentials = {field.name: key for field in surface.credentials if (key := _setting(provider, field.name))}
        return cls(provider=provider(Options(surface=surface.slug, base_url=base_url, credentials=credentials)))

    @property
    def client(self) -> BlockingClient:
        return BlockingClient(provider=self.provider)

    @property
    def spec(self) -> ModelSpec:
        """Return the model for the video, and for free requests that name one."""
        here = [spec for spec in self.provider.models.values() if spec.is_at(self.provider.options.surface)]
        offered = [spec for spec in here if not (spec.retired or spec.needed_slots or spec.needed_params)]
        if wanted := _setting(type(self.provider), "model"):
            offered = [spec for spec in offered if wanted in {spec.id, spec.name}]
        if not offered:
            raise NotRun(f"no model that renders from words alone; set {_name(type(self.provider), 'model')}")
        priced = [(spec.price.amount, number) for number, spec in enumerate(offered) if spec.price]
        return offered[min(priced)[1]] if priced else offered[-1]

    @property
    def is_local(self) -> bool:
        return urlsplit(self.provider.options.base_url).hostname in {"127.0.0.1", "localhost"}

    @property
    def may_fetch_from(self) -> NetworkPolicy:
        """Return the policy for downloads: local addresses only if the vendor's is local."""
        return LOOPBACK if self.is_local else NetworkPolicy(allow_cidrs=tuple(env.items("OUTBOUND_ALLOW_CIDRS")))


def _surface(provider: type[Provider]) -> Surface:
    """Return the surface that the environment names, or the first whose keys are all set."""
    named = _setting(provider, "surface")
    if named and named not in provider.surfaces:
        raise NotRun(f"{_name(provider, 'surface')} is none of {', '.join(provider.surfaces)}")
    surfaces = [provider.surfaces[named]] if named else list(provider.surfaces.values())
    for surface in surfaces:
        if all(_setting(provider, field.name) for field in _needed(surface)):
            return surface
    ways = (" and ".join(_name(provider, field.name) for field in _needed(surface)) for surface in surfaces)
    raise NotRun(f"no key set: {', or '.join(dict.fromkeys(ways))}")


def _needed(surface: Surface) -> list[CredentialField]:
    return [field for field in surface.credentials if not field.optional]


def _name(provider: type[Provider], what: str) -> str:
    """Return the variable's name, such as `LIVE_KLING_ACCESS_KEY`."""
    return f"LIVE_{provider.slug}_{what}".upper().replace("-", "_")


def _setting(provider: type[Provider], what: str) -> str:
    return env.text(_name(provider, what)).strip()


def account(account: Account) -> str:
    """Make a free call with the right key."""
    account.client.check_account()
    return "answered"


def wrong_key(account: Account) -> str:
    """Make the same call with a secret that cannot be right."""
    options, provider = account.provider.options, type(account.provider)
    secret = [field.name for field in _needed(provider.surfaces[options.surface]) if field.secret]
    if not secret:
        raise NotRun("it has no keys")
    wrong = {**options.credentials, **dict.fromkeys(secret, WRONG_KEY)}
    if "cookie" in secret:  # it keeps the names of its parts
        wrong["cookie"] = "; ".join(f"{part.partition('=')[0].strip()}={WRONG_KEY}" for part in options.credentials["cookie"].split(";"))
    client = BlockingClient(provider=provider(options.model_copy(update={"credentials": wrong})))
    try:
        client.check_account()
    except AuthenticationFailed as error:
        return f"refused: {error}"
    raise Broken("a wrong key was taken for a right one")


def unknown_task(account: Account) -> str:
    """Poll a task that cannot exist: the answer must be that it is gone."""
    try:
        account.client.poll(Submission(id=NO_TASK, model=account.spec.id))
    except SubmissionGone as error:
        return f"gone: {error}"
    raise Broken("a task that cannot be was answered for")


def look_up(account: Account) -> str:
    """Look up a reference that was never sent, directly or in the list of tasks: it must not be found."""
    if not account.client.can_look_up:
        raise NotRun("it cannot be asked about our reference")
    try:
        found = account.client.look_up(f"live-{uuid4()}", spec=account.spec, since=utc_now())
    except Unsupported as unsure:
        return f"asked; it proves nothing just now: {unsure}"
    if found is not None:
        raise Broken(f"a reference that was never sent was found as {found.id}")
    return "nothing found, as it must be"


def one_video(account: Account) -> str:
    """Submit, poll and download. This costs money."""
    spec = account.spec
    if env.text("LIVE_SPEND") != "yes":
        raise NotRun(f"it costs money: LIVE_SPEND=yes buys one of {spec.name}")
    started = time.monotonic()
    request = GenerationRequest(spec=spec, prompt=PROMPT, params=_shortest(spec), reference=f"live-{uuid4()}")
    submission = account.client.submit(request)
    try:
        snapshot = _finished(account, submission)
        size = _downloaded(account, snapshot)
    except (ProviderError, FetchError, Broken) as error:
        raise Broken(f"task {submission.id} was paid for, then: {error}") from error
    return f"{spec.name}: {size / 1e6:.1f} MB in {time.monotonic() - started:.0f} s; {snapshot.units or 'the cost is not reported'}"


def _shortest(spec: ModelSpec) -> Params:
    field = spec.params.model_fields.get("duration_s")
    lengths = [length for length in get_args(field.annotation) if isinstance(length, int)] if field else []
    return spec.params.model_validate({"duration_s": min(lengths)} if lengths else {})


def _finished(account: Account, submission: Submission) -> Snapshot:
    """Poll until the render has succeeded; repeat a failed poll until the model's deadline, as the portal does."""
    spec = account.spec
    give_up_at = time.monotonic() + spec.deadline.total_seconds()
    while time.monotonic() < give_up_at:
        time.sleep(0.1 if account.is_local else spec.poll_every.total_seconds())
        try:
            snapshot = account.client.poll(submission)
        except ProviderError as error:
            if not error.retryable:
                raise
            continue
        if snapshot.state is State.SUCCEEDED:
            return snapshot
        if snapshot.state in {State.FAILED, State.CANCELLED}:
            raise Broken(f"it ended as {snapshot.vendor_state}: {snapshot.error}")
    raise Broken(f"it did not end within {spec.deadline}")


def _downloaded(account: Account, snapshot: Snapshot) -> int:
    """Download the first file, which must begin like a video, and return its size in bytes."""
    output, file = snapshot.outputs[0], io.BytesIO()
    headers = account.provider.download_headers(output.url, utc_now()) if output.headers_needed else {}
    safe_fetch(output.url, to=file, max_bytes=MAX_BYTES, allow=account.may_fetch_from, expected="video", headers=headers)
    return file.tell()


CHECKS: tuple[Callable[[Account], str], ...] = (account, wrong_key, unknown_task, look_up, one_video)


if __name__ == "__main__":
    sys.exit(main())

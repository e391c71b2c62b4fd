"""Copies finished renders into the media storage. It can be retried: an hour without storage or network costs nothing but time.

Download to a scratch file -> check, remux, posters, preview in a child process -> save under the portal's keys -> create the `Video` row
last. Only whole videos are published.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from database import clock
from generation import store
from generation.errors import LostRace
from generation.lifecycle import Status, backoff
from generation.media.prepare import BadMedia, VideoInfo, prepare_video
from generation.models import GenerationTask, Video
from generation.models.video import first_title
from generation.polling.outcome import outputs_expire_at, stored_outputs
from generation.quality import is_sound_ordered
from generation.scheduling.leases import DEATHS, holding, take_up
from generation.store import StorageFull, StorageUnavailable
from providers.accounts.clients import client_for, network_policy, provider_for
from providers.accounts.sealing import SealBroken
from providers.core.errors import ProviderError, SubmissionGone
from providers.core.fetch import Blocked, Fetched, FetchError, FetchTimeouts, OurLimit, TooLarge, safe_fetch
from providers.core.messages import Message, say
from providers.core.redact import SHORTEST, mask_for
from providers.core.types import State
from providers.models import ProviderAccount

__all__ = ["download", "ingest", "longest_pause", "record_of", "refresh_outputs"]

log = logging.getLogger("generation.ingest")

FETCH_PATIENCE = FetchTimeouts(total_s=600.0, bytes_per_s=20_000)
"""Together with the check this is less than a job's timeout, so a slow download ends as a failed one and not as a killed process.

A server that drips occupies a saver for 30 s from the start, or for 60 s after a good beginning. 20 kB/s bring 12 MB in the whole time, so
a slower line could not bring an ordinary render (a clip of 5 s has 2 to 10 MB); one of 50 kB/s passes.
"""
LEAST_PATIENCE_S = 60.0
"""With less time than this, another address of a file is not tried."""
MOST_BAD_FILES = 6
"""A damaged file is fetched again, because it may have been cut on the way; after this many tries the damage is the vendor's."""
BELIEVE_VENDOR = timedelta(hours=24)
"""How long to try if the vendor says that it has the file, and its file server denies it."""
MOST_MISSING = 6
MOST_LIMITED = 6
"""Tries that a limit of the portal may end before the task goes to review: an administrator has to change a setting."""
OFTEN, RARELY = timedelta(minutes=5), timedelta(hours=1)
"""The longest pauses between tries; rarely for bad files: one that makes the check crash or hang costs a worker minutes each time."""
AT_THE_END = timedelta(seconds=15)
"""The longest pause right before the vendor's file ends."""
TRIES_A_SECOND = 2.0
A_DAY = timedelta(days=1)
KEEP_TRYING = timedelta(days=31)
"""For models that are no longer in the catalog; the others have `result_life`."""

SETTINGS: Mapping[type[OurLimit], str] = {Blocked: "OUTBOUND_ALLOW_CIDRS", TooLarge: "PORTAL_MAX_VIDEO_MB"}
"""The setting that an administrator has to change when a limit of the portal keeps a file out."""


def ingest(task_id: UUID | str, fence: int) -> None:
    """Save one rendered task's videos. Does nothing if the row has moved on."""
    task = take_up(task_id, fence, Status.INGESTING)
    if task is None:
        return
    if task.starts >= DEATHS:
        task.to_review("ends_ingest", say("save_crashes", n=task.starts))
        return
    try:
        with holding(task):
            for index in range(len(task.outputs)):
                _ingest_output(task, index)
        task.move(Status.SUCCEEDED)
    except LostRace:
        log.info("task %s: another process has it", task.pk)
    except OSError as error:  # from the scratch folder: network and storage raise other types
        _retry_or_end(task, store.unavailable(error, "working in the scratch folder"))
    except (FetchError, BadMedia, StorageUnavailable, SealBroken) as error:
        _retry_or_end(task, error)


def _ingest_output(task: GenerationTask, index: int) -> None:
    if Video.objects.filter(task=task, output_index=index).exists():
        return
    with suppress(store.ObjectMissing):  # notices a storage that does not respond before anything is downloaded
        store.size(f"{_stem(task, index)}.mp4")
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.SCRATCH_DIR, prefix=f"{task.pk}-", ignore_cleanup_errors=True) as scratch:
        output, source = task.outputs[index], Path(scratch) / "source"
        fetched = download(task, output, source)
        # A whole video of another length was paid for all the same (docs/adr/0022).
        expected_s = None if fetched.end_is_known else _reported_s(output)
        info = prepare_video(source, Path(scratch), record=record_of(task), expected_duration_s=expected_s)
        _publish(task, index, info)


def _reported_s(output: dict[str, Any]) -> float | None:
    """Return the length that the vendor reported, in seconds."""
    return float(output["duration_s"]) if output.get("duration_s") else None


def download(task: GenerationTask, output: dict[str, Any], to: Path) -> Fetched:
    """Fetch the file from the first of its addresses that has it. Raises the error of the first one when none has."""
    started, first_error = time.monotonic(), None
    for place in (output, *output.get("others", ())):
        left_s = FETCH_PATIENCE.total_s - (time.monotonic() - started)  # one for all: a job has a timeout
        if first_error is not None and left_s < LEAST_PATIENCE_S:
            break
        try:
            return _fetch(task, place, to, replace(FETCH_PATIENCE, total_s=left_s))
        except FetchError as error:
            first_error = first_error or error
    assert first_error is not None
    raise first_error


def _fetch(task: GenerationTask, place: Mapping[str, Any], to: Path, timeouts: FetchTimeouts) -> Fetched:
    assert task.account is not None
    url: str = place["url"]
    headers: Mapping[str, str] = {}
    allow = network_policy(task.account, tuple(settings.OUTBOUND_ALLOW_CIDRS))
    if place.get("headers_needed"):
        headers = provider_for(task.account).download_headers(url, clock.now())
    with to.open("w+b") as file:
        try:
            return safe_fetch(
                url, to=file, max_bytes=settings.MAX_VIDEO_BYTES, allow=allow, expected="video", headers=headers, timeouts=timeouts
            )
        except FetchError as error:
            _hide_secrets(error, task.account, headers)
            raise


def _hide_secrets(error: FetchError, account: ProviderAccount, sent: Mapping[str, str]) -> None:
    """Mask the account's key in the message: a file server may quote it in its Content-Type or in a redirect's host."""
    with suppress(SealBroken):  # an unreadable key was not sent, and must not replace the error
        mask = mask_for(provider_for(account).secrets)
        tokens = [token for value in sent.values() for token in value.split() if len(token) >= SHORTEST]
        error.message = mask.covered(error.message.encode(), tokens).decode()
        error.args = (error.message,)


def record_of(task: GenerationTask) -> dict[str, Any]:
    """Return what is written into the file itself, so that a video found on a disk says how it was made."""
    return {
        "portal": "Video Portal",
        "task": str(task.pk),
        "model": task.model,
        "prompt": task.prompt.text,
        "params": task.params,
        "actual_prompt": task.actual_prompt,
        "created_at": task.created_at.isoformat(),
    }


def _stem(task: GenerationTask, index: int) -> str:
    """Return the common part of the keys. The fence in it keeps a paused process from the keys of a published file."""
    return f"videos/{task.created_at:%Y/%m/%d}/{task.pk}-{index}-{task.fence}"


def _publish(task: GenerationTask, index: int, info: VideoInfo) -> None:
    """Save the files, then create the row."""
    saved: list[str] = []
    try:
        for suffix, path in _files(info).items():
            store.save(_stem(task, index) + suffix, path)
            saved.append(_stem(task, index) + suffix)
        with transaction.atomic():
            task.keep_lease(clock.now() + timedelta(minutes=2))  # raises LostRace if another process has the task
            _create_video(task, index, info)
    except (LostRace, IntegrityError, StorageUnavailable) as error:
        store.discard(saved)
        if isinstance(error, IntegrityError):
            raise LostRace(f"output {index} of task {task.pk} is published already") from error
        raise


def _files(info: VideoInfo) -> dict[str, Path]:
    """Return what is saved, by the suffix of its key; the video itself last."""
    others = {_poster_suffix(width): path for width, path in info.other_posters.items()}
    return {".webp": info.poster, **others, ".preview.mp4": info.preview, info.final.suffix: info.final}


def _poster_suffix(width: int) -> str:
    return f".{width}.webp"


def _create_video(task: GenerationTask, index: int, info: VideoInfo) -> None:
    output, stem = task.outputs[index], _stem(task, index)
    # read after the task's row was written, which `share` writes first too; an heir who is stored right now gets it by the next round
    facts = GenerationTask.objects.values_list("team", "owner__is_active", "owner__preference__left_to")
    team, owner_is_here, heir = facts.get(pk=task.pk)
    Video.objects.create(
        task=task,
        output_index=index,
        owner_id=task.owner_id if owner_is_here else heir or task.owner_id,
        team_id=team,
        model=task.model,
        title=first_title(task.prompt.text),
        file=stem + info.final.suffix,
        poster=f"{stem}.webp",
        other_posters={str(width): stem + _poster_suffix(width) for width in info.other_posters},
        preview=f"{stem}.preview.mp4",
        colour=info.average_colour,
        sha256=info.sha256,
        source_sha256=info.source_sha256,
        size_bytes=info.size_bytes,
        stored_bytes=sum(path.stat().st_size for path in _files(info).values()),
        duration_s=info.duration_s,
        reported_duration_s=_reported_s(output),
        width_px=info.width_px,
        height_px=info.height_px,
        fps=info.fps,
        codec=info.codec,
        has_audio=info.has_audio,
        playable=info.browser_playable,
        quality=info.quality | {"sound_ordered": is_sound_ordered(task.params)} if info.quality else None,
        vendor_url=output["url"],
        vendor_url_expires_at=datetime.fromisoformat(output["expires_at"]) if output["expires_at"] else None,
        actual_prompt=task.actual_prompt,
    )


def _retry_or_end(task: GenerationTask, error: FetchError | BadMedia | StorageUnavailable | SealBroken) -> None:
    """Schedule the next try, or end the task if another try is pointless."""
    failures = task.failures + 1
    log.warning("ingest of task %s, try %d: %s", task.pk, failures, error)
    is_there = error.retryable if isinstance(error, (FetchError, BadMedia)) else True
    if not is_there:
        is_there = refresh_outputs(task) and not isinstance(error, BadMedia)
    if _has_ended(task, error, failures, is_there=is_there):
        return
    waits_because = Message()  # empty if nobody but time can help
    if isinstance(error, OurLimit):
        waits_because = say("limited_until_changed", words=str(error), setting=SETTINGS[type(error)])
    elif isinstance(error, StorageUnavailable):
        waits_because = say("disk_full" if isinstance(error, StorageFull) else "storage_away_save")
    most = RARELY if isinstance(error, BadMedia) else OFTEN
    facts = {"error_message": str(error)[:1000], "outputs": task.outputs, "wait_reason": waits_because}
    facts["outputs_expire_at"] = task.outputs_expire_at
    waiting = GenerationTask.objects.filter(status=Status.INGESTING).count()
    left = task.outputs_expire_at - clock.now() if task.outputs_expire_at else KEEP_TRYING
    task.reschedule(backoff(failures, most=longest_pause(most, waiting=waiting, left=left)), failures=failures, starts=0, **facts)


def longest_pause(usual: timedelta, *, waiting: int, left: timedelta) -> timedelta:
    """Return the longest pause before the next try of a save.

    Longer where very many wait: together they try `TRIES_A_SECOND`, because savers could not save more, and a storage that is away or just
    back is not to be flooded. Shorter where the vendor's file ends soon, in `left`: there are four more tries before it does.
    """
    most = max(usual, timedelta(seconds=waiting / TRIES_A_SECOND))
    return min(most, max(left / 4, AT_THE_END)) if left > timedelta() else most


def _has_ended(task: GenerationTask, error: Exception, failures: int, *, is_there: bool) -> bool:
    """Fail the task when the vendor no longer keeps the file; send it to a review when another try is pointless. False: try again.

    `is_there`: the vendor says that it still has the video.
    """
    waited = clock.now() - (task.rendered_at or task.created_at)
    life = task.spec.result_life if task.spec else KEEP_TRYING
    if isinstance(error, OurLimit):
        if failures >= MOST_LIMITED:
            task.to_review(error.code, say("limited", words=str(error), setting=SETTINGS[type(error)]))
    elif isinstance(error, BadMedia):
        if not error.retryable and failures >= MOST_BAD_FILES:
            task.to_review("bad_media", str(error))
    elif isinstance(error, FetchError) and waited > life + A_DAY and failures >= MOST_MISSING:
        task.give_up("result_gone", str(error))
    elif failures >= MOST_MISSING:
        is_denied = isinstance(error, FetchError) and not error.retryable
        if not is_there or (is_denied and waited > BELIEVE_VENDOR):
            task.to_review("file_denied", str(error))
    return task.state is not Status.INGESTING


def refresh_outputs(task: GenerationTask) -> bool:
    """Ask the vendor for fresh URLs, which replace the old ones. Return whether it still has the video or could not be asked."""
    assert task.account is not None
    try:
        snapshot = client_for(task.account).poll(task.submission)
    except SubmissionGone:
        return False
    except (ProviderError, SealBroken) as error:
        log.info("task %s: no fresh URL: %s", task.pk, error)
        return True
    if snapshot.state in {State.FAILED, State.CANCELLED}:
        return False
    if len(snapshot.outputs) != len(task.outputs):  # odd, but not a statement that the video is gone
        return True
    task.outputs = stored_outputs(snapshot.outputs, clock.now())
    task.outputs_expire_at = outputs_expire_at(task, task.outputs, task.rendered_at or task.created_at)
    return True

"""Clips on disk, made on demand in a separate process: the event loop neither paints nor encodes."""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import os
import signal
import sys
import tempfile
from collections import OrderedDict
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from pathlib import Path

from providers.simulator.media.clip import Clip
from providers.simulator.media.encode import encode

MAX_FILES = 400
MAX_PREPARED = 8
"""Clips that are made before they are asked for; the others wait for the first download."""
_NICENESS = 5
_PR_SET_PDEATHSIG = 1


def _be_a_quiet_child() -> None:
    """Ignore Ctrl-C, yield to the event loop, and end with the parent where the system allows."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class ClipStore:
    """The files of clips, each made once; `close` deletes them."""

    def __init__(self, *, is_tiny: bool) -> None:
        self.is_tiny = is_tiny
        self._pool: Executor | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="simulator-clips-")
        self._files: OrderedDict[str, asyncio.Task[Path]] = OrderedDict()
        self._tiny: dict[tuple[bool, bool, int], bytes] = {}

    def prepare(self, clip: Clip) -> None:
        """Start making the clip, as a vendor does, unless many are waiting already."""
        if not self.is_tiny and sum(not task.done() for task in self._files.values()) < MAX_PREPARED:
            self._ensure(clip)

    async def bytes_of(self, clip: Clip) -> bytes:
        if not self.is_tiny:
            path = await asyncio.shield(self._ensure(clip))
            return await asyncio.to_thread(path.read_bytes)
        kind = clip.is_faststart, clip.is_mov, clip.duration_s
        if kind not in self._tiny:
            path = await asyncio.shield(self._ensure(clip.tiny()))
            self._tiny[kind] = path.read_bytes()
        return self._tiny[kind]

    def _ensure(self, clip: Clip) -> asyncio.Task[Path]:
        task = self._files.get(clip.name)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._files[clip.name] = asyncio.get_running_loop().create_task(self._make(clip))
            self._forget_old()
        self._files.move_to_end(clip.name)
        return task

    async def _make(self, clip: Clip) -> Path:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(max_workers=2, mp_context=context, initializer=_be_a_quiet_child)
        path = Path(self._folder.name) / f"{clip.name}.mp4"
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, encode, clip, path)
        except BrokenExecutor:
            self._pool = None  # the next clip gets a new one
            raise
        return path

    def _forget_old(self) -> None:
        while len(self._files) > MAX_FILES:
            name, task = next(iter(self._files.items()))
            if not task.done():
                return
            del self._files[name]
            task.result().unlink(missing_ok=True)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                child.terminate()
        self._folder.cleanup()

"""The arguments that `python -m providers.simulator` and `manage.py simulator` share."""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from providers.simulator.media.store import ClipStore
from providers.simulator.server import run
from providers.simulator.site import Site
from providers.simulator.tuning import Tuning


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=9100, help="0 takes a free one")
    parser.add_argument("--speed", type=_positive, default=1.0, help="divides queue and render time")
    parser.add_argument("--queue-s", type=float, default=1.0, help="seconds in the queue")
    parser.add_argument("--render-s", type=float, help="seconds of rendering, the same for every task")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input closes")
    parser.add_argument("--media", choices=["full", "tiny"], default="full", help="tiny: one small clip for all tasks of a length")


def _positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def serve(options: argparse.Namespace) -> None:
    tuning = Tuning(speed=options.speed, queue_s=options.queue_s, render_s=options.render_s)
    site = Site(tuning=tuning, clips=ClipStore(is_tiny=options.media == "tiny"))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(site, options.host, options.port, with_parent=options.with_parent))

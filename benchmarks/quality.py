"""Times what measuring costs: `python -m benchmarks.quality RESULT.json` on a stage. Processor seconds of the media child with and
without it, in turn, so that a machine that slows down slows both.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.clips import make_clip
from benchmarks.stage import ROOT
from generation.media.prepare import MediaLimits

PAIRS = 5 if os.environ.get("BENCH_SHORT") == "1" else 15
CLIPS = {"1080p, 10 s": False, "1080p, 10 s, with sound": True}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = {title: _row(make_clip(Path(folder) / "clip.mp4", has_sound=has_sound)) for title, has_sound in CLIPS.items()}
    Path(sys.argv[1]).write_text(json.dumps(rows))


def _row(clip: Path) -> dict[str, Any]:
    _cpu_s(clip, measure=True)  # warms up
    pairs = [(_cpu_s(clip, measure=True), _cpu_s(clip, measure=False)) for _ in range(PAIRS)]
    cost = [100 * (with_it / without - 1) for with_it, without in pairs]
    low, _, high = statistics.quantiles(cost, n=4)
    return {
        "Mbit/s": round(clip.stat().st_size * 8 / 10 / 1e6, 1),
        "pairs": PAIRS,
        "CPU s without": round(statistics.median(without for _, without in pairs), 2),
        "with": round(statistics.median(with_it for with_it, _ in pairs), 2),
        "cost, median %": round(statistics.median(cost), 1),
        "middle half %": f"{low:.1f} to {high:.1f}",
    }


def _cpu_s(clip: Path, *, measure: bool) -> float:
    """Return the processor seconds of one child, from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as workdir:
        request = {"source": str(clip), "workdir": workdir, "record": {}, "expected_duration_s": None, "measure": measure}
        words = json.dumps(request | {"limits": asdict(MediaLimits())})
        done = subprocess.run(
            [sys.executable, "-m", "generation.media.child"], cwd=ROOT, input=words, text=True, stdout=subprocess.PIPE, check=True
        )
    assert bool(json.loads(done.stdout)["facts"]["quality"]) is measure
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()

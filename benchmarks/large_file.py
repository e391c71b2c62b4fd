"""One download and save: `python -m benchmarks.large_file ACCOUNT URL` prints its seconds, and by how much memory grew, as JSON.

These are the functions that the ingest calls; only the media check between them is left out.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import django

django.setup()

from django.conf import settings  # noqa: E402

from generation import store  # noqa: E402
from generation.ingest.ingest import download  # noqa: E402
from generation.models import GenerationTask  # noqa: E402
from providers.models import ProviderAccount  # noqa: E402


def main() -> None:
    account, url = ProviderAccount.objects.get(pk=sys.argv[1]), sys.argv[2]
    key = f"videos/bench/{uuid4()}.mp4"
    with suppress(store.ObjectMissing):  # as the ingest begins: this loads the client of the storage
        store.size(key)
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    start, begun = _mib("VmRSS"), time.monotonic()
    with tempfile.TemporaryDirectory(dir=settings.SCRATCH_DIR) as scratch:
        download(GenerationTask(account=account), {"url": url}, Path(scratch) / "source")
        store.save(key, Path(scratch) / "source")
    took_s = time.monotonic() - begun
    grown = _mib("VmHWM") - start
    store.delete(key)
    print(json.dumps({"s": took_s, "grown_mib": round(grown)}))


def _mib(name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


if __name__ == "__main__":
    main()

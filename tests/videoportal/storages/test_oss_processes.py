"""`OSSStorage` in several processes, after a fork, and with files that are larger than what it may keep in memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.files import File
from django.core.files.base import ContentFile

from tests.videoportal.storages.conftest import options_of
from tools.stack import ROOT

MB = 1_000_000
KEY = "videos/large.mp4"

WRITER = """
import json, sys
from django.core.files.base import ContentFile
from videoportal.storages.oss import OSSStorage
storage = OSSStorage(**json.loads(sys.argv[1]))
for number in range(10):
    try:
        storage.save_new(f"sent/{number}", ContentFile(sys.argv[2].encode()))
        print(number)
    except FileExistsError:
        pass
"""
LARGE = """
import json, resource, sys
from pathlib import Path
from django.core.files import File
from videoportal.storages.oss import OSSStorage
storage = OSSStorage(**json.loads(sys.argv[1]))
storage.client
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with Path(sys.argv[2]).open("rb") as source:
    storage.save_new("large", File(source))
with storage.open("large") as stored, Path(sys.argv[3]).open("wb") as copy:
    while block := stored.read(256 * 1024):
        copy.write(block)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def python(code: str, *words: str) -> subprocess.Popen[str]:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    return subprocess.Popen([sys.executable, "-c", code, *words], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def noise(path: Path, size: int) -> Path:
    path.write_bytes(os.urandom(MB) * (size // MB))
    return path


@pytest.mark.slow
def test_20_mb_go_in_parts_although_one_fails_twice(oss_server, storage_with, requests_of, tmp_path):
    storage = storage_with(multipart_threshold=8 * MB, part_size=4 * MB)
    oss_server.fault("cut_up", operation="UploadPart", skip=2, count=2, after_bytes=MB)
    source = noise(tmp_path / "source", 20 * MB)

    with source.open("rb") as file:
        asked = requests_of(lambda: storage.save_new(KEY, File(file)))

    assert asked == {"InitiateMultipartUpload": 1, "UploadPart": 7, "CompleteMultipartUpload": 1}
    assert storage.open(KEY).read() == source.read_bytes()


@pytest.mark.slow
def test_of_two_processes_one_writes_a_key(oss_server):
    options = json.dumps(options_of(oss_server))
    writers = [python(WRITER, options, name) for name in ("first", "other")]

    written = [writer.communicate(timeout=60)[0].split() for writer in writers]

    assert sorted(written[0] + written[1]) == [str(number) for number in range(10)]


@pytest.mark.slow
def test_large_file_takes_no_memory(oss_server, tmp_path):
    source, copy = noise(tmp_path / "source", 64 * MB), tmp_path / "copy"

    asked = python(LARGE, json.dumps(options_of(oss_server)), str(source), str(copy))
    (grown_kb,) = asked.communicate(timeout=120)[0].split()

    assert copy.stat().st_size == 64 * MB
    assert copy.read_bytes() == source.read_bytes()
    assert int(grown_kb) < 24_000


@pytest.mark.slow
def test_child_of_a_fork_has_a_connection_of_its_own(storage):
    storage.save_new("a", ContentFile(b"parent's"))
    before = storage.client
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # nothing of pytest may run here
        try:
            storage.save_new("b", ContentFile(b"child's"))
            os.write(writer, b"own" if storage.client is not before else b"shared")
        finally:
            os._exit(0)
    storage.save_new("c", ContentFile(b"parent's"))
    os.waitpid(child, 0)

    assert os.read(reader, 10) == b"own"
    assert storage.client is before
    assert [storage.open(name).read() for name in "abc"] == [b"parent's", b"child's", b"parent's"]
    os.close(reader)
    os.close(writer)

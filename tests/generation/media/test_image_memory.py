"""What images take while they are checked, measured from outside in a separate process."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageCms

ROOT = Path(__file__).resolve().parents[3]
SIDE = 3464
PIXELS = SIDE * SIDE
OTHER = 24 * 1024 * 1024
"""The file, the written image, and what the allocator keeps."""

CHILD = """
import io, json, re, sys, threading
from pathlib import Path
from generation.media.images import BadImage, inspect_image
from providers.core.catalog import PORTAL_IMAGES
from PIL import Image

data, times, ended = sys.stdin.buffer.read(), int(sys.argv[1]), []
Image.init()

def check():
    try:
        ended.append(inspect_image(io.BytesIO(data), rules=PORTAL_IMAGES).content_type)
    except BadImage as bad:
        ended.append(bad.code)

# ru_maxrss would begin with the peak of the process that started this one
most = lambda: int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
before = most()
threads = [threading.Thread(target=check) for _ in range(times)]
for thread in threads: thread.start()
for thread in threads: thread.join()
json.dump({"grown": most() - before, "ended": ended}, sys.stdout)
"""


def written(mode: str, kind: str, *, with_profile: bool = False, **options: object) -> bytes:
    out = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() if with_profile else None
    Image.new(mode, (SIDE, SIDE)).save(out, kind, icc_profile=profile, **options)
    return out.getvalue()


def checked(data: bytes, *, times: int = 1) -> dict:
    child = subprocess.run([sys.executable, "-c", CHILD, str(times)], cwd=ROOT, input=data, capture_output=True, check=True, timeout=240)
    return json.loads(child.stdout)


@pytest.mark.parametrize(
    ("mode", "kind", "options", "bytes_per_pixel"),
    [
        pytest.param("I;16", "PNG", {}, 4, marks=pytest.mark.slow),
        pytest.param("RGBA", "PNG", {"with_profile": True}, 6, marks=pytest.mark.slow),
        pytest.param("RGB", "JPEG", {"with_profile": True}, 5, marks=pytest.mark.slow),
        ("CMYK", "JPEG", {}, 9),
        pytest.param("RGB", "JPEG", {"progressive": True}, 12, marks=pytest.mark.slow),
        pytest.param("RGB", "WEBP", {}, 16, marks=pytest.mark.slow),
    ],
    ids=["png-16-bit", "rgba-icc", "rgb-icc", "cmyk", "progressive", "webp"],
)
def test_an_image_takes_no_more_than_its_pixels_allow(mode: str, kind: str, options: dict, bytes_per_pixel: int) -> None:
    found = checked(written(mode, kind, **options))

    assert found["grown"] < PIXELS * bytes_per_pixel + OTHER
    assert len(found["ended"]) == 1


@pytest.mark.slow
def test_many_images_at_once_take_no_more_than_their_share_of_memory() -> None:
    found = checked(written("CMYK", "JPEG"), times=12)

    assert len(found["ended"]) == 12
    assert set(found["ended"]) <= {"image/jpeg", "busy"}
    assert found["ended"].count("image/jpeg") >= 3 + 4
    assert found["grown"] < 384 * 1024 * 1024 + 2 * OTHER

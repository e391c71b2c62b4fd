"""Images are cleaned when they are stored and judged when a model is chosen; what is not good has a name."""

import hashlib
import io
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from PIL import Image, ImageCms

from generation.media.images import BadImage, ImageFacts, check_slot, inspect_image
from providers.core.catalog import PORTAL_IMAGES, ImageRules, offered
from tests.cases import in_one_test

RED, BLUE = (220, 30, 40), (20, 40, 200)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def two_halves(mode: str = "RGB", size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    return image.convert(mode)


def bomb(width: int, height: int) -> bytes:
    """A small PNG that claims many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def inspect(data: bytes, **rules: object) -> ImageFacts:
    return inspect_image(io.BytesIO(data), rules=replace(PORTAL_IMAGES, **rules))


def reopened(facts: ImageFacts) -> Image.Image:
    image = Image.open(io.BytesIO(facts.content))
    image.load()
    return image


@in_one_test(
    ("kind", "mode", "content_type"),
    [
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("PNG", "RGB", "image/png"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "1", "image/png"),
        ("PNG", "LA", "image/png"),
        ("PNG", "I;16", "image/png"),
        ("WEBP", "RGB", "image/jpeg"),
        ("AVIF", "RGB", "image/jpeg"),
        ("BMP", "RGB", "image/png"),
        ("GIF", "RGB", "image/png"),
        ("GIF", "L", "image/png"),
        ("TIFF", "RGB", "image/png"),
        ("TIFF", "CMYK", "image/png"),
        ("TIFF", "1", "image/png"),
        ("TIFF", "I;16", "image/png"),
    ],
)
def test_inspect_writes_a_clean_image(kind: str, mode: str, content_type: str) -> None:
    source = two_halves("L").convert("I").convert(mode) if mode == "I;16" else two_halves(mode)

    facts = inspect(encoded(source, kind))

    assert (facts.content_type, facts.width_px, facts.height_px) == (content_type, 60, 40)
    assert facts.size_bytes == len(facts.content)
    assert facts.sha256 == hashlib.sha256(facts.content).hexdigest()
    assert facts.has_transparency is False
    assert reopened(facts).size == (60, 40)


def test_inspect_takes_a_phones_jpeg_with_a_second_picture_inside() -> None:
    data = encoded(two_halves(), "MPO", save_all=True, append_images=[two_halves(size=(30, 20))])

    assert inspect(data, formats=("image/jpeg",)).content_type == "image/jpeg"


def test_inspect_keeps_every_pixel_of_a_png() -> None:
    noise = Image.frombytes("RGB", (50, 50), random.Random(6).randbytes(7500))

    assert reopened(inspect(encoded(noise, "PNG"))).tobytes() == noise.tobytes()


def test_inspect_scales_sixteen_bits_down() -> None:
    deep = Image.new("I;16", (4, 4), 40_000)

    assert reopened(inspect(encoded(deep, "PNG"))).getpixel((0, 0)) == 156


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB"])
def test_inspect_keeps_transparency(mode: str) -> None:
    options: dict[str, object] = {}
    if mode == "RGBA":
        image = Image.new(mode, (8, 8), (*RED, 100))
    elif mode == "LA":
        image = Image.new(mode, (8, 8), (10, 100))
    else:
        image, options = Image.new(mode, (8, 8)), {"transparency": 0 if mode == "P" else (0, 0, 0)}

    facts = inspect(encoded(image, "PNG", **options))

    assert (facts.has_transparency, facts.content_type, reopened(facts).mode) == (True, "image/png", "RGBA")


@pytest.mark.parametrize("kind", ["WEBP", "AVIF"])
def test_inspect_keeps_a_transparent_photo_as_png(kind: str) -> None:
    facts = inspect(encoded(Image.new("RGBA", (8, 8), (*RED, 100)), kind))

    assert (facts.has_transparency, facts.content_type) == (True, "image/png")


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "AVIF"])
def test_inspect_turns_the_image_upright(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    facts = inspect(encoded(two_halves(), kind, exif=exif, quality=95))

    assert (facts.width_px, facts.height_px) == (40, 60)
    top, bottom = reopened(facts).getpixel((20, 10)), reopened(facts).getpixel((20, 50))
    assert (top[0] > top[2], bottom[0] < bottom[2]) == (True, True)


def test_inspect_drops_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    for kind, options in (("JPEG", {"comment": b"a secret place"}), ("PNG", {}), ("WEBP", {})):
        data = encoded(two_halves(), kind, exif=exif, icc_profile=profile, **options)
        facts = inspect(data)

        assert b"secret" in data
        assert b"secret" not in facts.content
        assert not reopened(facts).getexif()
        assert "icc_profile" not in reopened(facts).info


@in_one_test(
    ("data", "code"),
    [
        (b"", "not_an_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_an_image"),
        (random.Random(7).randbytes(5000), "not_an_image"),
        (b"%PDF-1.7", "not_an_image"),
        (b"\x89PNG\r\n\x1a\n", "not_an_image"),
        (encoded(two_halves(), "PPM"), "not_an_image"),
        (encoded(Image.new("F", (4, 4), 0.5), "TIFF"), "not_an_image"),
        (encoded(Image.new("I", (4, 4), 100_000), "TIFF"), "not_an_image"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "unsupported_type"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf", "unsupported_type"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "not_an_image"),
        (bomb(6_400, 6_400), "too_many_pixels"),
        (bomb(13_000, 13_000), "too_many_pixels"),
        (bomb(60_000, 60_000), "too_many_pixels"),
    ],
)
def test_inspect_refuses_what_is_not_a_plain_image(data: bytes, code: str) -> None:
    with pytest.raises(BadImage) as caught:
        inspect(data)

    assert caught.value.code == code


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PNG", "WEBP", "AVIF"])
def test_inspect_takes_the_first_of_several_pictures(kind: str) -> None:
    """Frames of an animation, or pages."""
    data = encoded(two_halves(), kind, save_all=True, append_images=[Image.new("RGB", (60, 40), "lime")])

    image = reopened(inspect(data)).convert("RGB")

    left, right = image.getpixel((10, 20)), image.getpixel((50, 20))
    assert (left[0] > 180, left[1] < 80, right[2] > 180, right[1] < 80) == (True, True, True, True)


def test_inspect_keeps_every_pixel_of_a_tiff_and_its_holes() -> None:
    noise = Image.frombytes("RGBA", (50, 50), random.Random(6).randbytes(10_000))

    facts = inspect(encoded(noise, "TIFF", compression="tiff_lzw"))

    assert (facts.has_transparency, reopened(facts).tobytes()) == (True, noise.tobytes())


@in_one_test("kind", ["JPEG", "PNG", "WEBP", "AVIF", "BMP", "GIF", "TIFF"])
@in_one_test("percent", [10, 50, 90])
def test_inspect_refuses_a_cut_image(kind: str, percent: int) -> None:
    data = encoded(Image.frombytes("RGB", (60, 60), random.Random(8).randbytes(10_800)), kind)

    with pytest.raises(BadImage) as caught:
        inspect(data[: len(data) * percent // 100])

    assert caught.value.code == "not_an_image"


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow on tags of a TIFF that it can do without
@in_one_test("kind", ["JPEG", "PNG", "WEBP", "AVIF", "BMP", "GIF", "TIFF"])
def test_inspect_answers_whatever_bytes_are_flipped(kind: str) -> None:
    chance, whole = random.Random(9), encoded(two_halves(), kind)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 4, 20])):
            data[chance.randrange(len(data))] = chance.randrange(256)

        try:
            code = inspect(bytes(data)).content_type
        except BadImage as error:
            code = error.code

        assert code in {"image/jpeg", "image/png", "not_an_image", "unsupported_type", "too_many_pixels"}


def test_inspect_reads_no_more_than_the_cap() -> None:
    file = io.BytesIO(bytes(5000))

    with pytest.raises(BadImage) as caught:
        inspect_image(file, rules=ImageRules(max_bytes=1000))

    assert (caught.value.code, caught.value.facts, file.tell()) == ("too_large_bytes", {"max_bytes": 1000, "max_mb": "0.000954"}, 1001)


@in_one_test(
    ("rules", "code"),
    [
        ({}, None),
        ({"formats": ("image/jpeg",)}, "unsupported_type"),
        ({"max_bytes": 10}, "too_large_bytes"),
        ({"max_pixels": 2399}, "too_many_pixels"),
        ({"max_pixels": 2400}, None),
        ({"min_side_px": 40}, None),
        ({"min_side_px": 41}, "too_small"),
        ({"max_side_px": 60}, None),
        ({"max_side_px": 59}, "too_big_side"),
        ({"min_ratio": 1.5}, None),
        ({"min_ratio": 1.51}, "wrong_ratio"),
        ({"max_ratio": 1.5}, None),
        ({"max_ratio": 1.49}, "wrong_ratio"),
    ],
)
def test_slot_takes_what_fits(rules: dict, code: str | None) -> None:
    facts = inspect(encoded(two_halves(), "PNG"))

    assert _refusal(lambda: check_slot(facts, ImageRules(**rules))) == code


@pytest.mark.parametrize(("alpha", "code"), [(255, None), (254, "transparent")])
def test_slot_refuses_transparency_when_it_must(alpha: int, code: str | None) -> None:
    facts = inspect(encoded(Image.new("RGBA", (8, 8), (*RED, alpha)), "PNG"))

    assert _refusal(lambda: check_slot(facts, ImageRules(alpha=False))) == code


def test_refusal_at_a_slot_has_the_figures() -> None:
    facts = inspect(encoded(two_halves(), "PNG"))

    with pytest.raises(BadImage) as caught:
        check_slot(facts, ImageRules(min_side_px=300))

    assert caught.value.facts == {"min_side_px": 300, "width_px": 60, "height_px": 40}
    assert caught.value.message == "The image is 60 x 40 px, each side needs 300"


def _refusal(check: Callable[[], None]) -> str | None:
    try:
        check()
    except BadImage as error:
        return error.code
    return None


@in_one_test(
    ("rules", "most_bytes", "bounds"),
    [
        ({}, 9_000, (9_000, 40_000_000, 20_000)),
        ({"max_bytes": 5_000, "max_side_px": 2_000}, 9_000, (5_000, 40_000_000, 2_000)),
        ({"min_ratio": 0.4, "max_ratio": 2.5}, 9_000, (9_000, 40_000_000, 10_000)),
        ({"min_ratio": 0.25, "max_ratio": 1.0, "max_pixels": 10**8}, 9_000, (9_000, 40_000_000, 12_649)),
        ({"max_pixels": 1_000_000, "max_ratio": 2.5}, 9_000, (9_000, 1_000_000, 20_000)),
    ],
)
def test_what_is_offered_is_the_lesser_of_the_models_bounds_and_ours(rules: dict[str, object], most_bytes: int, bounds: tuple) -> None:
    shown = offered(ImageRules(**rules), most_bytes)

    assert (shown.max_bytes, shown.max_pixels, shown.max_side_px) == bounds
    assert shown.formats == PORTAL_IMAGES.formats

"""docs/providers.md is what the catalogs say today, and names every model, parameter and surface of theirs."""

import io
import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from providers.core.catalog import PORTAL_IMAGES
from providers.matrix import matrix
from providers.vendors import ALL_MODELS, PROVIDERS
from tests.cases import in_one_test

PAGE = Path(settings.BASE_DIR) / "docs/providers.md"


page_text = cache(matrix)


def cells_of(model: str) -> list[list[str]]:
    """The rows of one model: its own and those of its further parameters."""
    provider, _, model_id = model.partition("/")
    section = page_text().split(f"\nNames begin with `{provider}/`.")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("| ")]
    start = next(number for number, row in enumerate(rows) if row[0].startswith(f"`{model_id}`"))
    further = rows[start + 1 :]
    end = next((number for number, row in enumerate(further) if row[0]), len(further))
    return [rows[start], *further[:end]]


def test_page_is_fresh():
    call_command("provider_matrix", check=True)


@in_one_test("model", ALL_MODELS)
def test_each_model_has_a_row_for_each_parameter(model):
    spec = ALL_MODELS[model]

    rows = cells_of(model)

    assert [row[1] for row in rows] == [f"`{name}`" for name in spec.params.model_fields]
    assert rows[0][6] == f"[{spec.docs_read}]({spec.docs_url})"
    assert {len(row) for row in rows} == {7}


def test_each_surface_has_a_line():
    said = [line for line in matrix().splitlines() if line.startswith("- `") and "; needs " in line]

    assert [line.split("`")[1] for line in said] == [slug for provider in PROVIDERS.values() for slug in provider.surfaces]


def test_row_says_range_inputs_price_and_retirement():
    text, retired = cells_of("dashscope/wanx2.1-t2v-plus"), cells_of("kling/kling-v2-1")
    ranges = {row[1].strip("`"): row[2] for row in cells_of("cogvideox/cogvideox-2b")}

    assert text[0][4:6] == ["0.70 CNY a second", "—"]
    assert retired[0][5] == "2026-09-15; still at: `gateway`"
    assert "`first_frame`, 1: up to 10 MB, sides 300–10000 px, ratio 0.4–2.5" in retired[0][3]
    assert ranges == {
        "frames": "1–161, **16**",
        "width_px": "64–1920 in steps of 8 px, **512**",
        "height_px": "64–1920 in steps of 8 px, **512**",
        "steps": "1–200, **20**",
    }


@in_one_test(
    ("model", "words"),
    [
        ("kling/kling-v3", "prompt, 2500 characters, empty with `shots`<br>"),
        ("kling/kling-v2-6", "prompt, 2500 characters, may be empty beside an image<br>"),
        ("kling/kling-v1-6", "may be empty beside an image other than `references`<br>"),
        ("kling/kling-v1-5", "`last_frame`, 0–1, needed unless `first_frame` is given:"),
        ("kling/kling-3.0-turbo", "ratio 0.4–2.5, prompt up to 2500 characters"),
        ("dashscope/wan2.7-i2v", "`first_frame`, 0–1, needed unless an option replaces it:"),
        ("openai-videos/sora-2", "`first_frame`, 0–1: up to 19.1 MB, sides 1–20000 px, just as large as the video"),
        ("zhipu/viduq1-image", "`first_frame`, 1: up to 20 MB, sides 1–12649 px, ratio 0.25–4"),
    ],
)
def test_row_says_what_prompt_and_images_must_be(model, words):
    assert words in cells_of(model)[0][3]


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("kling", "asked about 20 tasks (of the new API only) at a time, cannot stop a render, and finds a submit by our reference."),
        ("ark", "can stop a render (only while it waits), and knows from its list that a submit was not accepted, but not which"),
        ("minimax", "asked about 50 tasks (of H3 only) at a time, can stop a render (of H3, only while it waits), and cannot be asked"),
        ("zhipu", "asked about one task at a time, cannot stop a render, and cannot be asked about a submit whose answer was lost."),
    ],
)
def test_page_says_what_a_vendor_can_do_and_no_more(slug, words):
    [line] = [line for line in matrix().splitlines() if line.startswith(f"Names begin with `{slug}/`.")]

    assert words in line


def test_bounds_of_files_are_those_of_the_settings_default():
    assert PORTAL_IMAGES.max_bytes == settings.MAX_IMAGE_BYTES


def test_what_is_not_offered_is_listed():
    said = matrix().splitlines()

    assert [what for provider in PROVIDERS.values() for what in provider.not_offered if f"- {what}" not in said] == []
    assert all(provider.not_offered for provider in PROVIDERS.values())


def test_what_was_read_elsewhere_is_listed_with_its_day():
    said, elsewhere = matrix().splitlines(), [fact for provider in PROVIDERS.values() for fact in provider.read_elsewhere]

    assert elsewhere
    assert [fact for fact in elsewhere if f"- {fact}" not in said or not re.search(r"2026-11-\d\d$", fact)] == []


def test_check_fails_and_writes_nothing_when_page_is_stale(tmp_path):
    page = tmp_path / "providers.md"
    page.write_text(matrix() + "\n", encoding="utf-8")

    with pytest.raises(CommandError, match="stale"):
        call_command("provider_matrix", check=True, path=page)

    assert page.read_text(encoding="utf-8") == matrix() + "\n"


def test_page_is_written_when_there_is_none(tmp_path):
    page = tmp_path / "providers.md"

    call_command("provider_matrix", path=page, stdout=io.StringIO())

    assert page.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")

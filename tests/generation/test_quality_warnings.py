"""Which facts are worth a warning, said by rows and found in the database alike."""

from __future__ import annotations

from typing import Any

import pytest

from generation.models import Video
from generation.quality import WARNINGS, is_sound_ordered, warned, warnings_of
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.web.page_rows import make_video

GOOD = {"black_s": 0.0, "black_share": 0.0, "frozen_s": 0.0, "silent": False, "sound_ordered": True}
BLACK, FROZEN, SILENT = "The picture is black for {} s.", "The picture does not move for {} s.", "No sound can be heard."


@pytest.mark.postgresql
@pytest.mark.django_db
@in_one_test(
    ("facts", "sentences"),
    [
        (None, {}),
        ({}, {}),
        (GOOD, {}),
        ({"black_s": 1.9, "black_share": 0.38, "frozen_s": 1.9}, {}),
        ({"black_s": 2.0, "black_share": 0.4, "frozen_s": 0.0}, {"black": BLACK.format("2.0")}),
        ({"black_s": 1.25, "black_share": 0.5, "frozen_s": 0.0}, {"black": BLACK.format("2.5")}),
        (GOOD | {"frozen_s": 3.21}, {"frozen": FROZEN.format("3.2")}),
        (GOOD | {"silent": True}, {"silent": SILENT}),
        (GOOD | {"silent": True, "sound_ordered": False}, {}),
        ({"silent": True, "sound_ordered": True}, {"silent": SILENT}),
        (
            GOOD | {"black_s": 2.5, "frozen_s": 2.5, "silent": True},
            {"black": BLACK.format("2.5"), "frozen": FROZEN.format("2.5"), "silent": SILENT},
        ),
    ],
)
def test_warnings_are_said_and_found(user: Any, facts: dict[str, Any] | None, sentences: dict[str, str]) -> None:
    video = make_video(user, quality=facts)

    assert {one.code: one.message for one in warnings_of(video)} == sentences
    assert {code for code in WARNINGS if Video.objects.filter(warned(code), pk=video.pk).exists()} == set(sentences)


@in_one_test(
    ("model", "changes", "is_ordered"),
    [
        ("dashscope/wanx2.1-t2v-turbo", {}, False),
        ("kling/kling-v2-6", {}, False),
        ("kling/kling-v2-6", {"with_audio": True, "mode": "pro"}, True),
        ("ark/doubao-seedance-1-5-pro-251215", {}, True),
        ("ark/doubao-seedance-1-5-pro-251215", {"with_audio": False}, False),
        ("dashscope/wan2.7-t2v", {}, True),
    ],
)
def test_sound_is_ordered_by_the_options_of_the_model(model: str, changes: dict[str, Any], is_ordered: bool) -> None:
    params = ALL_MODELS[model].params(**changes).model_dump(mode="json")

    assert is_sound_ordered(params) is is_ordered

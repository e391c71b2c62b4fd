"""Edit and retry opens the form where the vendor's refusal points."""

from __future__ import annotations

import re

import pytest

from generation.lifecycle import Status
from generation.queries.refused_field import refused_field
from tests.task_rows import make_task
from tests.web.page_rows import KLING

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("code", "words", "path"),
    [
        ("invalid_params", "duration must be 5 or 10", "params.duration_s"),
        ("invalid_params", "Parameter aspectRatio is not supported", "params.aspect_ratio"),
        ("invalid_params", "negative prompt too long", "params.negative_prompt"),
        ("refused", "the prompt is too long", "prompt"),
        ("invalid_params", "image is too small", "inputs.first_frame"),
        ("content_rejected", "Sensitive content.", "prompt"),
        ("invalid_params", "bad request", ""),
        ("invalid_params", "accommodation models", ""),
        ("deadline", "the duration passed", ""),
    ],
)
def test_the_field_is_the_one_that_the_vendor_names(user, code, words, path):
    task = make_task(user, status=Status.FAILED, error_code=code, error_message=words)

    assert refused_field(task, task.spec) == path


def test_the_form_opens_at_the_named_field_with_the_vendors_words(visitor, user, accounts):
    task = make_task(user, status=Status.FAILED, error_code="refused", error_message="the prompt is too long", model=KLING)

    text = visitor.get(f"/studio/?from_task={task.pk}").text

    box = re.search(r'<textarea[^>]*name="prompt"[^>]*>', text)[0]
    assert 'aria-invalid="true"' in box
    assert " autofocus" in box
    assert 'aria-describedby="id_prompt_helptext id_prompt_error"' in box
    assert 'id="id_prompt_helptext"' in text
    assert re.search(r'id="id_prompt_error">.*the prompt is too long', text)


def test_a_setting_behind_more_settings_is_laid_open(visitor, user, accounts):
    task = make_task(user, status=Status.FAILED, error_code="invalid_params", error_message="negative_prompt: no", model=KLING)

    text = visitor.get(f"/studio/?from_task={task.pk}").text

    assert '<details class="more" open>' in text
    assert re.search(r'<textarea[^>]*name="negative_prompt"[^>]*aria-invalid="true"', text)


def test_a_named_image_marks_the_images(visitor, user, accounts):
    task = make_task(user, status=Status.FAILED, error_code="invalid_params", error_message="image is too small", model=KLING)

    assert 'data-invalid tabindex="-1" autofocus' in visitor.get(f"/studio/?from_task={task.pk}").text


def test_a_failure_that_names_nothing_opens_a_clean_form(visitor, user, accounts):
    task = make_task(user, status=Status.FAILED, error_code="deadline", error_message="too late", model=KLING)

    text = visitor.get(f"/studio/?from_task={task.pk}").text

    assert "aria-invalid" not in text
    assert " autofocus" not in re.search(r'<textarea[^>]*name="prompt"[^>]*>', text)[0]

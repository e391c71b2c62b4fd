"""Models that their vendor retired: marked wherever one chooses, still readable in what was made with them."""

from __future__ import annotations

import pytest
from django.utils.formats import date_format

from providers.vendors import ALL_MODELS
from tests.task_rows import make_task

RETIRED = "kling/kling-v1-6"
DAY = ALL_MODELS[RETIRED].retired


@pytest.fixture
def old_task(staff):
    return make_task(staff, status="cancelled", model=RETIRED, prompt="a fox of last year")


def test_studio_marks_the_chosen_model_and_the_list(staff_client, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9")

    text = staff_client.get(f"/studio/?model={RETIRED}").content.decode()

    assert f"retired on {date_format(DAY)}" in text
    assert " · retired" in text


def test_account_form_marks_what_may_be_allowed(staff_client, db):
    text = staff_client.get("/admin/providers/provideraccount/add/?vendor=kling&surface=gateway").content.decode()

    assert f"{ALL_MODELS[RETIRED].label} (retired on {DAY.isoformat()})" in text


def test_history_keeps_the_name(staff_client, old_task):
    pages = [staff_client.get(path).content.decode() for path in ("/activity/", f"/tasks/{old_task.pk}/")]

    for text in pages:
        assert "a fox of last year" in text
        assert ALL_MODELS[RETIRED].label in text

"""Models that their vendor retired: marked wherever one chooses, still readable in what was made with them."""

from __future__ import annotations

import pytest
from django.utils.formats import date_format

from providers.vendors import ALL_MODELS
from tests.task_rows import make_task
from tests.web.admin.account_fields import LIMITS, USE

RETIRED = "kling/kling-v1-6"
DAY = ALL_MODELS[RETIRED].retired


@pytest.fixture
def old_task(staff):
    return make_task(staff, status="cancelled", model=RETIRED, prompt="a fox of last year")


def test_studio_marks_the_chosen_model_and_the_list(staff_client, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9")

    text = staff_client.get(f"/studio/?model={RETIRED}").text + staff_client.get("/studio/models/").text

    assert f"retired on {date_format(DAY)}" in text
    assert " · retired" in text


def test_account_form_marks_what_may_be_allowed(staff_client, db):
    text = staff_client.get("/admin/providers/provideraccount/add/?vendor=kling&surface=gateway").content.decode()

    assert f"{ALL_MODELS[RETIRED].label} (retired on {DAY.isoformat()})" in text


def test_account_limited_to_retired_models_stays_limited_when_it_is_saved(staff_client, make_account):
    gone = "a-declared-model-that-was-deleted"
    account = make_account("kling", "official-key", "http://127.0.0.1:9", models_allowed=["kling-v1-6", gone])
    page = f"/admin/providers/provideraccount/{account.pk}/change/"
    form = staff_client.get(page).context["adminform"].form
    ticked = [box.data["value"] for box in form["models_allowed"] if box.data["selected"]]

    staff_client.post(page, {"label": "old", "base_url": account.base_url, "models_allowed": ticked, **USE, **LIMITS})

    account.refresh_from_db()
    assert (account.label, account.models_allowed, account.models_offered()) == ("old", ["kling-v1-6", gone], [])


def test_history_keeps_the_name(staff_client, old_task):
    pages = [staff_client.get(path).content.decode() for path in ("/activity/", f"/tasks/{old_task.pk}/")]

    for text in pages:
        assert "a fox of last year" in text
        assert ALL_MODELS[RETIRED].label in text

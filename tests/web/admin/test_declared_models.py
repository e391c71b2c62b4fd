"""Models declared without code: from the admin's form to the Studio, the API and a video, and back."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db.models.signals import pre_save
from django.test import Client

from events.models import AuditEvent
from generation.lifecycle import Status
from providers.accounts.sandbox import ensure_sandbox_accounts
from providers.declared.current import keep
from providers.models import DeclaredModel, ProviderAccount
from providers.vendors import ALL_MODELS
from tests.task_rows import create_task, make_task

LIST = "/admin/providers/declaredmodel/"
FORM = {
    "model_id": "google/veo-3.1",
    "label": "Veo 3.1",
    "durations": "8, 4-6",
    "sizes": "1280x720、720×1280",
    "first_frame": "on",
    "max_prompt_chars": "500",
    "amount": "0.4",
    "unit": "second",
    "currency": "usd",
}


@pytest.fixture(autouse=True)
def nothing_declared_afterwards():
    yield
    keep({})


@pytest.fixture
def declared(staff_client) -> DeclaredModel:
    reply = staff_client.post(f"{LIST}add/?vendor=openai-videos", FORM)
    assert reply.status_code == 302, reply.context["adminform"].form.errors
    return DeclaredModel.objects.get()


def test_a_declared_model_is_in_the_catalog_with_its_options(declared):
    spec = ALL_MODELS["openai-videos/google/veo-3.1"]

    assert (spec.label, spec.max_prompt_chars, str(spec.price.amount), spec.price.currency) == ("Veo 3.1", 500, "0.4000", "USD")
    schema = spec.json_schema()["properties"]
    assert (schema["duration_s"]["enum"], schema["duration_s"]["default"]) == ([8, 4, 5, 6], 8)
    assert schema["size"]["enum"] == ["1280x720", "720x1280"]
    assert [slot.name for slot in spec.slots] == ["first_frame"]


def test_form_and_api_follow_and_so_does_a_change(declared, staff_client, simulator):
    ensure_sandbox_accounts(simulator.url)

    page = staff_client.get("/studio/", {"model": declared.name}).text
    assert "Veo 3.1" in page
    assert 'value="720x1280"' in page
    shown = staff_client.get(f"/api/v1/models/{declared.name}").json()
    assert (shown["label"], shown["available"], shown["json_schema"]["properties"]["duration_s"]["default"]) == ("Veo 3.1", True, 8)

    staff_client.post(f"{LIST}{declared.pk}/change/", {**FORM, "durations": "10, 12", "label": "Veo 3.1 long"})

    assert staff_client.get(f"/api/v1/models/{declared.name}").json()["json_schema"]["properties"]["duration_s"]["enum"] == [10, 12]
    future = staff_client.post(f"{LIST}{declared.pk}/change/", {**FORM, "retired": "2999-01-01"})
    assert list(future.context["adminform"].form.errors) == ["retired"]


def test_another_process_sees_a_change_when_its_reading_is_old(declared, settings):
    settings.DECLARED_MODELS_KEPT_S = 0.0
    DeclaredModel.objects.update(label="Renamed elsewhere")

    assert ALL_MODELS[declared.name].label == "Renamed elsewhere"
    assert ALL_MODELS[declared.name] is ALL_MODELS[declared.name]


def test_the_request_carries_what_was_declared_and_the_video_arrives(user, driver, simulator):
    DeclaredModel.objects.create(vendor="openai-videos", model_id="acme/long-1", label="Long", durations=[4, 8], sizes=["1280x720"])

    task = driver.finish(create_task(owner=user, model="openai-videos/acme/long-1", prompt="a fox", params={"duration_s": 8}))

    assert task.status == Status.SUCCEEDED
    parts = task.attempts.get().request["parts"]
    assert parts == {"prompt": "a fox", "model": "acme/long-1", "seconds": "8", "size": "1280x720"}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"model_id": "two words"}, "model_id"),
        ({"model_id": "gateway-model"}, "model_id"),
        ({"model_id": "x" * 91}, "model_id"),
        ({"durations": "0"}, "durations"),
        ({"durations": "9-4"}, "durations"),
        ({"durations": "1-600"}, "durations"),
        ({"durations": "four"}, "durations"),
        ({"sizes": "720p"}, "sizes"),
        ({"amount": "-1"}, "amount"),
        ({"currency": "RMB"}, "currency"),
        ({"max_prompt_chars": "0"}, "max_prompt_chars"),
    ],
)
def test_what_cannot_be_declared_is_refused_at_its_field(staff_client, changes, wrong):
    reply = staff_client.post(f"{LIST}add/?vendor=openai-videos", {**FORM, **changes})

    assert sorted(reply.context["adminform"].form.errors) == [wrong]
    assert not DeclaredModel.objects.exists()


def test_a_press_at_the_same_moment_finds_what_the_other_saved(staff_client):
    def the_other_saves_meanwhile(instance, **_):
        DeclaredModel.objects.bulk_create([DeclaredModel(vendor=instance.vendor, model_id=instance.model_id, label="The other's")])

    pre_save.connect(the_other_saves_meanwhile, DeclaredModel)
    try:
        reply = staff_client.post(f"{LIST}add/?vendor=openai-videos", FORM, follow=True)
    finally:
        pre_save.disconnect(the_other_saves_meanwhile, DeclaredModel)

    assert (reply.status_code, "Someone else saved this at the same time" in reply.text) == (200, True)


def test_a_model_is_declared_once(declared, staff_client):
    reply = staff_client.post(f"{LIST}add/?vendor=openai-videos", FORM)

    assert "The portal has this model already." in reply.text


def test_one_with_tasks_is_retired_instead_of_deleted(declared, staff_client, user, simulator):
    ensure_sandbox_accounts(simulator.url)
    make_task(user, model=declared.name, status=Status.SUCCEEDED)

    reply = staff_client.post(f"{LIST}{declared.pk}/delete/", {"post": "yes"}, follow=True)

    assert "retired instead of deleted" in reply.text
    assert ALL_MODELS[declared.name].retired is not None
    ordered = staff_client.post("/api/v1/tasks", {"model": declared.name, "prompt": "a boat"}, content_type="application/json")
    assert (ordered.status_code, ordered.json()["error"]["code"]) == (422, "model_retired")
    assert AuditEvent.objects.order_by("pk").last().action == "model.changed"


def test_one_without_tasks_is_deleted(declared, staff_client):
    staff_client.post(f"{LIST}{declared.pk}/delete/", {"post": "yes"})

    assert declared.name not in ALL_MODELS
    assert AuditEvent.objects.order_by("pk").last().action == "model.deleted"


def test_the_gateways_list_fills_in_what_was_ticked(staff_client, simulator):
    ensure_sandbox_accounts(simulator.url)
    account = ProviderAccount.objects.get(vendor="openai-videos", surface="compatible")
    assert f"{LIST}read/{account.pk}/" in staff_client.get(LIST).text

    page = staff_client.get(f"{LIST}read/{account.pk}/").text
    assert 'value="acme/long-1"' in page
    assert 'value="sora-2"' not in page
    for _ in range(2):  # a second press finds nothing new
        staff_client.post(f"{LIST}read/{account.pk}/", {"model": ["acme/long-1", "sora-2", "made up"]})

    assert [row.name for row in DeclaredModel.objects.all()] == ["openai-videos/acme/long-1"]
    assert "openai-videos/acme/long-1" in ALL_MODELS


def test_openrouters_list_says_what_a_model_can_do(staff_client, user, driver, simulator):
    account = ProviderAccount.objects.get(vendor="openrouter")
    staff_client.post(f"{LIST}read/{account.pk}/", {"model": ["acme/long-1"]})

    row = DeclaredModel.objects.get()
    assert (row.durations, row.resolutions, row.aspect_ratios, row.last_frame, row.sound) == (
        [4, 8],
        ["720p"],
        ["16:9", "9:16"],
        True,
        True,
    )
    task = driver.finish(create_task(owner=user, model=row.name, prompt="a fox", params={"duration_s": 8, "with_audio": False}))
    assert task.status == Status.SUCCEEDED
    assert task.attempts.get().request["json"].items() >= {"model": "acme/long-1", "duration": 8, "generate_audio": False}.items()


def test_a_list_that_cannot_be_read_says_why(staff_client, make_account):
    account = make_account("openai-videos", "compatible", "http://127.0.0.1:9/v1", sandbox=True)

    reply = staff_client.get(f"{LIST}read/{account.pk}/", follow=True)

    assert account.label in reply.text
    assert not DeclaredModel.objects.exists()


def test_staff_who_may_not_add_models_may_not_read_lists(make_account, db):
    account = make_account("openai-videos", "compatible", "http://127.0.0.1:9/v1")
    clerk = Client()
    clerk.force_login(User.objects.create_user("clerk", is_staff=True))

    assert clerk.get(f"{LIST}read/{account.pk}/").status_code == 404
    assert clerk.post(f"{LIST}read/{account.pk}/", {"model": "a"}).status_code == 404

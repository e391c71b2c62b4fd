"""Model aliases in the admin: the model is chosen, the name typed. The audit log: tests/events."""

from __future__ import annotations

from generation.models import ModelAlias

PAGE = "/admin/generation/modelalias/"


def test_an_alias_is_added_and_listed(staff_client):
    staff_client.post(f"{PAGE}add/", {"name": "sora-2", "model": "kling/kling-v2-6"})

    assert str(ModelAlias.objects.get()) == "sora-2 → kling/kling-v2-6"
    assert "sora-2" in staff_client.get(PAGE).content.decode()


def test_a_name_is_there_once_whatever_its_case_and_has_no_odd_letters(staff_client):
    ModelAlias.objects.create(name="sora-2", model="kling/kling-v2-6")
    for name in ("SORA-2", "sora\t2", "", "<b>"):
        reply = staff_client.post(f"{PAGE}add/", {"name": name, "model": "kling/kling-v2-6"})
        assert reply.context["adminform"].form.errors.keys() in ({"name"}, {"__all__"})
    assert ModelAlias.objects.count() == 1


def test_only_models_that_can_be_ordered_are_offered(staff_client):
    reply = staff_client.post(f"{PAGE}add/", {"name": "old", "model": "openai-videos/sora-2"})

    assert "model" in reply.context["adminform"].form.errors

"""Who may change users may not make themselves more than they are: rights, staff and superusers are for superusers."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from tests.access.test_sign_in import RIGHT, sign_in

USERS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"
ALL = tuple(f"auth.{verb}_{what}" for what in ("user", "group") for verb in ("view", "add", "change", "delete"))
CHANGED = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "last_login_0": "", "last_login_1": "", "is_active": "on"}
PASSWORD = {"usable_password": "true", "password1": "another long enough one", "password2": "another long enough one"}


@pytest.fixture
def clerk(staff_who_may):
    return staff_who_may(*ALL)


def rights() -> dict[str, object]:
    """Return everybody's rights."""
    return {
        person.username: (person.is_staff, person.is_superuser, person.password, sorted(person.get_all_permissions()))
        for person in User.objects.all()
    }


def test_staff_do_not_make_themselves_superusers(clerk):
    me, permission = User.objects.get(username="clerk"), Permission.objects.get(codename="add_apitoken")
    before = rights()

    reply = clerk.post(
        f"{USERS}{me.pk}/change/",
        {"username": "clerk", "is_superuser": "on", "is_staff": "on", "user_permissions": [permission.pk], "first_name": "A", **CHANGED},
    )

    assert reply.status_code == 302
    assert User.objects.get(pk=me.pk).first_name == "A"
    assert rights() == before


@pytest.mark.parametrize("privileged", ["superuser", "other staff"])
@pytest.mark.parametrize("path", ["change", "password", "delete"])
def test_staff_change_no_staff(privileged, path, clerk):
    person = User.objects.create_user("boss", password="x", is_staff=True, is_superuser=privileged == "superuser")
    before = rights()

    reply = clerk.post(f"{USERS}{person.pk}/{path}/", {"username": "boss", "post": "yes", **CHANGED, **PASSWORD})

    assert reply.status_code == 403
    assert rights() == before


def test_staff_delete_no_staff_by_action_either(clerk):
    person = User.objects.create_user("boss", password="x", is_staff=True)

    clerk.post(USERS, {"action": "delete_selected", "_selected_action": [str(person.pk)], "post": "yes"})

    assert User.objects.filter(pk=person.pk).exists()


@pytest.mark.parametrize("path", ["change", "password"])
def test_staff_with_the_permission_help_people_who_are_not_staff(path, clerk, user):
    reply = clerk.post(f"{USERS}{user.pk}/{path}/", {"username": "lin", "first_name": "Lin", **CHANGED, **PASSWORD})

    assert reply.status_code == 302


@pytest.mark.parametrize("path", ["add/", "{pk}/change/", "{pk}/delete/"])
def test_groups_are_for_superusers(path, clerk):
    group = Group.objects.create(name="clerks")

    assert clerk.post(f"{GROUPS}{path.format(pk=group.pk)}", {"name": "bosses", "post": "yes"}).status_code == 403
    assert [one.name for one in Group.objects.all()] == ["clerks"]


def test_a_superuser_changes_everything(staff_client, user):
    staff_client.post(f"{USERS}{user.pk}/change/", {"username": "lin", "is_superuser": "on", "is_staff": "on", **CHANGED})
    staff_client.post(f"{GROUPS}add/", {"name": "clerks"})

    user.refresh_from_db()
    assert user.is_superuser
    assert Group.objects.filter(name="clerks").exists()


def test_whoever_is_given_an_address_signs_in_by_it_in_any_letters(staff_client, user):
    staff_client.post(f"{USERS}{user.pk}/change/", {"username": "lin", "email": "Lin.Yue@Team.example", **CHANGED})

    for typed in ("Lin.Yue@Team.example", "lin.yue@team.example"):
        assert sign_in(Client(), typed, RIGHT)["Location"] == "/"


@pytest.mark.parametrize("name", ["ZHAO", "zhao@team.example"])
def test_nobody_gets_a_name_by_which_somebody_else_signs_in(staff_client, user, other_user, name):
    User.objects.filter(pk=other_user.pk).update(email="Zhao@team.example")

    page = staff_client.post(f"{USERS}{user.pk}/change/", {"username": name, **CHANGED})

    assert "Somebody else signs in with this" in page.text
    assert User.objects.get(pk=user.pk).username == "lin"

"""Quotas where people meet them: the form, the API, the settings, the admin."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from access.models import Preference
from access.tokens import issue
from events.models import AuditEvent
from generation.models import GenerationTask
from generation.ordering.room import GB
from tests.task_rows import MODEL
from tests.web.page_rows import make_video

pytestmark = pytest.mark.django_db


def test_a_full_quota_is_said_in_the_form_in_the_api_and_in_the_settings(visitor, user, kling, settings):
    settings.QUOTA_GB_PER_USER = 2
    make_video(user, stored_bytes=3 * GB)
    tasks = GenerationTask.objects.count()

    form = visitor.post("/studio/tasks/", {"model": MODEL, "prompt": "a boat", "count": "2"})
    bearer = {"authorization": f"Bearer {issue(user, 'tests')[1]}"}
    program = visitor.post("/api/v1/tasks", {"model": MODEL, "prompt": "a boat"}, content_type="application/json", headers=bearer)
    page = visitor.get("/settings/").text

    assert form.status_code == 422
    assert "The storage quota is reached: 3.0 of 2 GB." in form.text
    assert (program.status_code, program.json()["error"]["code"]) == (403, "quota_reached")
    assert GenerationTask.objects.count() == tasks
    assert "3.0 GB of 2.0 GB used" in page
    assert 'aria-valuenow="100"' in page
    assert "You cannot order new videos." in page


def test_an_administrator_sees_who_uses_most_and_sets_a_persons_quota(staff_visitor, user, other_user, settings):
    settings.QUOTA_GB_PER_USER = 10
    make_video(user, stored_bytes=GB)
    make_video(other_user, stored_bytes=2 * GB)

    column = staff_visitor.get("/admin/auth/user/").context["cl"].list_display.index("used")
    people = staff_visitor.get(f"/admin/auth/user/?o={column}").context["cl"].result_list
    assert [person.username for person in people][:2] == ["zhao", "lin"]
    assert "2.0 GB (20 %)" in staff_visitor.get("/admin/auth/user/").text

    page = staff_visitor.get(f"/admin/auth/user/{user.pk}/change/")
    form = page.context["adminform"].form
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    joined = user.date_joined
    sent |= {"quota_gb": "3", "date_joined_0": f"{joined:%Y-%m-%d}", "date_joined_1": f"{joined:%H:%M:%S}"}
    assert staff_visitor.post(f"/admin/auth/user/{user.pk}/change/", sent).status_code == 302

    assert Preference.objects.get(user=user).quota_gb == 3
    recorded = AuditEvent.objects.get(action="user.changed")
    assert (recorded.before.get("quota_gb"), recorded.after["quota_gb"]) == (None, 3)


def test_staff_do_not_set_quotas(client, django_user_model, user):
    helper = django_user_model.objects.create_user("helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client.force_login(helper)

    page = client.get(f"/admin/auth/user/{user.pk}/change/")

    assert 'name="username"' in page.text
    assert 'name="quota_gb"' not in page.text

"""/api/v1/preferences: a person's own choices, which their browsers take over."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from access.limits import Limits
from access.models import Preference
from access.scopes import Scope
from access.tokens import issue
from events.models import AuditEvent
from tests.api.conftest import Api
from tests.cases import in_one_test

NOTHING = {
    "language": None,
    "theme": None,
    "time_zone": None,
    "tile_size": None,
    "file_names": None,
    "page_notices": ["title"],
    "default_team": None,
    "paying_team": None,
    "pays": None,
}


@pytest.fixture
def program(user):
    return Api(issue(user, "tests", limits=Limits(scopes=tuple(Scope.values)))[1])


def change(client, **choices):
    return client.patch("/api/v1/preferences", choices, content_type="application/json")


def test_a_person_reads_and_changes_what_they_chose_and_a_browser_has_it_from_its_sign_in(program, user):
    films, shop = (Group.objects.create(name=name) for name in ("films", "shop"))
    assert program.get("/preferences").json() == NOTHING
    user.groups.add(films, shop)
    chosen = {"language": "zh-hans", "theme": "dark", "time_zone": "Asia/Shanghai", "page_notices": ["title", "sound"]}
    chosen |= {"file_names": "{date}_{title}", "tile_size": "large"}

    changed = change(program.client, **chosen, default_team="films", paying_team="shop").json()

    assert changed == chosen | {"default_team": "films", "paying_team": "shop", "pays": "shop"} == program.get("/preferences").json()
    browser = Client()
    browser.force_login(user)
    page = browser.get("/settings/").text
    assert 'data-tiles="large"' in browser.get("/gallery/").text
    assert ('lang="zh-hans"' in page, "<option selected>Asia/Shanghai" in page) == (True, True)

    assert change(program.client, language=None, page_notices=[]).json() == changed | {"language": None, "page_notices": []}
    user.groups.remove(shop)
    left = program.get("/preferences").json()
    assert (left["paying_team"], left["pays"], left["default_team"]) == (None, "films", "films")


def test_another_paying_team_is_in_the_audit_log_with_the_token(program, user):
    user.groups.add(Group.objects.create(name="films"))
    for _again in range(2):
        change(program.client, paying_team="films", theme="dark")

    (event,) = AuditEvent.objects.filter(action="user.paying_team_changed")
    assert (event.before, event.after, event.token_id) == ({"team": None}, {"team": "films"}, user.api_tokens.get().pk)


@in_one_test(
    ("field", "value"),
    [
        ("language", "tlh"),
        ("language", ""),
        ("theme", "pink"),
        ("tile_size", "huge"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../etc/passwd"),
        ("page_notices", ["smell"]),
        ("paying_team", "theirs"),
        ("default_team", "theirs"),
        ("quota_gb", 5),
    ],
)
def test_what_is_not_offered_is_refused_and_nothing_is_stored(field, value, program):
    Group.objects.get_or_create(name="theirs")

    refused = change(program.client, **{"theme": "dark", field: value})

    assert (refused.status_code, [name for name in refused.json()["error"]["fields"] if field in name] != []) == (422, True)
    assert not Preference.objects.exists()


def test_a_person_at_a_page_has_it_at_once(user):
    browser = Client()
    browser.force_login(user)

    assert change(browser, theme="dark").status_code == 200
    assert 'data-theme="dark"' in browser.get("/settings/").text

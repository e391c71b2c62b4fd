"""Settings, Budgets: what limits a person's orders, in their language and on the budget's clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from access.budgets import buyers, put_in_force
from access.models import Budget, Preference
from access.tokens import issue
from events.models import AuditEvent

PAGE = "/settings/budgets/"
YUAN = 1_000_000


@pytest.fixture
def visitor(user):
    client = Client()
    client.force_login(user)
    return client


def lines(client, language="en"):
    text = client.get(PAGE, headers={"accept-language": language}).text
    main = text[text.index("<main") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def make(limit, held=0, **facts):
    budget = Budget(limit=limit * YUAN, **facts)
    put_in_force(budget)
    Budget.objects.filter(pk=budget.pk).update(held=held * YUAN, ends_at=datetime(2036, 1, 31, 16, tzinfo=UTC))
    return budget


def test_without_budgets_the_page_says_so(visitor, staff_client):
    assert "Nothing limits what you may spend." in lines(visitor)
    assert "/admin/access/budget/" not in visitor.get(PAGE).text
    assert "/admin/access/budget/" in staff_client.get(PAGE).text


def test_a_person_sees_what_binds_them_and_nothing_of_others(visitor, user, other_user):
    team = Group.objects.create(name="Films & Co")
    user.groups.add(team)
    token = issue(user, "shop")[0]
    make(1000, 100, kind="everyone", window="month")
    make(100, 85, kind="team", team=team, window="month")
    make(10, 12, kind="user", user=user, window="day")
    make(0, kind="token", token_line=token.pk, window="day")
    make(77, kind="user", user=other_user, window="day")

    english, chinese = lines(visitor), lines(visitor, "zh-hans")

    assert "Everyone together, each month ¥900.00 left ¥100.00 of ¥1,000.00 used or reserved Starts again" in english
    assert "Your team Films &amp; Co, each month Almost used up ¥15.00 left" in english
    assert "You, each day Used up ¥0.00 left ¥12.00 of ¥10.00 used or reserved" in english
    assert "Your token shop, each day Used up ¥0.00 left" in english
    assert "77" not in english
    assert "用完" in chinese
    assert "Almost" not in chinese


def test_a_period_ends_on_the_clock_of_its_owner(visitor, user, settings):
    Preference.objects.create(user=user, time_zone="America/Lima")
    make(10, kind="user", user=user, window="month")
    make(10, kind="everyone", window="month")
    visitor.cookies["time_zone"] = "America/Lima"

    english = lines(visitor)

    assert "11 a.m." in english or "11:00" in english  # 16:00 UTC in Lima, the person's own zone
    assert f"({settings.TIME_ZONE})" in english  # midnight there, and this reader is elsewhere


def test_an_anonymous_reader_is_asked_to_sign_in(db):
    assert Client().get(PAGE).status_code == 302


def test_who_is_in_several_teams_chooses_which_of_them_pays(visitor, user, other_user):
    films, shop, theirs = (Group.objects.create(name=name) for name in ("films", "shop", "theirs"))
    user.groups.add(films)
    assert "Team that pays" not in visitor.get("/settings/").text
    user.groups.add(shop)
    assert "Team that pays" in visitor.get("/settings/").text

    for sent, pays in ((str(shop.pk), shop), (str(theirs.pk), shop), ("x", shop), ("", films)):
        visitor.post("/settings/", {"paying_team": sent})
        assert buyers([user.pk])[user.pk].team_id == pays.pk
    visitor.post("/settings/", {"paying_team": str(shop.pk)})
    assert f'<option value="{shop.pk}" selected>' in visitor.get("/settings/").text
    changes = [(event.before["team"], event.after["team"]) for event in AuditEvent.objects.filter(action="user.paying_team_changed")]
    assert changes == [(None, "shop"), ("shop", None), (None, "shop")]
    assert "You have left the team" not in visitor.get("/settings/").text

    user.groups.remove(shop)
    assert buyers([user.pk])[user.pk].team_id == films.pk  # who has left a team spends no money of it
    assert "You have left the team “shop”, so it no longer pays." in visitor.get("/settings/").text
    visitor.post("/settings/", {"paying_team": ""})
    assert "You have left the team" not in visitor.get("/settings/").text

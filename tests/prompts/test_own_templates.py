"""Templates of persons and teams: versions, who sees and changes them."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from access.callers import Caller
from events.models import AuditEvent
from generation.errors import Conflict, InvalidRequest, NotAllowed, NotThere
from prompts.making import make
from prompts.models import Template
from prompts.templates import own
from tests.cases import in_one_test

FIELDS = {"category": "product", "language": "en", "name": "Shelf", "text": "{product} on a shelf"}


@pytest.fixture
def row(user):
    return own.create(by=Caller(user=user), **FIELDS)


def test_an_edit_is_a_new_version_and_the_old_one_stays(user, row):
    me = Caller(user=user)
    after = own.change(row, by=me, text="{product} on an oak shelf")

    current, first = own.find(me, str(row.line), "en"), own.find(me, str(row.line), "en", version=1)
    assert (current.version, current.text) == (2, "{product} on an oak shelf")
    assert (first.version, first.text) == (1, "{product} on a shelf")
    assert [variable.name for variable in current.variables] == ["product"]
    assert after.created_at >= row.created_at
    made = make(language="en", template=current, values={"product": "a cup"})
    assert made.made_from["template"] == {"id": str(row.line), "version": 2, "language": "en", "values": {"product": "a cup"}}
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == ["template.created", "template.changed"]


def test_two_edits_of_one_version_are_one_edit_and_a_conflict(user, row):
    own.change(row, by=Caller(user=user), name="Mine")

    with pytest.raises(Conflict):
        own.change(row, by=Caller(user=user), name="Yours")
    assert list(Template.objects.filter(is_current=True).values_list("name", flat=True)) == ["Mine"]


def test_a_deleted_template_is_found_by_its_version_only(user, row):
    me = Caller(user=user)
    own.delete(row, by=me)

    with pytest.raises(NotThere):
        own.find(me, str(row.line), "en")
    assert own.find(me, str(row.line), "en", version=1).name == "Shelf"


def test_a_team_sees_it_and_only_its_owner_changes_it(user, other_user, staff):
    team = Group.objects.create(name="Shop")
    user.groups.add(team)
    row = own.create(by=Caller(user=user), team=team, **FIELDS)

    with pytest.raises(NotThere):
        own.the_row(Caller(user=other_user), str(row.line))
    other_user.groups.add(team)
    member = Caller(user=other_user)
    with pytest.raises(NotAllowed):
        own.change(own.the_row(member, str(row.line)), by=member, name="x")
    with pytest.raises(NotAllowed):
        own.delete(own.the_row(member, str(row.line)), by=member)
    assert own.change(row, by=Caller(user=staff), name="x").owner == user


@in_one_test(
    ("fields", "wrong"),
    [
        ({"text": "{product"}, "text"),
        ({"name": " "}, "name"),
        ({"negative_text": "{bad}"}, "negative_text"),
        ({"category": "style"}, "text"),
        ({"variables": [{"name": "nowhere"}]}, "variables.nowhere"),
    ],
)
def test_what_cannot_be_filled_is_refused_by_field(user, fields, wrong):
    with pytest.raises(InvalidRequest) as refused:
        own.create(by=Caller(user=user), **(FIELDS | fields))

    assert wrong in refused.value.fields
    assert not Template.objects.exists()


def test_a_style_of_ones_own_adds_its_words(user):
    row = own.create(by=Caller(user=user), category="style", language="zh-hans", name="店铺风", text="奶油色调", negative_text="暗沉")
    style = own.find_style(Caller(user=user), str(row.line))

    assert make(language="zh-hans", text="一只杯子", style=style).text == "一只杯子，奶油色调"
    assert own.find_style(Caller(user=user), "anime").id == "anime"
    for missing in ("nothing", str(own.create(by=Caller(user=user), **FIELDS).line)):
        with pytest.raises(NotThere):
            own.find_style(Caller(user=user), missing)

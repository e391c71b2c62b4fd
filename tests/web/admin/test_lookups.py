"""The admin's lists answer to the filters that they show. Any other look-up would reveal a secret letter by letter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import models
from django.test import Client
from django.urls import reverse

from access.tokens import issue
from tests.task_rows import make_task

SECRET = re.compile("sealed|digest|password|secret|vendor_url|session_data|tails|payload|^key$|lock")
"""Names of columns that hold a secret or a hash of one."""
RELATIONS = 2
WAYS = ("startswith", "regex", "gt", "exact", "isnull")
"""Through relations one of them is enough: Django asks the same question about the path, whatever the look-up."""


def secret_lookups(model: type[models.Model], before: str = "", relations: int = RELATIONS) -> Iterator[str]:
    """Yield `owner__password__startswith` and the like, of this model and its related models."""
    for field in model._meta.get_fields():
        path = f"{before}{field.name}"
        if field.is_relation and field.related_model and relations:
            yield from secret_lookups(field.related_model, f"{path}__", relations - 1)
        elif not field.is_relation and SECRET.search(field.name):
            yield from (f"{path}__{way}" for way in (WAYS if relations == RELATIONS else WAYS[:1]))


def lookups_of_all() -> list[tuple[type[models.Model], str]]:
    return [(model, lookup) for model in admin.site._registry for lookup in secret_lookups(model)]


@pytest.fixture
def reader(db: None) -> Client:
    """Staff who may view everything and change nothing."""
    person = User.objects.create_user("reader", password="a long enough password", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(person)
    return client


def list_of(model: type[models.Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def test_secrets_of_all_models_are_known():
    found = {f"{model.__name__}.{field.name}" for model in apps.get_models() for field in model._meta.fields if SECRET.search(field.name)}

    assert {"ProviderAccount.sealed", "ProviderAccount.tails", "ApiToken.digest", "User.password", "Video.vendor_url"} <= found


def test_no_list_takes_a_lookup_on_a_secret_also_through_relations(reader, rf):
    """Each list is asked for one of them; of the others its page is asked whether it would take them."""
    tried, request = lookups_of_all(), rf.get("/")
    request.user = User.objects.get(username="reader")
    allowed = [(model, lookup) for model, lookup in tried if admin.site._registry[model].lookup_allowed(lookup, "a", request)]
    one_of_each = {list_of(model): lookup for model, lookup in tried}
    one_of_each.pop("/admin/generation/paidsubmits/", None)

    assert len(tried) > 100
    assert allowed == []
    assert [path for path, lookup in one_of_each.items() if reader.get(path, {lookup: "a"}).status_code != 400] == []


def test_no_list_takes_a_lookup_that_it_does_not_offer(reader):
    for path, lookup in [
        ("/admin/generation/generationtask/", "error_message__startswith"),
        ("/admin/generation/generationtask/", "account__base_url__startswith"),
        ("/admin/generation/generationtask/", "owner__id__exact"),
        ("/admin/access/apitoken/", "public_id__startswith"),
        ("/admin/providers/provideraccount/", "last_error__contains"),
        ("/admin/auth/user/", "email__startswith"),
    ]:
        assert reader.get(path, {lookup: "a"}).status_code == 400


@pytest.mark.slow
def test_every_filter_that_is_shown_works(staff_client, user, make_account):
    make_task(user, account=make_account("kling", "official-key", "http://127.0.0.1:9"))
    issue(user, "shop")
    offered = 0
    for model in admin.site._registry:
        page = staff_client.get(list_of(model)).content.decode()
        for query in {unescape(href) for href in re.findall(r'href="(\?[^"]*?__[^"]*)"', page)}:
            assert staff_client.get(list_of(model) + query).status_code == 200
            offered += 1

    assert offered > 10


def test_an_action_on_ids_of_no_rows_is_a_bad_request(staff_client):
    answers = {
        model.__name__: staff_client.post(list_of(model), {"action": "delete_selected", "_selected_action": "x"}).status_code
        for model in admin.site._registry
    }

    assert [name for name, status in answers.items() if status >= 500] == []
    assert 400 in answers.values()

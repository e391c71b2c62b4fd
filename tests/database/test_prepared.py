"""`Prepared`: SQL that is built once answers for every value, in every thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection

from database.prepared import Prepared
from generation.models import Prompt

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_the_rows_are_those_of_the_values_with_what_they_are_joined_with(django_assert_num_queries):
    ada, ben = (User.objects.create_user(name) for name in ("ada", "ben"))
    prompts = [Prompt.objects.create(owner=person, text="a fox") for person in (ada, ben, ada)]
    by_pk = Prepared(lambda pk: Prompt.objects.select_related("owner").filter(pk=pk), UUID(int=0))
    of_one = Prepared(lambda name, text: Prompt.objects.filter(owner__username=name, text=text).order_by("pk"), "a name", "a text")
    by_pk.rows(prompts[0].pk)

    with django_assert_num_queries(1):
        (found,) = by_pk.rows(prompts[1].pk)
        assert (found, found.owner) == (prompts[1], ben)
    assert of_one.rows("ada", "a fox") == [prompts[0], prompts[2]]
    assert of_one.rows("a fox", "ada") == of_one.rows("a name", "a text") == by_pk.rows(UUID(int=1)) == []


def test_each_thread_asks_on_its_own_connection(user):
    by_name = Prepared(lambda name: User.objects.filter(username=name), "a name")
    by_name.rows("nobody")

    def ask(_number: int) -> list[User]:
        try:
            return by_name.rows(user.username)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(ask, range(3))) == [[user]] * 3

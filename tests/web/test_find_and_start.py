"""Find or jump, home, the first steps of an administrator, and help."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from access.budgets import put_in_force
from access.ledger_models import Budget
from generation.models import LiveWorker
from library.index import index_waiting
from tests.batches.batch_rows import make_batch
from tests.cases import in_one_test
from tests.task_rows import make_task
from tests.web.page_rows import make_video
from web.presenters.first_steps import first_steps

pytestmark = pytest.mark.django_db


def found(client, words: str) -> dict[str, list[str]]:
    groups = client.get("/find/", {"q": words}).context["groups"]
    return {group.title: [hit.title for hit in group.hits] for group in groups}


def test_words_find_videos_tasks_and_batches_that_one_may_see(visitor, user, other_user):
    video = make_video(user, prompt="a kite over the sea")
    make_task(user, prompt="a kite, later", content_id="sku-7")
    make_batch(user, name="Kites.csv")
    make_video(other_user, prompt="a secret kite")
    make_batch(other_user, name="secret kites")
    index_waiting()

    assert found(visitor, "kite") == {
        "Videos": ["a kite over the sea"],
        "Tasks": ["a kite, later", "a kite over the sea"],
        "Batches": ["Kites.csv"],
    }
    assert found(visitor, "sku-7") == {"Tasks": ["a kite, later"]}
    assert found(visitor, str(video.task_id)) == {"Tasks": ["a kite over the sea"]}
    assert "Nothing found for “&lt;b&gt;”." in visitor.get("/find/", {"q": "<b>"}).text


@in_one_test(
    ("language", "words", "title"),
    [("en", "gall", "Gallery"), ("en", "作品", "Gallery"), ("zh-hans", "GALLERY", "作品库"), ("zh-hans", "作品", "作品库")],
)
def test_pages_are_found_by_their_names_in_both_languages(visitor, language, words, title):
    visitor.cookies["django_language"] = language

    (hits,) = found(visitor, words).values()

    assert hits == [title]


def test_every_page_is_listed_and_opens(visitor, staff_visitor):
    for client, more in ((visitor, []), (staff_visitor, ["/start/"])):
        (pages,) = client.get("/find/").context["groups"]
        addresses = [hit.href for hit in pages.hits]

        assert [path for path in addresses if path == "/start/"] == more
        assert {client.get(path).status_code for path in addresses} == {200}


def test_finding_asks_as_often_for_many_as_for_one(visitor, user, django_assert_num_queries):
    def make() -> None:
        make_video(user, prompt="a kite")
        make_batch(user, name="kites", good=1)
        index_waiting()

    make()
    visitor.get("/find/?q=kite")
    with CaptureQueriesContext(connection) as few:
        visitor.get("/find/?q=kite")
    for _ in range(3):
        make()

    with django_assert_num_queries(len(few)):
        visitor.get("/find/?q=kite")


def test_home_leads_who_can_connect_vendors_to_the_first_steps_until_there_is_an_account(
    visitor, staff_visitor, user, client, make_account
):
    assert client.get("/").url == "/studio/"
    assert staff_visitor.get("/").url == "/start/"
    user.user_permissions.add(Permission.objects.get(codename="add_provideraccount"))
    assert visitor.get("/start/").status_code == 404  # the permission alone, without being staff, opens nothing
    make_account("kling", "official-key", "http://127.0.0.1:9")
    assert staff_visitor.get("/").url == "/studio/"


def test_each_step_is_marked_when_it_is_done(staff_visitor, user, make_account):
    def done() -> list[bool]:
        return [step.done for step in staff_visitor.get("/start/").context["steps"]]

    before = done()
    make_account("kling", "official-key", "http://127.0.0.1:9", sandbox=True)
    LiveWorker.objects.create(instance="a", submit_workers=1, seen_at=timezone.now())
    put_in_force(Budget(kind="everyone", window="month", limit=10))
    make_video(user)

    assert before == [False, False, False, False, False, True]
    assert done() == [True] * 6
    assert "6 of 6 done" in staff_visitor.get("/start/").text
    for step in first_steps():
        assert staff_visitor.get(step.href).status_code == 200


def test_help_names_the_first_steps_to_administrators_only(visitor, staff_visitor):
    assert 'href="/start/"' in staff_visitor.get("/help/").text
    assert 'href="/start/"' not in visitor.get("/help/").text

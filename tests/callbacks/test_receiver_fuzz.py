"""Whatever a stranger or a vendor sends: an answer, never an error of ours, and no row but a running one of this account's changes."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from generation.models import GenerationTask
from providers.models import ProviderAccount
from tests.callbacks.called_rows import LATER, call_raw, make_running, path_of
from tests.cases import LETTERS

ANSWERS = {200, 400, 403, 404, 405, 413}

names = st.one_of(st.text(LETTERS, max_size=20), st.sampled_from(["v-1", "v-2", "vp-", "\x00", "\ud800", "雪", "x" * 300]))
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), names)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=10)
payloads = st.dictionaries(
    st.sampled_from(["id", "task_id", "status", "task", "task_info", "external_id", "external_task_id", "challenge", "outputs"]), values
)
bodies = st.one_of(
    st.binary(max_size=200), payloads.map(lambda value: json.dumps(value).encode()), values.map(lambda v: json.dumps(v).encode())
)
header_texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=40)
headers = st.dictionaries(st.sampled_from(["webhook_id", "webhook_timestamp", "webhook_signature"]), header_texts | st.just("9" * 5000))
segments = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/?#%"), min_size=1, max_size=50)


@pytest.fixture
def accounts(kling, unsigned, ark, minimax):
    return [kling, unsigned, ark, minimax]


@given(which=st.integers(0, 3), raw=bodies, sent=headers)
def test_any_body_and_signature_get_an_answer(accounts, user, which, raw, sent):
    account, other = accounts[which], accounts[which - 1]
    GenerationTask.objects.all().delete()
    ProviderAccount.objects.update(poll_lease_until=timezone.now() + LATER)
    theirs = make_running(user, other, submission_id="v-2" if other.vendor == account.vendor else "v-1")
    ended = make_running(user, account, submission_id="v-3", status="failed", due_at=None, finished_at=timezone.now())

    answer = call_raw(path_of(account), raw, **sent)

    assert answer.status_code in ANSWERS
    before = theirs.due_at, ended.due_at
    theirs.refresh_from_db(), ended.refresh_from_db()
    assert (theirs.due_at, ended.due_at, theirs.status, ended.status) == (*before, "running", "failed")


@given(parts=st.lists(segments, min_size=3, max_size=3), raw=bodies)
def test_any_address_gets_the_same_answer(db, parts, raw):
    answer = Client().post("/callbacks/" + "/".join(parts), raw, content_type="application/json")

    assert (answer.status_code, answer.content) == (404, b"")


@given(query=st.text(LETTERS, max_size=60))
def test_any_question_gets_an_answer(db, minimax, query):
    answer = Client().get(path_of(minimax), {"challenge": query, "x": query})

    assert answer.status_code == 200
    assert answer.json() == {"challenge": query}

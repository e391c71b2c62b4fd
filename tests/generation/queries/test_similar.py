"""Earlier renders like an order: which are found, for whom, and at what cost."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.callers import Caller
from generation.actions.bin import move_to_bin
from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from generation.ordering.accounts import accounts_lately
from generation.ordering.create import create
from generation.ordering.fingerprint import fingerprint
from generation.ordering.order import Order
from generation.queries.similar import likeness, similar_to
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.task_rows import MODEL, make_task
from tests.web.page_rows import FRAMES, WAN, make_asset, make_video

FOX = "a red fox runs across the fresh snow"


@pytest.fixture
def accounts(make_account):
    made = [make_account("kling", "official-key", "http://127.0.0.1:9"), make_account("dashscope", "beijing", "http://127.0.0.1:9")]
    accounts_lately()
    return made


@pytest.fixture
def rendered(accounts):
    """Return a function that stores a video as its order and render would have left it."""

    def render(owner, prompt=FOX, model=WAN, params=None, inputs=None, account=None, **facts) -> Video:
        options = options_of(model, **(params or {}))
        task = make_task(
            owner,
            status=Status.SUCCEEDED,
            prompt=prompt,
            model=model,
            params=options,
            account=account or accounts[1],
            fingerprint=fingerprint(model, options, prompt, inputs or {}),
            inputs_given={slot: [str(one.pk) for one in assets] for slot, assets in (inputs or {}).items()},
        )
        return make_video(owner, task=task, prompt=prompt, **facts)

    return render


def options_of(model, **given):
    spec = ALL_MODELS[model]
    return spec.params(**(dict(spec.needed_params) | given)).model_dump(mode="json")


def found(owner, accounts, prompt=FOX, model=WAN, params=None, inputs=None):
    some = similar_to(Caller(user=owner), ALL_MODELS[model], options_of(model, **(params or {})), prompt, inputs or {}, accounts=accounts)
    return [(one.video, one.is_same) for one in some]


@in_one_test(
    ("one", "two", "alike"),
    [
        (FOX, "  A red Fox runs, across the fresh SNOW!", True),
        (FOX, "a red fox runs across fresh snow", True),
        (FOX, "a blue boat leaves the harbour", False),
        ("一只红色的狐狸在雪地里奔跑", "一只红色的狐狸，在雪地里奔跑。", True),
        ("一只红色的狐狸在雪地里奔跑", "一艘蓝色的船驶出港口", False),
        ("", "a", False),
        ("", "", True),
    ],
)
def test_words_decide_what_is_alike(one, two, alike):
    assert (likeness(one, two) >= 0.8) is (likeness(two, one) >= 0.8) is alike


def test_equal_orders_come_first_then_nearly_equal_ones(rendered, accounts, user):
    near = rendered(user, "A red fox runs across fresh snow")
    other_seed = rendered(user, params={"seed": 7})
    same = rendered(user)
    rendered(user, "a blue boat leaves the harbour")
    rendered(
        user, params={"duration_s": 10} if "10" in str(ALL_MODELS[WAN].params.model_fields.get("duration_s")) else {"resolution": "480P"}
    )

    assert found(user, accounts) == [(same, True), (other_seed, False), (near, False)]
    assert found(user, accounts, model=MODEL) == found(user, accounts, prompt=" ") == []


def test_images_count_by_their_content(rendered, accounts, user, other_user):
    first, second = make_asset(user), make_asset(user, width=700)
    frames = {"first_frame": [first], "last_frame": [second]}
    video = rendered(user, model=FRAMES, inputs=frames)

    assert found(user, accounts, model=FRAMES, inputs=frames) == [(video, True)]
    assert found(user, accounts, model=FRAMES, inputs={"first_frame": [second], "last_frame": [first]}) == []
    theirs = {"first_frame": [make_asset(other_user)], "last_frame": [make_asset(other_user, width=700)]}
    assert found(user, accounts, model=FRAMES, inputs=theirs) == [(video, True)], "the same picture, uploaded by another"


def test_only_kept_videos_that_the_caller_sees_are_found(rendered, accounts, user, other_user, staff):
    theirs = rendered(other_user)
    assert found(user, accounts) == []
    assert found(staff, accounts) == [(theirs, True)]

    team = Group.objects.create(name="films")
    user.groups.add(team)
    Video.objects.filter(pk=theirs.pk).update(team=team)
    assert [video for video, _is_same in found(user, accounts)] == [theirs]
    move_to_bin(theirs, by=Caller(user=other_user))
    assert found(user, accounts) == []


def test_what_a_sandbox_made_is_not_offered_for_money(rendered, accounts, user, make_account):
    sandbox = make_account("dashscope", "beijing", "http://127.0.0.1:9", label="sandbox", sandbox=True)
    video = rendered(user, account=sandbox)

    assert found(user, accounts) == []
    assert found(user, [sandbox]) == [(video, True)]


def test_a_new_order_has_the_fingerprint_of_its_render(rendered, accounts, user):
    video = rendered(user)
    task = create(Order(owner=user, model=WAN, prompt=FOX)).task
    seeded = create(Order(owner=user, model=WAN, prompt=FOX, params={"seed": 7})).task

    assert task.fingerprint == video.task.fingerprint != seeded.fingerprint


@pytest.mark.postgresql
def test_it_costs_few_questions_by_index(rendered, accounts, user):
    for number in range(4):
        rendered(user, f"{FOX} {number}")
    with CaptureQueriesContext(connection) as asked:
        found(user, accounts)

    assert len(asked) == 4  # the caller's teams, equal ones, the newest, their rows
    if connection.vendor == "sqlite":  # without statistics; PostgreSQL reads small tables whole
        plans = [" ".join(str(row) for row in connection.cursor().execute(f"EXPLAIN QUERY PLAN {one['sql']}")) for one in asked[1:3]]
        assert "task_by_fingerprint" in plans[0]
        assert "video_by_owner_and_model" in plans[1]
        assert "ORDER BY" not in plans[1], "the newest are read in the order of the index, and no others"
    assert GenerationTask.objects.count() == 4

"""What is refused before anything is stored or sent, and what an estimate says."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from io import BytesIO

import pytest
from django.utils import translation

from generation.errors import Conflict, InvalidRequest, OrdersRefused
from generation.models import Asset, GenerationTask, Prompt
from generation.ordering.assets import store_asset
from generation.ordering.create import create, create_many, made_before
from generation.ordering.order import Order
from providers.models import ProviderAccount
from tests.pictures import picture
from tests.task_rows import create_task, make_task

KLING = "kling/kling-v2-5-turbo"
WAN = "dashscope/wanx2.1-t2v-turbo"


def refused(**request) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refusal:
        create_task(**request)
    assert not GenerationTask.objects.exists()
    assert not Prompt.objects.exists()
    return refusal.value.fields


@pytest.fixture
def ask(user, sandbox_accounts):
    return {"owner": user, "model": KLING, "prompt": "a boat", "params": {}}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model": "kling/no-such"}, "model"),
        ({"prompt": "   "}, "prompt"),
        ({"prompt": "x" * 2501}, "prompt"),
        ({"prompt": "a\x00b"}, "prompt"),
        ({"params": {"wings": 2}}, "params.wings"),
        ({"params": {"duration_s": 7}}, "params.duration_s"),
        ({"model": WAN, "params": {"seed": float("nan")}}, "params.seed"),
        ({"params": {"mode": "turbo"}}, "params.mode"),
        ({"model": WAN, "params": {"seed": 2**31}}, "params.seed"),
        ({"model": "ark/doubao-seedance-1-0-lite-i2v-250428"}, "inputs.first_frame"),
    ],
)
def test_bad_input_names_its_field_and_stores_nothing(change, field, ask, simulator):
    assert list(refused(**(ask | change))) == [field]
    assert simulator.ledger()["count"] == 0


def test_only_an_effect_replaces_the_prompt(ask, user):
    image = store_asset(owner=user, file=picture((400, 400)))
    asked = ask | {"model": "dashscope/wanx2.1-i2v-turbo", "prompt": " ", "inputs": {"first_frame": [image]}}

    assert list(refused(**asked)) == ["prompt"]
    assert create_task(**asked | {"params": {"style": "squish"}}).params["style"] == "squish"


def test_every_wrong_field_is_named_at_once(ask):
    assert set(refused(**(ask | {"prompt": "", "params": {"mode": "turbo", "duration_s": 7}}))) == {
        "prompt",
        "params.mode",
        "params.duration_s",
    }


def test_an_image_that_the_model_does_not_take_is_refused(ask, user):
    frame = store_asset(owner=user, file=picture())

    assert list(refused(**(ask | {"model": WAN, "inputs": {"first_frame": [frame]}}))) == ["inputs.first_frame"]


def test_an_image_that_is_too_small_for_the_model_is_refused(ask, user):
    frame = store_asset(owner=user, file=picture((200, 200)))

    fields = refused(**(ask | {"inputs": {"first_frame": [frame]}}))

    assert "too small" in fields["inputs.first_frame"]


@pytest.mark.parametrize(("size", "wrong"), [((640, 600), []), ((640, 480), []), ((720, 640), ["inputs.last_frame"])])
def test_frames_that_must_be_alike_are_compared(ask, user, size, wrong):
    first, last = store_asset(owner=user, file=picture((640, 480))), store_asset(owner=user, file=picture(size))
    asked = ask | {"model": "zhipu/viduq1-start-end", "inputs": {"first_frame": [first], "last_frame": [last]}}

    if wrong:
        assert list(refused(**asked)) == wrong
    else:
        assert create_task(**asked).model == "zhipu/viduq1-start-end"


def test_a_model_without_an_account_is_refused(ask):
    ProviderAccount.objects.update(enabled=False)

    assert list(refused(**ask)) == ["model"]


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (BytesIO(b"<html>no</html>"), "not_an_image"),
        (BytesIO(b""), "not_an_image"),
        (BytesIO(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), "unsupported_type"),
        (None, "too_many_pixels"),  # made by the test: every process of a run reads this list
        (BytesIO(b"\x89PNG" + b"\0" * 21_000_000), "too_large_bytes"),
    ],
    ids=["html", "empty", "heic", "pixel bomb", "too many bytes"],
)
def test_a_file_that_is_not_a_usable_image_is_refused(file, code, user):
    with pytest.raises(InvalidRequest) as refusal:
        store_asset(owner=user, file=file or picture((13_000, 13_000), mode="1"))

    assert refusal.value.code == code
    assert not Asset.objects.exists()


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("en", "HEIC images are not supported. Use one of: JPEG, PNG, WEBP, AVIF, BMP, GIF, TIFF."),
        ("zh-hans", "不支持 HEIC 图片。请使用：JPEG, PNG, WEBP, AVIF, BMP, GIF, TIFF。"),
    ],
)
def test_heic_is_named_with_the_kinds_that_are_taken(language, message, user):
    with translation.override(language), pytest.raises(InvalidRequest) as refusal:
        store_asset(owner=user, file=BytesIO(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"))

    assert refusal.value.fields == {"file": message}


@pytest.mark.parametrize("kind", ["GIF", "TIFF"])
def test_an_image_type_that_vendors_may_not_accept_is_stored_as_one_that_they_do(user, ask, kind):
    frame = store_asset(owner=user, file=picture(kind=kind))

    assert (frame.content_type, frame.width_px, frame.file[-4:]) == ("image/png", 640, ".png")
    assert create_task(**ask | {"inputs": {"first_frame": [frame]}}).inputs.count() == 1


@pytest.mark.postgresql
def test_the_same_image_twice_is_one_asset(user, other_user):
    first, again = store_asset(owner=user, file=picture()), store_asset(owner=user, file=picture())

    assert first == again
    assert store_asset(owner=other_user, file=picture()) != first


@pytest.mark.postgresql
def test_an_external_id_is_taken_once_per_owner(ask, other_user):
    create_task(**ask, external_id="order-1")

    with pytest.raises(Conflict) as refusal:
        create_task(**ask, external_id="order-1")

    assert refusal.value.code == "external_id_taken"
    assert create_task(**(ask | {"owner": other_user}), external_id="order-1").external_id == "order-1"


@pytest.mark.postgresql
def test_a_key_gives_its_first_task_again_and_refuses_another_request(ask):
    order = Order(**ask, idempotency_key="k1")
    first = create(order)

    assert (create(order), first.is_new) == ((first.task, False), True)
    assert (made_before(order), made_before(replace(order, idempotency_key="k2"))) == (first.task, None)
    for other in (replace(order, prompt="a ship"), replace(order, metadata={"shelf": 1}), replace(order, intent="another")):
        with pytest.raises(InvalidRequest) as refusal:
            create(other)
        assert refusal.value.code == "idempotency_key_reused"


def test_a_key_finds_its_task_though_the_model_is_no_longer_available(ask):
    order = Order(**ask, idempotency_key="k1")
    first = create(order)
    ProviderAccount.objects.update(enabled=False)

    assert create(order) == (first.task, False)


@pytest.mark.postgresql
def test_a_key_is_its_owners(ask, other_user):
    order = Order(**ask, idempotency_key="k1")

    assert create(order).task != create(replace(order, owner=other_user)).task


@pytest.mark.postgresql
def test_many_are_stored_in_order_with_one_prompt_for_the_same_words(ask, user):
    frame = store_asset(owner=user, file=picture())
    orders = [
        Order(**ask),
        Order(**ask | {"params": {"negative_prompt": "text"}}),
        Order(**ask | {"inputs": {"first_frame": [frame]}}),
    ]

    tasks = [one.task for one in create_many(orders)]

    assert tasks == list(GenerationTask.objects.order_by("pk"))
    assert (tasks[0].prompt == tasks[2].prompt, Prompt.objects.count()) == (True, 2)
    assert (tasks[1].prompt.negative_text, tasks[2].images()) == ("text", {"first_frame": [frame]})
    assert [task.events.get().to_status for task in tasks] == ["queued"] * 3


@pytest.mark.postgresql
def test_one_wrong_order_among_many_stores_nothing_and_is_named_by_its_index(ask):
    make_task(ask["owner"], external_id="taken")
    make_task(ask["owner"], idempotency_key="used", request_digest="of another request")
    orders = [
        Order(**ask),
        Order(**ask | {"prompt": " "}),
        Order(**ask, external_id="twice"),
        Order(**ask, external_id="twice"),
        Order(**ask, external_id="taken"),
        Order(**ask, idempotency_key="used"),
    ]

    with pytest.raises(OrdersRefused) as refusal:
        create_many(orders)

    codes = {index: error.code for index, error in refusal.value.errors.items()}
    assert codes == {1: "invalid_request", 3: "external_id_taken", 4: "external_id_taken", 5: "idempotency_key_reused"}
    assert list(refusal.value.errors[1].fields) == ["prompt"]
    assert (GenerationTask.objects.count(), refusal.value.code) == (2, "invalid_request")


@pytest.mark.postgresql
def test_many_that_are_sent_again_give_their_tasks_and_store_what_is_missing(ask):
    orders = [Order(**ask, idempotency_key=f"row {number}") for number in range(3)]
    first = create_many(orders[:2])

    again = create_many([*orders, orders[2]])

    assert [one.is_new for one in again] == [False, False, True, False]
    assert [one.task for one in again[:2]] == [one.task for one in first]
    assert (again[2].task == again[3].task, GenerationTask.objects.count(), Prompt.objects.count()) == (True, 3, 1)


def test_the_bare_model_id_is_accepted_while_it_is_unambiguous(ask):
    assert create_task(**(ask | {"model": "kling-v2-5-turbo"})).model == KLING


def test_the_estimate_is_list_price_times_seconds(ask):
    task = create_task(**(ask | {"model": WAN}))

    assert (task.cost_estimated, task.currency) == (Decimal("1.20"), "CNY")
    assert create_task(**ask).cost_estimated is None

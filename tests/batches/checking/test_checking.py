"""A file becomes rows that are ready, or say what is wrong with them."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from django.utils import translation

from access.callers import Caller
from batches.check_step import check
from batches.messages import words_of
from batches.models import Batch, RowState, State
from batches.report import rejected_csv, repairs_of
from batches.upload import change
from generation.errors import Conflict, InvalidRequest, LostRace
from generation.models import Asset, GenerationTask
from providers.messages import translated
from providers.models import ModelPrice, ProviderAccount
from tests.batches.checking.conftest import MODEL, lines, to_the_end
from tests.batches.files import archive_of
from tests.pictures import picture
from tests.task_rows import make_task

HEADER = "prompt,seconds,ratio,sku\n"


def told(batch, **only):
    """Return number, state and words of each row."""
    return [(row.number, row.state, [words_of(one) for one in row.problems]) for row in batch.rows.filter(**only)]


def test_rows_become_orders(checked, user):
    batch = checked("提示词,时长（秒）,货号,metadata.shop,备注\n孔明灯缓缓升空,5,A-1,north,x\na fox,10,A-2,,\n".encode("gbk"))

    assert (batch.state, batch.rows_read, batch.encoding, batch.name) == (State.CHECKED, 2, "gb18030", "rows.csv")
    assert batch.mapping == {
        "提示词": "prompt",
        "时长（秒）": "params.duration_s",
        "货号": "content_id",
        "metadata.shop": "metadata.shop",
        "备注": "",
    }
    first, second = batch.rows.all()
    assert (first.state, first.cells["备注"], first.problems, first.repair) == (RowState.READY, "x", [], "")
    assert first.order == {
        "model": MODEL,
        "prompt": "孔明灯缓缓升空",
        "params": {"duration_s": 5},
        "inputs": {},
        "content_id": "A-1",
        "external_id": "",
        "metadata": {"shop": "north"},
        "made_from": {},
    }
    assert (second.order["prompt"], second.order["metadata"]) == ("a fox", {})
    assert batch.unpriced == sum(row.cost is None for row in (first, second))
    assert batch.due_at is None


def test_rows_are_grouped_by_what_mends_them(checked):
    batch = checked(HEADER + "a,5,16:9,1\nb,7,16:9,2\nc,8,16:9,3\n,5,16:9,4\ne,5,1:7,5\n")

    repairs = repairs_of(batch)

    assert [(one.count, one.first) for one in repairs] == [(2, 3), (1, 5), (1, 6)]
    assert repairs[0].words.startswith("seconds: ")
    assert (batch.rows_read, batch.rows.filter(state="ready").count()) == (5, 1)


def test_defaults_apply_where_a_row_says_nothing(checked):
    content = "title,sku,seconds,model\nRed lamp,1,,\n,2,,\nBlue lamp,3,10,nope\n"
    batch = checked(content, defaults={"prompt": "A video about {title}. {sku}", "params": {"duration_s": 5}})

    rows = list(batch.rows.all())
    assert batch.mapping == {"title": "variables.title", "sku": "variables.sku", "seconds": "params.duration_s", "model": "model"}
    assert (rows[0].order["prompt"], rows[0].order["params"]) == ("A video about Red lamp. 1", {"duration_s": 5})
    assert rows[0].order["made_from"] == {"variables": {"title": "Red lamp", "sku": "1"}}
    assert told(batch, number=3) == [(3, "bad", ["variables.title: “title” is empty, and the prompt needs it."])]
    assert told(batch, number=4)[0][2][0].startswith("model: ")


def test_duplicates_are_named(checked, user):
    make_task(user, external_id="taken")
    content = "prompt,external_id\na,\nb,x\na,\nc,x\nd,taken\n"

    batch = checked(content)

    assert told(batch) == [
        (2, "ready", []),
        (3, "ready", []),
        (4, "left_out", ["Same as row 2."]),
        (5, "bad", ["external_id: Row 3 has the same external_id."]),
        (6, "bad", ["external_id: You already have a task with this external_id."]),
    ]
    kept = change(batch, by=Caller(user=user), defaults={"model": MODEL, "keep_duplicates": True})
    assert [row.state for row in to_the_end(kept).rows.filter(number=4)] == ["ready"]


def test_images_come_from_the_zip_by_name_and_are_stored_once(checked, user):
    archive = archive_of(
        {"pictures/A.png": picture((640, 480)).getvalue(), "../../x.png": picture((800, 600)).getvalue(), "b.txt": b"no image"}
    )
    content = "prompt,image\na,a.png\nb,pictures\\A.PNG\nc,../../x.png\nd,../x.png\ne,gone.png\nf,b.txt\n"

    batch = checked(content, archive=archive)

    rows = list(batch.rows.all())
    assert [row.state for row in rows] == ["ready", "ready", "ready", "bad", "bad", "bad"]
    assert rows[0].order["inputs"] == rows[1].order["inputs"]
    assert Asset.objects.filter(owner=user).count() == 2
    assert told(batch, number=6)[0][2] == ["inputs.first_frame: “gone.png” was not in the ZIP."]


def test_damaged_zip_refuses_the_batch(checked):
    batch = checked("prompt,image\na,a.png\n", archive=io.BytesIO(b"PK no"))

    assert (batch.state, translated(batch.error)) == (
        State.REFUSED,
        "The ZIP of images is damaged, or has too many files. Make it again.",
    )


def test_refused_file_says_where_in_the_readers_language(checked):
    batch = checked('prompt\na\n"b\n')

    assert (batch.state, batch.due_at) == (State.REFUSED, None)
    assert translated(batch.error).startswith("Row 3: A quotation mark")
    with translation.override("zh-hans"):
        assert translated(batch.error).startswith("第 3 行：")


def test_columns_are_remembered_and_can_be_changed(checked, user):
    batch = checked("words,n\na,5\n")
    assert batch.mapping == {"words": "", "n": ""}

    changed = to_the_end(change(batch, by=Caller(user=user), mapping={"words": "prompt", "n": "params.duration_s"}))

    assert [(row.state, row.order["params"]) for row in changed.rows.all()] == [("ready", {"duration_s": 5})]
    assert checked("words,n\nb,10\n").mapping == {"words": "prompt", "n": "params.duration_s"}
    for wrong in ({"x": "prompt"}, {"words": "params.duration_s"}, {"words": "owner"}):
        with pytest.raises(InvalidRequest):
            change(batch, by=Caller(user=user), mapping=wrong)
    Batch.objects.filter(pk=batch.pk).update(state=State.PAUSED, due_at=batch.created_at)
    with pytest.raises(Conflict):
        change(batch, by=Caller(user=user), mapping={})


def test_rejected_rows_are_mended_and_uploaded_again(checked):
    batch = checked(HEADER + 'a,5,16:9,1\nd,7,16:9,|1\n"b, c",7,16:9,=1+1\n')
    content = "".join(rejected_csv(batch))

    assert content.startswith("\ufeffrow number,what is wrong,prompt,seconds,ratio,sku\r\n3,seconds: ")
    assert content.endswith('"b, c",7,16:9,\'=1+1\r\n')

    again = checked(content.replace(",7,", ",10,"))

    assert [(row.state, row.order["prompt"], row.order["content_id"]) for row in again.rows.all()] == [
        ("ready", "d", "|1"),
        ("ready", "b, c", "=1+1"),
    ]


def test_prices_of_the_day_add_up_and_the_sandbox_costs_nothing(checked, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9")
    ModelPrice.objects.create(model=MODEL, amount=Decimal("2.5"), unit="video", currency="CNY")
    batch = checked("prompt\na\nb\n")

    assert (batch.cost, batch.unpriced) == (5_000_000, 0)
    ProviderAccount.objects.update(sandbox=True)
    batch = checked("prompt\nc\nd\n")
    assert (batch.cost, batch.unpriced) == (0, 0)


def test_step_that_is_killed_goes_on_and_one_that_lost_its_fence_writes_nothing(uploaded, sandbox_accounts):
    batch = uploaded("prompt\n" + "".join(f"boat {n}\n" for n in range(600)))
    stale = Batch.objects.select_related("owner", "token").get(pk=batch.pk)
    Batch.objects.filter(pk=batch.pk).update(fence=1)

    with pytest.raises(LostRace):
        check(stale)
    assert batch.rows.count() == 0

    to_the_end(batch)
    batch.rows.filter(number__gt=300).delete()  # as if it had been killed here
    Batch.objects.filter(pk=batch.pk).update(state=State.CHECKING, due_at=batch.created_at)
    to_the_end(batch)

    assert list(batch.rows.values_list("number", flat=True)) == list(range(2, 602))
    assert (batch.rows_read, GenerationTask.objects.count()) == (600, 0)


def test_json_lines_with_a_prompt_for_each_model(checked):
    batch = checked(lines({"prompt": "a", "model": "nope"}, {"prompt": "b", "params": {"duration_s": 10}}))

    assert [row.state for row in batch.rows.all()] == ["bad", "ready"]


def test_metadata_is_at_most_as_long_as_that_of_a_single_order(checked):
    batch = checked("prompt,metadata.a\na boat,{}\na kite,{}\n".format("a" * 17_000, "b" * 16_000))

    assert [(row.state, [one["field"] for one in row.problems]) for row in batch.rows.all()] == [("bad", ["metadata"]), ("ready", [])]


@pytest.mark.slow
def test_ten_thousand_rows_are_all_checked(checked):
    batch = checked(HEADER + "".join(f"a boat number {n},5,16:9,sku-{n}\n" for n in range(10_000)))

    assert (batch.rows_read, batch.rows.filter(state="ready").count()) == (10_000, 10_000)


def test_a_list_that_no_database_stores_is_a_row_to_mend(checked):
    cells = ["[NaN]", "[1e999]", r'["\u0000"]', r'["\ud800"]', r'[{"\u0000": 1}]', "[" * 900 + "]" * 900, "[" * 5000]
    batch = checked(lines(*({"prompt": "a fox", "params.shots": cell} for cell in cells)), defaults={"model": "kling/kling-v3"})

    assert batch.state == State.CHECKED
    assert [(row.state, row.order["params"]["shots"]) for row in batch.rows.all()] == [(RowState.BAD, cell) for cell in cells]

"""The pages of batches: upload, check, acceptance, run, results."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from access.budgets import forget, put_in_force
from access.ledger_models import Budget
from batches.check_step import check
from batches.models import Batch, RowState, State
from generation.models import GenerationTask
from providers.models import ModelPrice
from tests.batches.batch_rows import KLING, make_batch, states
from tests.batches.files import archive_of
from tests.batches.test_feeding import feed_once
from tests.cases import in_one_test
from tests.pictures import picture
from tests.web.page_rows import make_asset
from web.batch_forms import RECIPE

pytestmark = pytest.mark.django_db

TABLE = "商品编号,提示词,时长\r\nsku-1,白色陶瓷杯,5\r\nsku-2,红色双肩包,7\r\nsku-3,跑鞋,5\r\nsku-3,跑鞋,5\r\n"


@pytest.fixture
def priced(kling):
    ModelPrice.objects.create(model=KLING, unit="second", amount=1)
    return kling


def upload(visitor, text=TABLE, *, name="products.csv", **fields):
    file = SimpleUploadedFile(name, text.encode("gbk"))
    return visitor.post("/batches/new", {"model": KLING, "prompt": "", "file": file, **fields})


def uploaded(visitor, *args, **fields) -> Batch:
    """Upload and check."""
    reply = upload(visitor, *args, **fields)
    assert reply.status_code == 302, reply.text
    batch = Batch.objects.latest("pk")
    assert reply.headers["Location"] == f"/batches/{batch.pk}/"
    check(batch)
    return Batch.objects.get(pk=batch.pk)


def test_a_table_is_uploaded_checked_and_its_good_rows_are_ordered(visitor, priced):
    page = visitor.get(f"/batches/new?model={KLING}")
    assert (page.status_code, 'name="file"' in page.text) == (200, True)
    batch = uploaded(visitor, aspect_ratio="9:16")
    assert batch.defaults == {"model": KLING, "prompt": "", "params": {"aspect_ratio": "9:16"}, "inputs": {}}

    page = visitor.get(f"/batches/{batch.pk}/")
    assert page.context["count_of"] == {"ready": 2, "bad": 1, "left_out": 1}
    assert [(one.rows, one.first) for one in page.context["problems"]] == [("1 row", "row 3"), ("1 row", "row 5")]
    assert ("at most ¥10.00" in page.text, "9:16" in page.context["defaults_line"], "Start 2 videos" in page.text) == (True, True, True)

    refused = visitor.post(f"/batches/{batch.pk}/accept", follow=True)
    assert ("1 row needs fixing." in refused.text, GenerationTask.objects.count()) == (True, 0)
    started = visitor.post(f"/batches/{batch.pk}/accept", {"good_only": "1"}, follow=True)
    assert "Started." in started.text
    assert states(batch) == ["waiting", "left_out", "waiting", "left_out"]
    feed_once(Batch.objects.get(pk=batch.pk))
    page = visitor.get(f"/batches/{batch.pk}/")
    assert [row.state for row in page.context["run_rows"]] == ["queued", "left_out", "queued", "left_out"]
    assert "2 rows were left out." in page.text
    assert f'href="/batches/new?from={batch.pk}"' in page.text


def test_template_style_and_enhancement_for_all_rows_are_chosen_in_the_form(visitor, priced):
    table = "name,features,secs\nMug,blue,5\n"
    batch = uploaded(visitor, table, recipe_template="product-showcase", recipe_style="cinematic", recipe_enhance="on")
    assert batch.mapping == {"name": "variables.name", "features": "variables.features", "secs": ""}
    row = batch.rows.get()
    assert "Professional product video showing Mug, blue" in row.order["prompt"]
    assert row.order["made_from"]["style"] == "cinematic"

    page = visitor.get(f"/batches/{batch.pk}/")
    (note,) = page.context["problems"]
    assert ("Not enhanced, stays as it is: No language model is set up" in note.words, note.is_bad) == (True, False)
    assert "Start 1 video" in page.text
    page = visitor.get(f"/batches/{batch.pk}/defaults")
    assert '<option value="cinematic" selected>' in page.text
    visitor.post(f"/batches/{batch.pk}/defaults", {"model": KLING, "prompt": "a {name}", "recipe_platform": "tiktok"})
    batch.refresh_from_db()
    assert {name: batch.defaults.get(name) for name in RECIPE} == {"template": None, "style": None, "platform": "tiktok", "enhance": None}


def test_the_rows_to_mend_come_back_as_a_batch_with_the_same_columns_and_settings(visitor, priced):
    batch = uploaded(visitor, aspect_ratio="9:16", name="cups")
    rejected = b"".join(visitor.get(f"/batches/{batch.pk}/rejected.csv").streaming_content).decode("utf-8-sig")
    assert ("sku-2" in rejected, "sku-1" in rejected) == (True, False)

    page = visitor.get(f"/batches/new?from={batch.pk}")
    assert page.context["form"]["aspect_ratio"].value() == "9:16"
    again = uploaded(visitor, rejected.replace(",7", ",10").replace("sku-3,跑鞋", "sku-4,凉鞋"), aspect_ratio="9:16")

    assert (states(again), again.mapping["时长"], again.defaults) == (["ready", "ready"], "params.duration_s", batch.defaults)


def test_columns_and_settings_change_and_all_rows_are_checked_again(visitor, priced):
    batch = uploaded(visitor, "物品,秒\r\n杯子,5\r\n背包,10\r\n")
    assert states(batch) == ["bad", "bad"]
    twice = visitor.post(f"/batches/{batch.pk}/columns", {"c0": "prompt", "c1": "prompt"})
    assert (twice.status_code, "Another column is this already." in twice.text) == (422, True)

    visitor.post(f"/batches/{batch.pk}/columns", {"c0": "", "c1": "params.duration_s"})
    check(Batch.objects.get(pk=batch.pk))
    saved = visitor.post(f"/batches/{batch.pk}/defaults", {"model": KLING, "prompt": "展示{物品}", "mode": "pro", "duration_s": "5"})
    assert saved.status_code == 302, saved.text
    check(Batch.objects.get(pk=batch.pk))

    batch.refresh_from_db()
    assert batch.mapping == {"物品": "variables.物品", "秒": "params.duration_s"}
    rows = list(batch.rows.order_by("number"))
    assert [(row.state, row.order["prompt"], row.order["params"]) for row in rows] == [
        ("ready", "展示杯子", {"duration_s": 5, "mode": "pro"}),
        ("ready", "展示背包", {"duration_s": 10, "mode": "pro"}),
    ]
    gone = visitor.get(f"/batches/form?model={KLING}&duration_s=10&mode=nothing")
    assert (gone.status_code, gone.context["form"]["duration_s"].value(), gone.context["form"]["mode"].value()) == (200, 10, "std")


def test_images_of_the_form_and_of_a_zip_reach_the_rows(visitor, user, priced):
    asset = make_asset(user)
    archive = archive_of({"cup.png": picture((800, 600)).getvalue()})
    archive.name = "images.zip"
    batch = uploaded(visitor, "prompt,image\r\na cup,cup.png\r\na bag,\r\n", archive=archive, first_frame=str(asset.pk))

    table = b"prompt,image\r\na cup,cup.png\r\n"
    both = SimpleUploadedFile("cups.zip", archive_of({"table/cups.CSV": table, "pictures/cup.png": picture((800, 600)).getvalue()}).read())
    visitor.post("/batches/new", {"model": KLING, "prompt": "", "file": both})
    check(Batch.objects.latest("pk"))
    assert len(Batch.objects.latest("pk").rows.get(state="ready").order["inputs"]["first_frame"]) == 1
    images = [row.order["inputs"]["first_frame"] for row in batch.rows.order_by("number")]
    assert (batch.defaults["inputs"], images[1], len(images[0])) == ({"first_frame": [str(asset.pk)]}, [str(asset.pk)], 1)
    assert images[0] != images[1]
    assert str(asset.pk) in visitor.get(f"/batches/{batch.pk}/defaults").text


def test_a_budget_says_what_is_missing_before_and_refuses_the_whole_batch(visitor, user, priced):
    batch = uploaded(visitor)
    put_in_force(Budget(kind="user", user=user, window="month", limit=8_000_000))

    forget()
    assert "¥8.00 left, ¥2.00 too little for this batch" in visitor.get(f"/batches/{batch.pk}/").text
    refused = visitor.post(f"/batches/{batch.pk}/accept", {"good_only": "1"}, follow=True)
    assert (Batch.objects.get(pk=batch.pk).state, states(batch)[0]) == (State.CHECKED, "ready")
    assert "budget" in refused.text


def test_buttons_pause_resume_cancel_and_say_why_not(visitor, user, priced):
    batch = make_batch(user, 3)
    assert "cannot be done now" in visitor.post(f"/batches/{batch.pk}/pause", follow=True).text
    visitor.post(f"/batches/{batch.pk}/accept")
    for way, state in (("pause", State.PAUSED), ("resume", State.RUNNING)):
        visitor.post(f"/batches/{batch.pk}/{way}")
        assert Batch.objects.get(pk=batch.pk).state == state
    visitor.post(f"/batches/{batch.pk}/turn", {"priority": "9"})
    assert Batch.objects.get(pk=batch.pk).priority == 9
    assert "3 videos were cancelled." in visitor.post(f"/batches/{batch.pk}/cancel", follow=True).text
    assert "No row of this batch has failed." in visitor.post(f"/batches/{batch.pk}/retry", follow=True).text


def test_the_sums_are_asked_for_again_and_another_state_loads_the_page(visitor, user, priced):
    batch = make_batch(user, 2)
    assert visitor.get(f"/batches/{batch.pk}/progress?state=checking").headers["HX-Refresh"] == "true"
    visitor.post(f"/batches/{batch.pk}/accept")
    assert "0 of 2 videos are done" in visitor.get(f"/batches/{batch.pk}/progress?state=running").text
    one = visitor.get(f"/batches/{batch.pk}/row?number=2").text
    assert (one.count("<tbody"), "a boat 2" in one) == (1, True)
    assert visitor.get(f"/batches/{batch.pk}/row?number=99").text.strip() == ""


def test_when_it_is_needed_is_stored_on_the_readers_clock(visitor, user, priced):
    batch = make_batch(user, 1)
    visitor.cookies["time_zone"] = "Asia/Shanghai"
    visitor.post(f"/batches/{batch.pk}/turn", {"priority": "-1", "needed_by": "2031-12-24T09:00"})
    assert Batch.objects.get(pk=batch.pk).needed_by.isoformat() == "2031-12-24T01:00:00+00:00"
    assert 'value="2031-12-24T09:00"' in visitor.get(f"/batches/{batch.pk}/").text


def test_only_batches_may_be_as_large_as_a_zip_of_images(visitor, priced, settings):
    settings.MAX_ANONYMOUS_BYTES, settings.MAX_BODY_BYTES, settings.MAX_BATCH_BYTES = 100, 2_000, 10_000
    assert upload(visitor, TABLE + "x," * 1_500).status_code == 302
    assert upload(visitor, TABLE + "x," * 6_000).status_code == 413
    assert visitor.post("/studio/", {"prompt": "x" * 3_000}).status_code == 413


@in_one_test(
    ("content", "words"),
    [(b"%PDF-1.7", "This is a PDF."), (b'a,b\r\n"open', "quotation mark"), (b"", "The submitted file is empty.")],
)
def test_a_bad_file_is_refused_with_what_to_do(content, words, visitor, priced):
    reply = visitor.post("/batches/new", {"model": KLING, "prompt": "", "file": SimpleUploadedFile("a.csv", content)})
    if reply.status_code == 302:
        batch = Batch.objects.latest("pk")
        check(batch)
        reply = visitor.get(f"/batches/{batch.pk}/")
        assert "Upload another file" in reply.text
    assert words in reply.text


def test_the_list_has_states_and_shares_and_no_counts_for_each_batch(visitor, user, priced, django_assert_max_num_queries):
    for number in range(4):
        make_batch(user, 3, 1, name=f"batch {number}")
    accepted = Batch.objects.latest("pk")
    visitor.post(f"/batches/{accepted.pk}/accept", {"good_only": "1"})
    visitor.get("/batches/")
    with django_assert_max_num_queries(14):
        page = visitor.get("/batches/")
    assert [(line.percent, line.note) for line in page.context["lines"]][:2] == [
        (0, "0 of 3 done, 1 left out"),
        (None, "3 ready, 1 need fixing"),
    ]


def test_rows_come_in_pages_and_by_kind(visitor, user, priced):
    batch = make_batch(user, 60, 2)
    first = visitor.get(f"/batches/{batch.pk}/")
    assert [row.number for row in first.context["check_rows"]] == list(range(1, 51))
    second = visitor.get(first.context["next_url"])
    assert [row.number for row in second.context["check_rows"]] == list(range(51, 63))
    bad = visitor.get(f"/batches/{batch.pk}/?show=bad")
    assert [row.number for row in bad.context["check_rows"]] == [61, 62]
    assert visitor.get(f"/batches/{batch.pk}/?show=x&after=²&repair=y").status_code == 200


def test_a_page_of_rows_asks_as_much_as_one_row(visitor, user, priced, django_assert_max_num_queries):
    """10,000 rows: 0.1 s of a processor for the check, 0.15 s for the run."""
    for count in (1, 60):
        batch = make_batch(user, count)
        with django_assert_max_num_queries(24):
            visitor.get(f"/batches/{batch.pk}/")
        visitor.post(f"/batches/{batch.pk}/accept")
        feed_once(Batch.objects.get(pk=batch.pk))
        with django_assert_max_num_queries(24):
            assert visitor.get(f"/batches/{batch.pk}/").status_code == 200


def test_results_are_files_named_after_the_batch(visitor, user, priced):
    batch = make_batch(user, 2, name="杯子.xlsx")
    for kind, start in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("zip", b"PK")):
        reply = visitor.get(f"/batches/{batch.pk}/results?format={kind}")
        content = b"".join(reply.streaming_content)
        assert content.startswith(start)
        assert f".{kind}" in reply.headers["Content-Disposition"]


def test_an_example_fits_the_model(visitor, priced):
    text = b"".join(visitor.get(f"/batches/example.csv?model={KLING}").streaming_content).decode("utf-8-sig")
    batch = uploaded(visitor, text)
    assert set(states(batch)) == {RowState.READY}
    assert io.StringIO(text).readline().count(",") >= 2

"""A new user turns a table of 20 products with 3 bad rows into 17 videos, mends the 3, and takes the results home; in Chinese."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from batches.models import Batch, State
from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from tests.batches.checking.conftest import MODEL, to_the_end
from tests.batches.test_feeding import feed_once
from tests.browser.accessibility import violations

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
NAMES = ("陶瓷杯", "双肩包", "跑鞋", "台灯", "键盘", "耳机", "雨伞", "水壶", "手表", "围巾")
NAMES += ("沙发", "香薰", "砧板", "背心", "相机", "音箱", "书架", "毛毯", "风扇", "行李箱")
BAD = {4: ("", "五秒"), 9: (None, "5"), 15: ("", "60")}


def products() -> bytes:
    """Return the table as a spreadsheet program in China saves it: two rows have a wrong length, and one has no prompt."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(["商品编号", "商品名称", "提示词", "时长", "备注"])
    for number, name in enumerate(NAMES, start=1):
        prompt, seconds = BAD.get(number, ("", "5"))
        lines.writerow([f"sku-{number:03}", name, "" if prompt is None else f"{name}放在木桌上，清晨的光线", seconds, "新品"])
    return text.getvalue().encode("gbk")


def mended(path: Path) -> bytes:
    """Return the rejected rows, mended, with the columns that say what was wrong."""
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    assert [(row["行号"], row["商品编号"]) for row in rows] == [("5", "sku-004"), ("10", "sku-009"), ("16", "sku-015")]
    assert {row["问题"] for row in rows} == {"时长：请从这些里选择：5 或 10。", "提示词：请写出视频里应该出现什么。"}
    text = io.StringIO(newline="")
    lines = csv.DictWriter(text, rows[0].keys())
    lines.writeheader()
    lines.writerows(row | {"时长": "5", "提示词": row["提示词"] or "手表放在木桌上"} for row in rows)
    return text.getvalue().encode("gb18030")


def upload(page: Page, name: str, content: bytes) -> Batch:
    """Choose the file, send the form, and wait until the page shows its check."""
    page.get_by_label("表格", exact=True).set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_role("heading", name="正在读取表格")).to_be_visible()
    batch = to_the_end(Batch.objects.latest("pk"))
    expect(page.get_by_role("heading", name="列", exact=True)).to_be_visible()
    return batch


def finish(batch: Batch, driver) -> None:
    """Make all videos of an accepted batch."""
    feed_once(batch)
    for task in GenerationTask.objects.filter(batch_id=batch.pk):
        driver.finish(task)
    feed_once(batch)


def test_a_table_becomes_videos_is_mended_and_its_results_are_downloaded(signed_in: Page, live_server, driver, tmp_path: Path) -> None:
    page = signed_in
    page.context.add_cookies([{"name": "django_language", "value": "zh-hans", "url": live_server.url}])
    page.goto(f"{live_server.url}/batches/")
    page.get_by_role("link", name="上传表格").click()
    page.get_by_role("button", name="Kling").click()
    page.locator(f"#models a[data-model='{MODEL}']").click()
    expect(page.locator("#compose")).to_have_attribute("data-model", MODEL)
    page.locator(".slot").first.hover(force=True)
    assert violations(page) == []

    batch = upload(page, "商品.csv", products())
    expect(page.locator(".batch-sum")).to_contain_text("17就绪")
    expect(page.locator(".batch-problems li")).to_have_count(2)
    assert violations(page) == []
    with page.expect_download() as sheet:
        page.get_by_role("link", name="下载需修改的行").click()
    sheet.value.save_as(tmp_path / "rejected.csv")
    page.get_by_role("button", name="开始生成 17 个视频").click()
    expect(page.locator("#summary")).to_contain_text("已完成 0 / 17 个视频")
    assert GenerationTask.objects.count() == 0

    finish(Batch.objects.get(pk=batch.pk), driver)
    expect(page.locator("#summary")).to_contain_text("已完成 17 / 17 个视频")
    expect(page.locator("#summary")).to_contain_text("已结束")
    assert violations(page) == []
    page.get_by_role("link", name="上传改好的文件").click()
    again = upload(page, "改好.csv", mended(tmp_path / "rejected.csv"))
    page.get_by_role("button", name="开始生成 3 个视频").click()
    expect(page.locator("#summary")).to_contain_text("已完成 0 / 3 个视频")
    finish(Batch.objects.get(pk=again.pk), driver)

    expect(page.locator("#summary")).to_contain_text("已结束")
    assert (Video.objects.count(), GenerationTask.objects.exclude(status=Status.SUCCEEDED).count()) == (20, 0)
    assert set(Batch.objects.values_list("state", flat=True)) == {State.ENDED}
    page.goto(f"{live_server.url}/batches/{batch.pk}/")
    with page.expect_download() as videos:
        page.get_by_role("link", name="全部视频").click()
    with page.expect_download() as results:
        page.get_by_role("link", name="结果表 (CSV)").click()
    with zipfile.ZipFile(videos.value.path()) as archive:
        assert (len(archive.namelist()), archive.testzip(), archive.namelist()[0]) == (17, None, "00002 sku-001.mp4")
    rows = list(csv.DictReader(io.StringIO(results.value.path().read_text("utf-8-sig"), newline="")))
    assert [row["结果"] for row in rows].count("已完成") == 17
    assert rows[3]["原因"] == "时长：请从这些里选择：5 或 10。"


def test_pages_of_batches_fit_a_phone_and_work_without_a_script(browser, signed_in: Page, live_server, user, sandbox_accounts) -> None:
    state = signed_in.context.storage_state()
    context = browser.new_context(java_script_enabled=False, storage_state=state, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{live_server.url}/batches/new?model={MODEL}")
    page.get_by_label("Table", exact=True).set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"prompt,n\na cup,1\na bag,2\n,3\n"}
    )
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("heading", name="The table is being read").wait_for()
    batch = to_the_end(Batch.objects.get())
    page.get_by_role("link", name="Refresh").click()
    page.get_by_role("button", name="Start 2 videos").click()
    feed_once(Batch.objects.get(pk=batch.pk))
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").wait_for()
    context.close()

    signed_in.set_viewport_size({"width": 390, "height": 844})
    for path in ("", "new", f"{batch.pk}/", f"new?from={batch.pk}"):
        signed_in.goto(f"{live_server.url}/batches/{path}")
        assert signed_in.evaluate(OVERFLOW) == 0, path

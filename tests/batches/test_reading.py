"""Files become rows of text, whatever program wrote them."""

from __future__ import annotations

import json
from datetime import date, datetime

import pytest
from openpyxl import Workbook

from batches.reading.files import read_file
from batches.reading.sheet import BadFile
from tests.cases import in_one_test

CHINESE = "提示词,时长,货号\r\n孔明灯缓缓升空，古镇屋檐，暖色灯光，镜头上升,5,A-1\r\n一只小狗在雪地里奔跑,10,A-2\r\n"
JAPANESE = "プロンプト,長さ\n夜の街を走る猫、雨に濡れた道路,5\n桜の木の下で踊る少女、春の風,10\n"
GERMAN = "Prompt;Länge;Größe\nEin Fuchs läuft über die Brücke;5;groß\nZwei Vögel über der schönen Stadt;10;mäßig\n"
RUSSIAN = "Описание,Длина\nКрасная лиса бежит по снегу в лесу,5\nБумажные фонари над старым городом,10\n"


@pytest.fixture
def read(tmp_path):
    def rows_of(content: bytes) -> tuple[str, list[str], list[list[str]]]:
        path = tmp_path / "file"
        path.write_bytes(content)
        sheet = read_file(path)
        return sheet.encoding, list(sheet.heading), [[row.cells.get(name, "") for name in sheet.heading] for row in sheet.rows]

    return rows_of


@in_one_test(
    ("encoding", "content"),
    [
        ("utf-8", CHINESE.encode()),
        ("utf-8", CHINESE.encode("utf-8-sig")),
        ("gb18030", CHINESE.encode("gbk")),
        ("gb18030", (CHINESE + "𠮷,5,\n").encode("gb18030")),
        ("gb18030", "prompt,sku\na boat,1\n小船,2\n".encode("gbk")),
        ("big5", "提示詞,時長\n天燈緩緩升空，古鎮屋簷，暖色燈光，鏡頭上升,5\n一隻小狗在雪地裡奔跑,10\n".encode("big5")),
        ("cp932", JAPANESE.encode("cp932")),
        ("cp1251", RUSSIAN.encode("cp1251")),
        ("utf-16", CHINESE.replace(",", "\t").encode("utf-16")),
        ("utf-16-le", CHINESE.encode("utf-16-le")),
        ("utf-16-be", CHINESE.encode("utf-16-be")),
    ],
)
def test_encoding_and_delimiter_are_found(read, encoding, content):
    found, heading, rows = read(content)

    text = content.decode(encoding).lstrip("\ufeff").replace("\t", ",")
    assert (found, [heading, *rows]) == (encoding, [line.split(",") for line in text.splitlines()])


def test_western_letters_and_semicolons(read):
    _encoding, heading, rows = read(GERMAN.encode("cp1252"))

    assert heading == ["Prompt", "Länge", "Größe"]
    assert rows[0] == ["Ein Fuchs läuft über die Brücke", "5", "groß"]


def test_cells_are_read_as_they_are_meant(read):
    lines = 'prompt,prompt,,id\n\n"a ""red"" fox,\nin snow", =1+1 ,x,="007"\n\'=SUM(A1),,,\n  ,,,\n'

    encoding, heading, rows = read(lines.encode())

    assert (encoding, heading) == ("utf-8", ["prompt", "prompt (2)", "#3", "id"])
    assert rows == [['a "red" fox,\nin snow', "=1+1", "x", "007"], ["=SUM(A1)", "", "", ""]]


def test_one_column_is_a_sheet_too(read):
    assert read(b"prompt\na boat\na fox, running\n")[1:] == (["prompt"], [["a boat"], ["a fox"]])
    assert read(b"prompt\na boat\na fox\n")[1:] == (["prompt"], [["a boat"], ["a fox"]])


def test_row_with_more_cells_than_the_heading_says_so(tmp_path):
    (tmp_path / "a.csv").write_text("prompt,seconds\na fox, running,5\n")

    assert [row.extra for row in read_file(tmp_path / "a.csv").rows] == [1]


def test_json_lines(read):
    items = [
        {"prompt": "一只猫", "params": {"duration_s": 5, "with_audio": True}, "content_id": None},
        {"prompt": "a\nfox", "inputs": {"first_frame": ["a", "b"]}},
    ]
    content = "\n".join(json.dumps(item) for item in items).encode()

    heading = ["prompt", "params.duration_s", "params.with_audio", "content_id", "inputs.first_frame"]
    assert read(content) == ("utf-8", heading, [["一只猫", "5", "true", "", ""], ["a\nfox", "", "", "", '["a", "b"]']])


def test_xlsx_with_dates_numbers_formulas_and_merged_cells(tmp_path):
    book = Workbook()
    sheet = book.active
    sheet.append(["提示词", "秒", "日期", "时间", "是", "公式", "组"])
    sheet.append(["一只猫", 5, date(2026, 11, 30), datetime(2026, 11, 30, 8, 5), True, "=1+1", "甲"])  # noqa: DTZ001 - a sheet knows no zones
    sheet.append(["a fox", 2.5, None, None, False, '=HYPERLINK("http://x","y")', None])
    sheet.merge_cells("G2:G3")
    hidden = book.create_sheet("hidden")
    hidden.append(["secret"])
    book.save(tmp_path / "a.xlsx")

    found = read_file(tmp_path / "a.xlsx")
    rows = [[row.cells.get(name, "") for name in found.heading] for row in found.rows]

    assert found.heading == ("提示词", "秒", "日期", "时间", "是", "公式", "组")
    assert rows == [
        ["一只猫", "5", "2026-11-30", "2026-11-30 08:05:00", "true", "", "甲"],
        ["a fox", "2.5", "", "", "false", "", "甲"],
    ]


@in_one_test(
    ("code", "row", "content"),
    [
        ("no_rows", 0, b""),
        ("no_rows", 0, b"prompt,model\n"),
        ("no_rows", 0, b"\n \n,,\n"),
        ("not_csv", 3, b'prompt,a\nx,1\n"an open quote,2\nz,3\n'),
        ("not_csv", 2, b'prompt,a\n"open"quote,1\n'),
        ("not_text", 0, b"prompt,a\nx\x00y,1\n" * 3),
        ("not_json", 2, b'{"prompt": "a"}\n{"prompt": \n'),
        ("not_json", 2, b'{"prompt": "a"}\n[1, 2]\n'),
        ("not_text", 1, b'{"prompt": "\\ud800"}\n'),
        ("is_excel", 0, b"\xd0\xcf\x11\xe0" + bytes(600)),
        ("is_pdf", 0, b"%PDF-1.7\n"),
        ("is_web_page", 0, b"\n<!DOCTYPE html>\n<html>\n<body>\nSign in\n</body>\n</html>\n"),
        ("is_json_list", 0, b'[\n  {"prompt": "a"},\n  {"prompt": "b"}\n]\n'),
        ("is_archive", 0, b"\x1f\x8b\x08" + bytes(600)),
        ("damaged", 0, b"PK\x03\x04" + bytes(600)),
    ],
)
def test_unreadable_file_is_refused_where_it_is_wrong(read, code, row, content):
    with pytest.raises(BadFile) as refused:
        read(content)

    assert (refused.value.code, refused.value.row) == (code, row)

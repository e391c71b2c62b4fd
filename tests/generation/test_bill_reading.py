"""The reader of vendors' bills: any encoding and delimiter, amounts and times as bills write them, refusals that say where."""

from __future__ import annotations

import csv
import io
import re
from contextlib import suppress
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.bills.columns import Columns, lines_of, period_of, suggested
from generation.bills.reading import MOST_ROWS, BadBill, read_table
from generation.bills.sentences import words_of
from generation.bills.values import amount_in, decimal_sign, span_in
from tests.cases import LETTERS, in_one_test

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINESE = "任务ID,消费时间,模型名称,应付金额（含税）,币种\r\ncgt-20261103-1,2026-11-03 10:00:05,可灵 2.5,￥2.50,CNY\r\n"


def read(content):
    """Read a file by what is suggested."""
    table = read_table(content)
    return lines_of(table, suggested(table, "CNY"))[0]


@in_one_test(
    ("encoding", "content"),
    [
        ("utf-8", CHINESE.encode()),
        ("utf-8", CHINESE.encode("utf-8-sig")),
        ("gb18030", CHINESE.encode("gbk", "replace")),
        ("gb18030", CHINESE.encode("gb18030")),
        ("utf-16", CHINESE.encode("utf-16")),
        ("utf-16", CHINESE.encode("utf-16-le")),
        ("utf-16", CHINESE.encode("utf-16-be")),
        ("utf-16", CHINESE.replace(",", "\t").encode("utf-16")),
        ("cp1252", "Task ID;Währung;Amount\nä-1,;EUR;2,50\n".encode("cp1252")),
    ],
)
def test_encoding_and_delimiter_are_found(encoding, content):
    table = read_table(content)

    assert table.encoding == encoding
    assert len(table.heading) in {3, 5}
    assert read_table(content, encoding) == table
    if encoding != "cp1252":
        assert table.heading[0] == "任务ID"
        columns = suggested(table, "EUR")
        assert (columns.places["reference"], columns.places["time"], columns.places["amount"], columns.currency) == (0, 1, 3, "CNY")
        assert lines_of(table, columns)[0][0].amount == 2_500_000


@in_one_test(
    ("sign", "cell", "amount"),
    [
        (".", "1,234.50", "1234.50"),
        (".", "¥12.5", "12.5"),
        (".", "￥ 12.5元", "12.5"),
        (",", "12,5", "12.5"),
        (",", "1.234,50 €", "1234.5"),
        (".", "-3.00", "-3"),
        (".", "−3.00", "-3"),
        (".", "¥-3.00", "-3"),
        (".", "-¥3.00", "-3"),
        (".", "(3.00)", "-3"),
        (".", "3.00-", "-3"),
        (".", "US$0.0375", "0.0375"),
        (".", "CNY 1,000", "1000"),
        (".", "12 credits", "12"),
        (".", "１２．５", "12.5"),
        (".", "1E-05", "0.00001"),
        (".", "", "0"),
        (".", "--", "0"),
        (".", "<nil>", "0"),
    ],
)
def test_amounts_are_read_as_bills_write_them(sign, cell, amount):
    assert amount_in(cell, sign) == Decimal(amount)


@in_one_test("cell", ["abc", "kl-0001", "1.2.3", "12,5", "1,23.4", "nan", "inf", "1e99", "1-2", "--3", "2026-11-03", "9" * 70, "()"])
def test_what_is_no_amount_is_refused(cell):
    with pytest.raises(ValueError, match=re.escape(cell[:9])):
        amount_in(cell, ".")


@in_one_test(
    ("cells", "sign"),
    [
        (["12", "1,234", "12,5"], ","),
        (["1,234.50"], "."),
        (["1.234,5"], ","),
        (["1.234.567"], ","),
        (["1,234,567"], "."),
        (["1,234"], "."),
        ([], "."),
    ],
)
def test_the_decimal_sign_is_that_of_the_first_clear_amount(cells, sign):
    assert decimal_sign(cells) == sign


@in_one_test(
    ("cell", "begins", "seconds"),
    [
        ("2026-11-03 10:00:05", "2026-11-03T02:00:05", 1),
        ("2026/11/3 9:05", "2026-11-03T01:05:00", 60),
        ("2026年11月3日 10时05分07秒", "2026-11-03T02:05:07", 1),
        ("2026-11-03T10:00:05.123Z", "2026-11-03T10:00:05", 1),
        ("2026-11-03T10:00:05+0900", "2026-11-03T01:00:05", 1),
        ("20261103", "2026-11-02T16:00:00", 86_400),
        ("20261103100005", "2026-11-03T02:00:05", 1),
        ("2026-11", "2026-10-31T16:00:00", 30 * 86_400),
        ("202611", "2026-10-31T16:00:00", 30 * 86_400),
        ("2026-11-03 23:00-24:00", "2026-11-03T15:00:00", 3_600),
        ("2026-11-03 10:00:00 ~ 2026-11-03 10:30:00", "2026-11-03T02:00:00", 1_800),
        ("1793671205", "2026-11-03T02:00:05", 1),
        ("1793671205000", "2026-11-03T02:00:05", 1),
    ],
)
def test_times_are_read_in_the_zone_of_the_bill(cell, begins, seconds):
    found = span_in(cell, SHANGHAI)

    assert found is not None
    assert (found[0].isoformat(), (found[1] - found[0]).total_seconds()) == (f"{begins}+00:00", seconds)


@in_one_test("cell", ["yesterday", "03/11/2026", "2026-13-01", "2026-11-03 25:00", "2026-02-30", "10:00", "1" * 12])
def test_what_is_no_time_is_refused(cell):
    with pytest.raises(ValueError, match=re.escape(cell[:9])):
        span_in(cell, SHANGHAI)


HEAD = "Task ID,Time,Amount\n"


@in_one_test(
    ("text", "words"),
    [
        (HEAD + "a-1,2026-11-03,2\na-2,2026-11-03,two", "Row 3, column Amount: “two”"),
        (HEAD + "a-1,soon,2", "Row 2, column Time: “soon”"),
        (HEAD + "8.31E+17,2026-11-03,2", "Row 2, column Task ID: “8.31E+17”"),
        (HEAD + "a-1,2026-11-03,1,234.50", "Row 2: The row has 4 cells and the heading 3"),
        (HEAD + "a-1,2026-11-03," + "9" * 9_000, "Row 2, column 3: The cell has more than"),
        (HEAD + '"' + "a\n" * 100_000, "Row 2: The cells of this row cannot be separated"),
        (HEAD + "a-1,2026-11-03,1" + ",x" * 300, "Row 2: The row has more than 200 columns"),
        (HEAD + "a-1,2026-11-03,2\n" * (MOST_ROWS + 1), "The file has more than 50000 rows"),
        (HEAD, "The file has no rows"),
        ("", "The file has no rows"),
        ("Amount\n1\n", "Row 1: The heading has only one column"),
        ("PK\x03\x04", "This is an archive"),
        ("%PDF-1.7", "This is a PDF"),
        ("Task ID,Amount,Currency\na-1,1,CNY\na-2,1,USD", "Row 3, column Currency: The amount is in USD, and the bill in CNY"),
        ("Task ID,Name\na-1,x", "Choose the column of the amounts"),
        ("Name,Amount\nx,1", "Choose the column of the ids or of the times"),
    ],
)
def test_a_bad_file_is_refused_with_its_row_and_column(text, words):
    with pytest.raises(BadBill) as refused:
        read(text.encode())

    assert words_of(refused.value).startswith(words)


def test_bytes_in_another_encoding_than_the_chosen_are_refused():
    with pytest.raises(BadBill) as refused:
        read_table(CHINESE.encode("gb18030"), "utf-8")

    assert refused.value.code == "encoding"


def test_titles_sums_and_what_spreadsheets_add_are_no_rows():
    text = '账单明细,,\n导出于 2026-12-01,,\n\nTask ID,Time,Amount\n="123456",2026-11-03,2\n\'654321,2026-11-04,\t3\n合计,,5\n,,\n'
    table = read_table(text.encode())
    lines, others = lines_of(table, suggested(table, "CNY"))

    assert [(line.row, line.reference, line.amount) for line in lines] == [(5, "123456", 2_000_000), (6, "654321", 3_000_000)]
    assert others == 0


def test_a_cloud_bill_is_narrowed_to_one_product_and_names_the_model_within_the_instance():
    text = (
        "账单信息/账单月份,账单信息/消费时间,产品信息/产品Code,资源信息/实例ID（出账粒度）,用量信息/用量,应付信息/应付金额（含税）\n"
        "202611,2026-11-03 10:00:00,sfm,;llm-abc123;wan2.5-t2v;video;0,5,2.5\n"
        "202611,2026-11-03 10:00:00,ecs,i-12345678,1,99\n"
    )
    table = read_table(text.encode())
    columns = suggested(table, "CNY")
    lines, others = lines_of(table, Columns(places=columns.places, currency="CNY", only="SFM"))

    assert ([line.amount for line in lines], others) == ([2_500_000], 1)
    assert {"wan2.5-t2v", "llm-abc123"} <= lines[0].keys
    assert period_of(lines, "Asia/Shanghai", date(2026, 11, 20)) == (date(2026, 11, 1), date(2026, 11, 20))
    assert period_of(lines, "Asia/Shanghai", date(2027, 1, 20)) == (date(2026, 11, 1), date(2026, 11, 30))


def test_a_file_that_writes_charges_as_negative_amounts_is_turned():
    table = read_table(b"created_at,price,prediction uuid\n2025-01-02T09:18:42.663Z,-0.25,fd4924a6\n2025-01-02T09:18:42.663Z,-1,fd4924a7\n")
    columns = suggested(table, "USD")

    assert columns.negative
    assert [line.amount for line in lines_of(table, columns)[0]] == [250_000, 1_000_000]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content):
    with suppress(BadBill):
        assert read(content)


CELL = st.text(LETTERS, max_size=20).filter(lambda text: "\x00" not in text)


@given(
    st.lists(st.tuples(CELL, CELL, st.decimals(-9_999, 9_999, places=2)), min_size=1, max_size=6),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    st.sampled_from(",;\t"),
)
def test_what_was_written_is_read_again(rows, encoding, delimiter):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["Task ID", "Model", "Amount"])
    writer.writerows([f"id-{number} {name}", model, str(amount)] for number, (name, model, amount) in enumerate(rows))
    table = read_table(out.getvalue().encode(encoding), "gb18030" if encoding == "gb18030" else "")
    lines, _others = lines_of(table, Columns(places={"reference": 0, "model": 1, "amount": 2}, currency="CNY"))

    assert [line.amount for line in lines] == [int(amount * 1_000_000) for _name, _model, amount in rows]
    assert [line.row for line in lines] == list(range(2, len(rows) + 2))

"""Finds the columns of a bill, and reads its rows by them. Pure.

The headings are those of the exports that docs/bills.md lists with their sources. Some bills have no id of a request, but one row for each
minute or hour and model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from access.money import micro
from generation.bills.reading import BadBill, Table, plain_name
from generation.bills.values import amount_in, currency_in, decimal_sign, span_in

__all__ = ["FIELDS", "HERE", "Columns", "Line", "lines_of", "period_of", "suggested"]

HERE = "Asia/Shanghai"
"""The time zone of the days of Chinese vendors."""
FIELDS: Mapping[str, list[str]] = {
    name: words.split()
    for name, words in {
        "reference": """
            taskid 任务id 任务编号 requestid 请求id 请求编号 generationid predictionid predictionuuid jobid videoid externaltaskid 创作id
            调用id traceid 交易流水号 流水号 订单号 实例id 资源实例id 实例编号 instanceid instanceno uuid id""",
        "time": """
            消费时间 消耗时间 扣费时间 扣减时间 交易时间 计费时间 任务创建时间 创建时间 提交时间 调用时间 请求时间 consumptiontime createdat
            createtime usagestarttime expensebegintime 费用开始时间 账单开始时间 开始时间 starttime timestamp paymenttime time 时间 消费日期
            账单日期 费用日期 billingdate expensedate date 日期""",
        "model": """
            模型 模型名称 模型版本 模型id 消费模型 model modelname modelid modeluuid consumedmodel 计费项名称 计费项 billingitem configname
            配置名称 elementname 规格 实例规格 服务名称 productdetail 产品明细""",
        "amount": """
            应付金额 实付金额 应付 pretaxamount payableamount 优惠后金额 折后金额 消费金额 消耗金额 扣费金额 支付金额 amountaftervoucher
            实际扣费 消费总额 总金额 总费用 费用 金额 amount cost totalcost totalamount price 扣减积分 消耗积分 扣减数量 扣减量 消耗数量
            units credits creditsused 积分""",
        "currency": "币种 货币 结算币种 currency currencycode billingcurrency",
        "quantity": "用量 使用量 数量 时长 usage quantity count totalusagequantity usagequantity duration seconds",
        "product": "产品code 产品代码 productcode 产品名称 产品 productname product 商品名称 consumedapi",
    }.items()
}
"""Headings of each field of a row, as `plain_name` gives them, the best first."""
ROUNDED = re.compile(r"\d\.?\d*e\+\d\d", re.IGNORECASE)
SUMS = frozenset({"合计", "总计", "小计", "汇总", "total", "totals", "subtotal", "sum", "grandtotal"})
PARTS = re.compile(r"[;,|\s]+")
LEAST_KEY = 6
"""Shorter parts of a cell are words, not ids."""
LONGEST = 255


@dataclass(frozen=True, kw_only=True)
class Columns:
    """How to read a bill. `places` has the column of each field, from 0. `only`: count only rows whose product contains this text. `sign`
    is the decimal sign. `negative`: charges are written as negative amounts and refunds as positive ones.
    """

    places: Mapping[str, int]
    zone: str = HERE
    sign: str = "."
    negative: bool = False
    currency: str = ""
    only: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row of a bill. `amount` is in millionths of its currency, negative for a refund. Without a time, `begins` and `ends` are None."""

    row: int
    reference: str = ""
    model: str = ""
    amount: int
    quantity: str = ""
    begins: datetime | None = None
    ends: datetime | None = None

    @cached_property
    def keys(self) -> frozenset[str]:
        """Return every id that its reference may hold."""
        return frozenset(part for part in (self.reference, *PARTS.split(self.reference)) if len(part) >= LEAST_KEY)


def suggested(table: Table, currency: str) -> Columns:
    """Return the columns that the bill probably has; `currency` is used if it names none."""
    names = [plain_name(name) for name in table.heading]
    places: dict[str, int] = {}
    for one, known in FIELDS.items():
        found = next((names.index(name) for name in known if name in names), None)
        if found is None:
            parts = (place for name in known if len(name) > 3 for place, heading in enumerate(names) if name in heading)
            found = next((place for place in parts if place not in places.values()), None)
        if found is not None:
            places[one] = found
    time, amount = (table.heading[places[one]] if one in places else "" for one in ("time", "amount"))
    cells = [row[places["amount"]] for _number, row in table.rows] if "amount" in places else []
    named = [currency_in(amount), *(currency_in(cell) for cell in cells[:50])]
    if "currency" in places:
        named = [currency_in(row[places["currency"]]) or row[places["currency"]] for _number, row in table.rows[:50]]
    is_utc = "utc" in time.casefold().replace("utc+8", "")
    return Columns(
        places=places,
        zone="UTC" if is_utc else HERE,
        sign=decimal_sign(cells),
        negative=sum(cell.startswith(("-", "−")) and len(cell) > 1 for cell in cells) * 2 > len(cells),
        currency=next(filter(None, named), currency)[:20],
    )


def lines_of(table: Table, columns: Columns) -> tuple[list[Line], int]:
    """Return the bill's rows, and how many rows of other products were left out. Raise `BadBill` with row and column."""
    if "amount" not in columns.places:
        raise BadBill("no_amount")
    if not columns.places.keys() & {"reference", "time"}:
        raise BadBill("nothing_to_match")
    if wrong := next((place for place in columns.places.values() if not 0 <= place < len(table.heading)), None):
        raise BadBill("no_such_column", column=str(wrong + 1))
    zone, lines, others = ZoneInfo(columns.zone), list[Line](), 0
    for number, row in table.rows:
        cells = {name: row[place] for name, place in columns.places.items()}
        if columns.only and columns.only.casefold() not in cells.get("product", "").casefold():
            others += 1
        elif not _is_sum(row, cells):
            lines.append(_line(number, cells, zone, columns, table.heading))
    if not lines:
        raise BadBill("no_rows")
    return lines, others


def _is_sum(row: Sequence[str], cells: Mapping[str, str]) -> bool:
    """Return whether the row is a sum of others: it has a word for a sum, and neither an id nor a time."""
    says = any(plain_name(cell) in SUMS for cell in row if cell)
    named = [cells.get(name, "") for name in ("reference", "time")]
    return says and all(not cell or plain_name(cell) in SUMS for cell in named)


def _line(number: int, cells: Mapping[str, str], zone: ZoneInfo, columns: Columns, heading: Sequence[str]) -> Line:
    def bad(code: str, name: str) -> BadBill:
        return BadBill(code, row=number, column=heading[columns.places[name]], value=cells[name][:60], currency=columns.currency)

    try:
        amount = micro(amount_in(cells["amount"], columns.sign))
    except ValueError as error:
        raise bad("amount", "amount") from error
    currency = currency_in(cells.get("currency", "")) or cells.get("currency", "")
    if currency and amount and currency.casefold() != columns.currency.casefold():
        raise bad("other_currency", "currency")
    try:
        span = span_in(cells.get("time", ""), zone)
    except ValueError as error:
        raise bad("time", "time") from error
    reference = cells.get("reference", "")
    if ROUNDED.fullmatch(reference):
        raise bad("rounded_id", "reference")
    if len(reference) > LONGEST:
        raise bad("id_too_long", "reference")
    return Line(
        row=number,
        reference=reference,
        model=cells.get("model", "")[:LONGEST],
        amount=-amount if columns.negative else amount,
        quantity=cells.get("quantity", "")[:40],
        begins=span[0] if span else None,
        ends=span[1] if span else None,
    )


def period_of(lines: Sequence[Line], zone: str, today: date) -> tuple[date, date] | None:
    """Return the first and the last day of the months of the rows, today at most; None if no row has a time.

    A month with less than one row in a hundred does not count: a bill may have rows from just before its first midnight.
    """
    place = ZoneInfo(zone)
    months = Counter(line.begins.astimezone(place).date().replace(day=1) for line in lines if line.begins)
    if not months:
        return None
    few = sum(months.values()) // 100
    kept = [month for month, count in months.items() if count > few]
    first, last = min(kept), max(kept)
    end = date(last.year + last.month // 12, last.month % 12 + 1, 1).toordinal() - 1
    return first, max(first, min(date.fromordinal(end), today))

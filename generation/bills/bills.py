"""Keeps bills: stores an uploaded file, suggests its columns, reads it as a person confirms, and compares its rows with purchases."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from access.callers import Caller
from access.money import MOST
from access.rights import may
from database import clock
from database.errors import is_taken
from events import audit
from generation.bills.columns import Columns, Line, lines_of, period_of, suggested
from generation.bills.matching import Check, match
from generation.bills.purchases import purchases_of
from generation.bills.reading import ENCODINGS, BadBill, Table, read_table
from generation.bills.sentences import refusal_of
from generation.errors import InvalidRequest, NotAllowed, NotThere
from generation.models import Bill, BillLine
from providers.models import ProviderAccount
from providers.vendors import PROVIDERS

__all__ = [
    "bills_of",
    "check_of",
    "columns_of",
    "delete",
    "note_result",
    "old_bills",
    "old_rows",
    "read_as",
    "require_keeper",
    "seen_bills",
    "store",
    "table_of",
    "the_bill",
]

AT_ONCE = 2_000
MOST_DAYS = 400


def seen_bills(caller: Caller) -> QuerySet[Bill]:
    """Return the bills that the caller sees, newest first, without their files: all, or none without the right to see all money."""
    rows = Bill.objects.defer("content").select_related("owner", "account")
    return rows if may(caller, "see", Bill) else rows.none()


def the_bill(caller: Caller, pk: UUID) -> Bill:
    """Return the bill. Raise `NotThere` if the caller may not see it."""
    bill = seen_bills(caller).filter(pk=pk).first()
    if bill is None:
        raise NotThere(_("There is no such bill."))
    return bill


def bills_of(caller: Caller, first: date, last: date, vendor: str = "") -> list[Bill]:
    """Return the checked bills of these days, and of this vendor if one is given, that the caller sees."""
    rows = seen_bills(caller).filter(checked_at__isnull=False, first__lte=last, last__gte=first)
    return list((rows.filter(vendor=vendor) if vendor else rows)[:20])


def require_keeper(caller: Caller) -> None:
    """Raise `NotAllowed` unless this caller may upload bills, change how they are read and delete them."""
    if not may(caller, "change", Bill):
        raise NotAllowed(_("Only an administrator who may change bills can do this."))


def store(*, by: Caller, vendor: str, file_name: str, content: bytes) -> tuple[Bill, bool]:
    """Store an uploaded file with the columns that it probably has. Return the bill, and whether it is new. Nothing is compared yet.

    The same file again returns the bill that has it. Raise `NotAllowed`, `InvalidRequest`.
    """
    require_keeper(by)
    sha256 = hashlib.sha256(content).hexdigest()
    known = Bill.objects.defer("content").filter(sha256=sha256).first()
    if known is not None:
        return known, False
    if vendor not in PROVIDERS:
        words = _("There is no such vendor.")
        raise InvalidRequest(words, fields={"vendor": words})
    try:
        table = read_table(content)
    except BadBill as error:
        raise refusal_of(error) from error
    columns = suggested(table, settings.CURRENCY)
    name = "".join(letter for letter in file_name.replace("\\", "/").rpartition("/")[2] if letter.isprintable())[:200]
    bill = Bill(
        owner=by.user,
        vendor=vendor,
        file_name=name or "bill.csv",
        sha256=sha256,
        content=zlib.compress(content),
        size_bytes=len(content),
        encoding=table.encoding,
        heading=list(table.heading),
        columns=asdict(columns),
        currency=columns.currency,
        created_at=clock.now(),
    )
    try:
        with transaction.atomic():
            bill.save(force_insert=True)
            audit.record("bill.uploaded", bill, by=by, after={"vendor": vendor, "sha256": sha256, "size_bytes": len(content)})
    except IntegrityError as error:
        if not is_taken(error):
            raise
        return Bill.objects.defer("content").get(sha256=sha256), False
    return bill, True


def columns_of(bill: Bill) -> Columns:
    """Return the columns by which the bill is read."""
    return Columns(**bill.columns)


def table_of(bill: Bill, encoding: str = "") -> Table:
    """Return the cells of the bill's file. Raise `BadBill`."""
    return read_table(zlib.decompress(bytes(bill.content)), encoding or bill.encoding)


def read_as(
    bill: Bill,
    *,
    by: Caller,
    vendor: str,
    account: ProviderAccount | None,
    encoding: str,
    columns: Columns,
    first: date | None = None,
    last: date | None = None,
) -> Check:
    """Read the bill with these columns, replace its rows, and compare them with the purchases. Without `first` and `last` its period is the
    months of its rows. Raise `NotAllowed`, `InvalidRequest`; then the bill stays as it was.
    """
    require_keeper(by)
    _require_known(vendor, account, encoding, columns)
    try:
        table = table_of(bill, encoding)
        lines, others = lines_of(table, columns)
        if abs(total := sum(line.amount for line in lines)) > MOST:
            raise BadBill("total_too_large")
    except BadBill as error:
        raise refusal_of(error) from error
    first, last = _period(lines, columns, first, last)
    facts: dict[str, Any] = {
        "vendor": vendor,
        "account": account,
        "encoding": encoding,
        "heading": list(table.heading),
        "columns": asdict(columns),
        "currency": columns.currency,
        "first": first,
        "last": last,
        "rows": len(lines),
        "others": others,
        "total": total,
        "checked_at": clock.now(),
    }
    with transaction.atomic():
        Bill.objects.select_for_update(no_key=True).defer("content").get(pk=bill.pk)
        bill.lines.all().delete()
        BillLine.objects.bulk_create((_row(bill, line) for line in lines), batch_size=AT_ONCE)
        Bill.objects.filter(pk=bill.pk).update(**facts)
        audit.record("bill.read", bill, by=by, after={"vendor": vendor, "first": str(first), "last": str(last), "rows": len(lines)})
    for name, value in facts.items():
        setattr(bill, name, value)
    return note_result(bill)


def _require_known(vendor: str, account: ProviderAccount | None, encoding: str, columns: Columns) -> None:
    """Raise `InvalidRequest` for what cannot be chosen."""
    wrong = {}
    if vendor not in PROVIDERS:
        wrong["vendor"] = _("There is no such vendor.")
    if account is not None and (account.vendor != vendor or account.sandbox):
        wrong["account"] = _("Choose a billed account of this vendor.")
    if encoding not in ENCODINGS:
        wrong["encoding"] = _("Choose one of: %(names)s.") % {"names": ", ".join(ENCODINGS)}
    if columns.zone not in available_timezones():
        wrong["zone"] = _("There is no such time zone.")
    if not columns.currency.strip() or len(columns.currency) > 20 or not columns.currency.isprintable():
        wrong["currency"] = _("Write a currency such as CNY, or the vendor's unit.")
    if wrong:
        raise InvalidRequest(next(iter(wrong.values())), fields=wrong)


def _period(lines: list[Line], columns: Columns, first: date | None, last: date | None) -> tuple[date, date]:
    if first is None or last is None:
        today = clock.now().astimezone(ZoneInfo(columns.zone)).date()
        found = period_of(lines, columns.zone, today)
        if found is None:
            words = _("No row has a time. Write the first and the last day of the bill.")
            raise InvalidRequest(words, fields={"first": words})
        first, last = first or found[0], last or found[1]
    if not 0 <= (last - first).days < MOST_DAYS:
        words = _("From and to are days in this order, at most %(most)d together.") % {"most": MOST_DAYS}
        raise InvalidRequest(words, fields={"last": words})
    return first, last


def _row(bill: Bill, line: Line) -> BillLine:
    return BillLine(
        bill=bill,
        row=line.row,
        reference=line.reference,
        model=line.model,
        amount=line.amount,
        quantity=line.quantity,
        begins=line.begins,
        ends=line.ends,
    )


def _lines(bill: Bill) -> list[Line]:
    """Return the bill's rows as values."""
    names = ("row", "reference", "model", "amount", "quantity", "begins", "ends")
    return [Line(**row) for row in bill.lines.values(*names)]


def check_of(bill: Bill) -> Check:
    """Compare the bill's rows with the purchases as they are now. Return an empty `Check` if its columns are not confirmed."""
    if bill.checked_at is None or bill.first is None or bill.last is None:
        return Check()
    lines, zone = _lines(bill), ZoneInfo(columns_of(bill).zone)
    begins = datetime.combine(bill.first, time.min, zone).astimezone(UTC)
    ends = datetime.combine(bill.last + timedelta(days=1), time.min, zone).astimezone(UTC)
    keys = {key for line in lines for key in line.keys}
    return match(lines, purchases_of(bill, keys, begins, ends), begins, ends)


def note_result(bill: Bill) -> Check:
    """Compare, and store the result in the bill for the lists."""
    check = check_of(bill)
    bill.result = {
        **{name: len(getattr(check, name)) for name in ("agrees", "differs", "only_bill", "only_here")},
        "free": check.free,
        "ours": check.ours,
        "theirs": check.theirs,
    }
    Bill.objects.filter(pk=bill.pk).update(result=bill.result)
    return check


def delete(bill: Bill, *, by: Caller) -> None:
    """Delete the bill with its rows. Costs that were taken over from it stay. Raise `NotAllowed`."""
    require_keeper(by)
    with transaction.atomic():
        audit.record("bill.deleted", bill, by=by, before={"vendor": bill.vendor, "sha256": bill.sha256, "rows": bill.rows})
        bill.lines.all().delete()
        Bill.objects.filter(pk=bill.pk).delete()


def old_rows(before: datetime) -> QuerySet[BillLine]:
    """Return the rows of bills that were uploaded before this time."""
    return BillLine.objects.filter(bill__created_at__lt=before)


def old_bills(before: datetime) -> QuerySet[Bill]:
    """Return the bills that were uploaded before this time, once their rows are deleted."""
    return Bill.objects.filter(created_at__lt=before, lines=None)

"""/bills: vendors' bills compared with what the portal bought, for those who see all money."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field, StrictBool, ValidationError

from access.money import decimal
from api.auth import caller
from api.fields import EXACT, Day
from api.idempotency import idempotent
from api.strict_json import BadBody, read_json
from api.v1.schemas import TEXT, ErrorOut
from generation.bills import bills
from generation.bills.columns import FIELDS, HERE, Columns
from generation.bills.matching import Check, Found, Here
from generation.bills.reading import MOST_BYTES, BadBill
from generation.bills.sentences import refusal_of
from generation.bills.take_over import MOST_AT_ONCE, take_over, takeable, why_not
from generation.errors import InvalidRequest
from generation.models import Bill
from providers.models import ProviderAccount

__all__ = ["router"]

router = Router(tags=["bills"])

FORM_OVERHEAD_BYTES = 64 * 1024
Column = Annotated[int, Field(ge=1, le=200), EXACT]
Text = Annotated[str, Field(max_length=100, pattern=TEXT)]


class BillIn(Schema):
    """A bill's file as the vendor exports it: its bytes in base64, at most 10 MB."""

    model_config = ConfigDict(extra="forbid")

    vendor: str = Field(min_length=1, max_length=40, pattern=TEXT)
    file_name: str = Field(min_length=1, max_length=200, pattern=TEXT)
    content: str = Field(min_length=1, max_length=MOST_BYTES * 4 // 3 + 4, pattern=r"^[A-Za-z0-9+/]*={0,2}$")


class BillColumns(Schema):
    """The column of each field, counted from 1; null: no column has it."""

    model_config = ConfigDict(extra="forbid")

    reference: Column | None = Field(default=None, description="The vendor's id of the task or the request.")
    time: Column | None = None
    model: Column | None = None
    amount: Column | None = None
    currency: Column | None = None
    quantity: Column | None = None
    product: Column | None = None


class BillReadIn(Schema):
    """How the bill is read. Fields that are left out stay as they are. Without `first` and `last` its period is the months of its rows."""

    model_config = ConfigDict(extra="forbid")

    vendor: Text = ""
    account: UUID | None = Field(None, description="Only this billed account; null: all of the vendor's.")
    columns: BillColumns = BillColumns()
    encoding: Literal["utf-8", "gb18030", "utf-16", "big5", "shift_jis", "cp1252"] = "utf-8"
    time_zone: Text = HERE
    decimal_sign: Literal[".", ","] = "."
    negative: StrictBool = Field(False, description="It writes charges as negative amounts.")
    currency: Annotated[str, Field(max_length=20, pattern=TEXT)] = "CNY"
    product: Text = Field("", description="Only rows whose product contains this.")
    first: Day | None = None
    last: Day | None = None


class BillResultOut(Schema):
    """How many purchases agree, differ in the amount or are not on the bill, and how many rows are on the bill only. Amounts are in the
    bill's `currency`.
    """

    agrees: int
    differs: int
    only_bill: int
    only_here: int
    ours: Decimal
    theirs: Decimal


class BillOut(Schema):
    """A bill. `headings` are the names of its columns; `result` is null until they were confirmed (PATCH)."""

    id: UUID
    vendor: str
    account: UUID | None
    file_name: str
    sha256: str
    size_bytes: int
    uploaded_by: str
    created_at: datetime
    checked_at: datetime | None
    encoding: str
    headings: list[str]
    columns: BillColumns
    time_zone: str
    decimal_sign: str
    negative: bool
    currency: str
    product: str
    first: date | None
    last: date | None
    rows: int
    total: Decimal | None
    result: BillResultOut | None


class BillsOut(Schema):
    items: list[BillOut]


class DifferenceOut(Schema):
    """A difference. `kind`: the row is only on the bill, the amount differs, or the purchase is only here. `rows` are row numbers of the
    file. `difference` is how much more the bill says. `can_take_over`: else `reason` says why not.
    """

    kind: Literal["only_bill", "differs", "only_here"]
    purchase: UUID | None
    task: UUID | None
    rows: list[int]
    reference: str
    model: str
    at: datetime | None
    theirs: Decimal | None
    ours: Decimal | None
    difference: Decimal | None
    by_id: bool | None
    can_take_over: bool
    reason: str


class DifferencesOut(Schema):
    currency: str
    total: int
    items: list[DifferenceOut]


class TakeOverIn(Schema):
    """Whose cost becomes what the bill says: these purchases, or with `all` every one whose amount differs."""

    model_config = ConfigDict(extra="forbid")

    purchases: list[UUID] = Field(default_factory=list, max_length=MOST_AT_ONCE)
    all: StrictBool = False


class TakenOut(Schema):
    done: int
    refusals: list[str]


BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": BillIn.json_schema()},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["vendor", "file"],
                "properties": {"vendor": {"type": "string"}, "file": {"type": "string", "format": "binary"}},
            }
        },
    },
}


@router.get("", response=BillsOut, summary="The bills")
def list_bills(request: HttpRequest) -> BillsOut:
    """List the newest 200 bills; for callers who may not see all money the list is empty."""
    return BillsOut(items=[_bill_out(row) for row in bills.seen_bills(caller(request))[:200]])


@router.post(
    "", response={201: BillOut, 403: ErrorOut, 413: ErrorOut, 422: ErrorOut}, summary="Upload a bill", openapi_extra={"requestBody": BODY}
)
def post_bill(request: HttpRequest, response: HttpResponse) -> Status[BillOut]:
    """Send a form with `vendor` and `file`, or JSON. The answer has the columns that were recognised: confirm or correct them with PATCH,
    which compares. The same file gives the same bill.
    """
    asking = caller(request)
    vendor, file_name, content = _sent(request)
    row, _is_new = bills.store(by=asking, vendor=vendor, file_name=file_name, content=content)
    response["Location"] = f"/api/v1/bills/{row.pk}"
    return Status(201, _bill_out(row))


@router.get("/{bill_id}", response={200: BillOut, 404: ErrorOut}, summary="One bill")
def get_bill(request: HttpRequest, bill_id: UUID) -> BillOut:
    """Return how the bill is read and what the last comparison found."""
    return _bill_out(bills.the_bill(caller(request), bill_id))


@router.patch("/{bill_id}", response={200: BillOut, 403: ErrorOut, 404: ErrorOut, 422: ErrorOut}, summary="Read and compare a bill")
def patch_bill(request: HttpRequest, bill_id: UUID, body: BillReadIn) -> BillOut:
    """Confirm or correct how the bill is read; its rows are read again and compared. What cannot be read is named with row and column."""
    asking = caller(request)
    row = bills.the_bill(asking, bill_id)
    kept, given = bills.columns_of(row), body.model_dump(exclude_unset=True)
    places = dict(kept.places)
    for name, column in given.get("columns", {}).items():
        places.pop(name, None)
        if column is not None:
            places[name] = column - 1
    columns = Columns(
        places=places,
        zone=given.get("time_zone", kept.zone),
        sign=given.get("decimal_sign", kept.sign),
        negative=given.get("negative", kept.negative),
        currency=given.get("currency", kept.currency),
        only=given.get("product", kept.only),
    )
    bills.read_as(
        row,
        by=asking,
        vendor=given.get("vendor", row.vendor),
        account=_account(given["account"]) if "account" in given else row.account,
        encoding=given.get("encoding", row.encoding),
        columns=columns,
        first=given.get("first", row.first),
        last=given.get("last", row.last),
    )
    return _bill_out(row)


@router.delete("/{bill_id}", response={204: None, 403: ErrorOut, 404: ErrorOut}, summary="Delete a bill")
def delete_bill(request: HttpRequest, bill_id: UUID) -> Status[None]:
    """Delete the bill with its rows. What was taken over from it stays."""
    asking = caller(request)
    bills.delete(bills.the_bill(asking, bill_id), by=asking)
    return Status(204, None)


@router.get("/{bill_id}/differences", response={200: DifferencesOut, 404: ErrorOut}, summary="What differs from a bill")
def list_differences(request: HttpRequest, bill_id: UUID) -> DifferencesOut:
    """Compare the bill with the purchases as they are now: what is only on the bill first, then other amounts, then what is only here. At
    most 1,000.
    """
    row = bills.the_bill(caller(request), bill_id)
    items = list(_differences(bills.check_of(row)))
    return DifferencesOut(currency=row.currency, total=len(items), items=items[:1_000])


@router.post(
    "/{bill_id}/take-over",
    response={200: TakenOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut},
    summary="Take over what a bill says",
)
@idempotent
def take_over_bill(request: HttpRequest, bill_id: UUID, body: TakeOverIn) -> TakenOut:
    """Let purchases cost what the bill says; budgets count the new amounts. For administrators who decide reviews. One that is not on the
    bill, and of which nobody knew whether it was charged, costs nothing then.
    """
    asking = caller(request)
    row = bills.the_bill(asking, bill_id)
    if body.all is bool(body.purchases):
        words = _("Name purchases, or send “all”.")
        raise InvalidRequest(words, fields={"purchases": words})
    done, refusals = take_over(row, by=asking, purchases=None if body.all else body.purchases)
    return TakenOut(done=done, refusals=refusals)


def _sent(request: HttpRequest) -> tuple[str, str, bytes]:
    """Return vendor, file name and bytes that were sent."""
    if request.content_type == "multipart/form-data":
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES + FORM_OVERHEAD_BYTES:
            raise BadBody(refusal_of(BadBill("too_large", most=MOST_BYTES // 1_000_000)).message, code="too_large", status=413)
        file = request.FILES.get("file")
        if file is None:
            raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"file": _("This is needed.")})
        return request.POST.get("vendor", ""), file.name or "", file.read(MOST_BYTES + 1)
    try:
        body = BillIn.model_validate(read_json(request))
        return body.vendor, body.file_name, base64.b64decode(body.content, validate=True)
    except (ValidationError, binascii.Error) as error:
        words = _("Send {“vendor”, “file_name”, “content”}, the content in base64, and nothing else.")
        raise InvalidRequest(words, fields={"content": words}) from error


def _account(pk: UUID | None) -> ProviderAccount | None:
    account = ProviderAccount.objects.filter(pk=pk).first() if pk else None
    if pk and account is None:
        words = _("Choose a billed account of this vendor.")
        raise InvalidRequest(words, fields={"account": words})
    return account


def _bill_out(row: Bill) -> BillOut:
    columns, result = bills.columns_of(row), row.result
    return BillOut(
        **{name: getattr(row, name) for name in ("vendor", "file_name", "sha256", "size_bytes", "created_at", "checked_at", "encoding")},
        **{name: getattr(row, name) for name in ("currency", "first", "last", "rows")},
        id=row.pk,
        account=row.account_id,
        headings=row.heading,
        uploaded_by=row.owner.get_username(),
        columns=BillColumns(**{name: columns.places[name] + 1 for name in FIELDS if name in columns.places}),
        time_zone=columns.zone,
        decimal_sign=columns.sign,
        negative=columns.negative,
        product=columns.only,
        total=_amount(row.total),
        result=BillResultOut(**result | {name: _amount(result[name]) for name in ("ours", "theirs")}) if result else None,
    )


def _differences(check: Check) -> Iterator[DifferenceOut]:
    offered = takeable(check)
    for line in check.only_bill:
        yield DifferenceOut(
            kind="only_bill",
            purchase=None,
            task=None,
            rows=[line.row],
            reference=line.reference,
            model=line.model,
            at=line.begins,
            theirs=_amount(line.amount),
            ours=None,
            difference=_amount(line.amount),
            by_id=None,
            can_take_over=False,
            reason=_("The portal has no request for it."),
        )
    others: list[Found | Here] = [*check.differs, *check.only_here]
    for one in others:
        yield _difference(one, can_take_over=one.purchase.pk in offered)


def _difference(one: Found | Here, *, can_take_over: bool) -> DifferenceOut:
    purchase = one.purchase
    lines = one.lines if isinstance(one, Found) else ()
    ours = purchase.ours if purchase.is_closed or lines else purchase.most
    theirs = one.theirs if isinstance(one, Found) else None
    return DifferenceOut(
        kind="differs" if lines else "only_here",
        purchase=purchase.pk,
        task=purchase.task_id,
        rows=[line.row for line in lines],
        reference=lines[0].reference if lines else "",
        model=purchase.model,
        at=purchase.begins,
        theirs=_amount(theirs),
        ours=_amount(ours),
        difference=_amount(None if ours is None else (theirs or 0) - ours),
        by_id=one.by_id if isinstance(one, Found) else None,
        can_take_over=can_take_over,
        reason="" if can_take_over else why_not(one) or _("It may be on the next bill."),
    )


def _amount(amount: int | None) -> Decimal | None:
    return None if amount is None else decimal(amount)

"""/batches: upload many orders as one file or list, and look at their check. Nothing is ordered here."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, ValidationError

from access.money import decimal
from access.scopes import Scope
from api.auth import caller, needs
from api.idempotency import KEY, claim
from api.paging import PageIn, page_of
from api.strict_json import BadBody, check_values, read_json, read_strictly
from api.v1.batch_schemas import BatchLineOut, BatchOut, Mapped, Name, batch_out, visible_batch
from api.v1.schemas import TEXT, ErrorOut, Page
from batches.keys import made_before
from batches.messages import words_of
from batches.models import Batch, BatchRow, Source
from batches.reading.sheet import MOST_ROWS
from batches.report import rejected_csv
from batches.upload import upload
from generation.actions.share import require_team
from generation.errors import InvalidRequest
from generation.ordering.order import digest_of

__all__ = ["BatchRowOut", "router", "row_out"]

router = Router(tags=["batches"])


class BatchIn(Schema):
    """Rows as a list of objects, whose names are the columns: `prompt`, `model`, `content_id`, `external_id`, `params.duration_s`,
    `inputs.first_frame` (an address or the id of an asset), `metadata.sku`, `variables.title`, `template`, `style`, `platform`, `enhance`.
    `defaults` applies where a row says nothing: `prompt` (with columns in braces), `model`, `params`, `inputs`, `metadata`, `template`,
    `variables`, `style`, `platform`, `quality`, `language`, `enhance`, `keep_duplicates`.
    """

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    rows: list[dict[str, Any]] = Field(min_length=1, max_length=MOST_ROWS)
    mapping: Mapped = Field(default_factory=dict)
    defaults: dict[str, Any] = Field(default_factory=dict)
    team: str = Field("", max_length=150, pattern=TEXT)


class BatchRowOut(Schema):
    """A row: its number in the file, its cells, the order that they mean, and what is wrong."""

    number: int
    state: str
    cells: dict[str, str]
    order: dict[str, Any]
    problems: list[str]
    repair: str
    cost: Decimal | None
    task_id: UUID | None


class BatchRowsOut(Schema):
    items: list[BatchRowOut]
    next_after: int | None


class RowFilter(Schema):
    state: Literal["bad", "ready", "left_out", "waiting", "placed", "refused", "withdrawn"] | None = None
    repair: str = Field("", max_length=64, pattern=TEXT)
    after: int = Field(0, ge=0, le=2_000_000_000, description="`next_after` of the page before.")
    limit: int = Field(100, ge=1, le=500)


FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "CSV, XLSX or JSON Lines."},
        "images": {"type": "string", "format": "binary", "description": "A ZIP of the images that rows name."},
        "name": {"type": "string"},
        "team": {"type": "string"},
        "mapping": {"type": "string", "description": "JSON: column to meaning."},
        "defaults": {
            "type": "string",
            "description": "JSON: model, prompt, params, inputs, metadata, template, style, platform, enhance, ...",
        },
    },
}
BODY = {
    "required": True,
    "content": {"application/json": {"schema": BatchIn.json_schema()}, "multipart/form-data": {"schema": FORM}},
}


@router.post(
    "",
    response={201: BatchOut, 200: BatchOut, 413: ErrorOut, 422: ErrorOut},
    summary="Upload a batch",
    openapi_extra={"requestBody": BODY},
    auth=needs(Scope.GENERATE),
)
def post_batch(request: HttpRequest, response: HttpResponse, idempotency_key: str = KEY) -> Status[BatchOut] | HttpResponse:
    """Send a form with `file`, or JSON with `rows`. The answer is at once `checking`; when it is `checked`, look at its rows. Nothing is
    ordered before the batch is accepted. A repeated Idempotency-Key makes no other batch; files and fields must be the same.
    """
    asking = caller(request)
    form = request.content_type == "multipart/form-data"
    given = _form(request) if form else _body(request)
    files: dict[str, Any] = {name: request.FILES[name] for name in ("file", "images") if name in request.FILES} if form else {}
    digest = digest_of("upload", given, {name: [file.name, _digest(file)] for name, file in files.items()}) if idempotency_key else ""
    if answered := claim(request, idempotency_key, digest):
        return answered
    rows, team = given.pop("rows", None), given.pop("team", "")
    known = made_before(asking, idempotency_key, digest)
    batch = known or upload(
        by=asking,
        file=files["file"] if form else io.BytesIO("\n".join(map(json.dumps, rows)).encode()),
        file_name=(files["file"].name or "") if form else "rows.jsonl",
        archive=files.get("images"),
        team=require_team(team, asking) if team else None,
        source=Source.FILE if form else Source.API,
        key=idempotency_key,
        digest=digest,
        **given,
    )
    response["Location"] = f"/api/v1/batches/{batch.pk}"
    return Status(200 if known else 201, batch_out(batch))


@router.get("", response={200: Page[BatchLineOut]}, summary="Batches")
def list_batches(request: HttpRequest, wanted: Query[PageIn]) -> Page[BatchLineOut]:
    """List the batches that you may see, newest first, without the counts of their rows."""
    found, cursor = page_of(Batch.objects.all(), wanted, seen_by=caller(request))
    return Page[BatchLineOut](items=[BatchLineOut.model_validate(batch) for batch in found], next_cursor=cursor)


@router.get("/{batch_id}/rows", response={200: BatchRowsOut, 404: ErrorOut}, summary="The rows of a batch")
def list_batch_rows(request: HttpRequest, batch_id: UUID, wanted: Query[RowFilter]) -> BatchRowsOut:
    """List rows in the order of the file."""
    rows = visible_batch(caller(request), batch_id).rows.filter(number__gt=wanted.after)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.repair:
        rows = rows.filter(repair=wanted.repair)
    found = list(rows[: wanted.limit + 1])
    items = [row_out(row) for row in found[: wanted.limit]]
    return BatchRowsOut(items=items, next_after=items[-1].number if len(found) > wanted.limit else None)


@router.get(
    "/{batch_id}/rejected.csv",
    response={200: None, 404: ErrorOut},
    summary="The rejected rows of a batch",
    openapi_extra={"responses": {200: {"description": "CSV", "content": {"text/csv": {"schema": {"type": "string"}}}}}},
)
def get_rejected_rows(request: HttpRequest, batch_id: UUID) -> StreamingHttpResponse:
    """Return the rows that cannot become videos as CSV, with what is wrong. Mend them and upload the file as another batch."""
    batch = visible_batch(caller(request), batch_id)
    answer = StreamingHttpResponse(rejected_csv(batch), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="rejected-{batch.pk}.csv"'
    return answer


def row_out(row: BatchRow) -> BatchRowOut:
    """Return how the API shows the row."""
    return BatchRowOut(
        **{name: getattr(row, name) for name in ("number", "state", "cells", "order", "repair", "task_id")},
        problems=[words_of(one) for one in row.problems],
        cost=None if row.cost is None else decimal(row.cost),
    )


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        return BatchIn.model_validate(read_json(request)).model_dump()
    except ValidationError as error:
        words = _("Send {“rows”: [{“prompt”: …}, …]}, and “name”, “mapping”, “defaults” and “team” if you like.")
        raise InvalidRequest(words, fields={"rows": words}) from error


def _form(request: HttpRequest) -> dict[str, Any]:
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MAX_BATCH_BYTES:
        raise BadBody(_("The files are too large."), code="too_large", status=413)
    if "file" not in request.FILES:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"file": _("This is needed.")})
    fields: Mapping[str, str] = request.POST
    check_values([fields.get("name", ""), fields.get("team", "")])
    return {
        "name": fields.get("name", ""),
        "team": fields.get("team", ""),
        "mapping": _object(fields, "mapping"),
        "defaults": _object(fields, "defaults"),
    }


def _digest(file: UploadedFile[Any]) -> str:
    found = hashlib.sha256()
    for block in file.chunks():
        found.update(block)
    file.seek(0)
    return found.hexdigest()


def _object(fields: Mapping[str, str], name: str) -> dict[str, Any]:
    try:
        value = read_strictly((fields.get(name) or "{}").encode())
    except (BadBody, UnicodeEncodeError):
        value = None
    if not isinstance(value, dict):
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields={name: _("This is not a JSON object.")})
    return value

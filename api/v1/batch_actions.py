"""/batches/{id}: look at a batch, change, accept, pause, resume and cancel it, retry what failed, and fetch its results."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import ConfigDict, Field, StrictBool

from access.scopes import Scope
from api.auth import caller, needs
from api.fields import Moment
from api.idempotency import idempotent
from api.v1.batch_schemas import BatchOut, Mapped, batch_out, visible_batch
from api.v1.schemas import ErrorOut
from batches import actions
from batches.accepting import accept, require_rights
from batches.models import Batch
from batches.results import KINDS, results_in
from batches.upload import change
from delivery.links import origin_of
from delivery.stored_file import file_name
from generation.errors import InvalidRequest

__all__ = ["router"]

router = Router(tags=["batches"])

CHANGED: Any = {200: BatchOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut}


class AcceptIn(Schema):
    model_config = ConfigDict(extra="forbid")

    good_only: StrictBool = Field(False, description="Leave out the rows that need fixing. Otherwise they stop it all.")


class BatchPatch(Schema):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    mapping: Mapped | None = Field(
        None, description="What columns are. Columns that are left out stay. All rows are checked again; only before the batch is accepted."
    )
    defaults: dict[str, Any] | None = Field(
        None, description="What applies where a row says nothing, instead of all earlier defaults. All rows are checked again."
    )
    priority: int = Field(
        0, ge=actions.LOWEST, le=actions.HIGHEST, strict=True, description="What is ordered alone has 0; a batch begins at -1."
    )
    needed_by: Moment | None = Field(
        None,
        description="Only of a checked batch. Models that also render offline do so, at a lower price, if the vendor gives up before "
        "then: after `expires_after_s`, two days as a rule.",
    )


@router.get("/{batch_id}", response={200: BatchOut, 404: ErrorOut}, summary="One batch")
def get_batch(request: HttpRequest, batch_id: UUID) -> BatchOut:
    return batch_out(visible_batch(caller(request), batch_id))


@router.post(
    "/{batch_id}/accept", response=CHANGED | {507: ErrorOut}, summary="Order the rows of a checked batch", auth=needs(Scope.GENERATE)
)
@idempotent
def accept_batch(request: HttpRequest, batch_id: UUID, body: AcceptIn) -> BatchOut:
    """Set money aside for every good row at once, or refuse it and change nothing: 409 `rows_need_fixing`, `no_good_rows`, `not_checked`,
    `batch_changed`; 403 `budget_reached`, `price_unknown`, `quota_reached`. The rows then become tasks, a few hundred at a time.
    """
    asking = caller(request)
    return batch_out(accept(visible_batch(asking, batch_id), by=asking, good_only=body.good_only))


@router.patch("/{batch_id}", response=CHANGED, summary="Change a batch", auth=needs(Scope.GENERATE))
def patch_batch(request: HttpRequest, batch_id: UUID, body: BatchPatch) -> BatchOut:
    """Change what the body names. 409 `wrong_state`, `batch_changed`, `already_started`."""
    asking = caller(request)
    batch = visible_batch(asking, batch_id)
    require_rights(batch, asking)
    checks_again = body.mapping is not None or body.defaults is not None
    if "needed_by" in body.model_fields_set:  # not in the transaction: it prices all rows before its own
        if checks_again:
            words = _("Set this once the batch is checked again.")
            raise InvalidRequest(words, fields={"needed_by": words})
        batch = actions.need_by(batch, body.needed_by, by=asking)
    with transaction.atomic():
        if checks_again:
            batch = change(batch, by=asking, mapping=body.mapping, defaults=body.defaults)
        if "priority" in body.model_fields_set:
            batch = actions.set_priority(batch, body.priority, by=asking)
    return batch_out(batch)


@router.post("/{batch_id}/pause", response=CHANGED, summary="Start nothing more of a batch", auth=needs(Scope.GENERATE))
@idempotent
def pause_batch(request: HttpRequest, batch_id: UUID) -> BatchOut:
    """Pause a running batch. What was sent goes on."""
    asking = caller(request)
    return batch_out(actions.pause(visible_batch(asking, batch_id), by=asking))


@router.post("/{batch_id}/resume", response=CHANGED, summary="Go on with a paused batch", auth=needs(Scope.GENERATE))
@idempotent
def resume_batch(request: HttpRequest, batch_id: UUID) -> BatchOut:
    asking = caller(request)
    return batch_out(actions.resume(visible_batch(asking, batch_id), by=asking))


@router.post("/{batch_id}/cancel", response=CHANGED, summary="Cancel what waits in a batch", auth=needs(Scope.GENERATE))
@idempotent
def cancel_batch(request: HttpRequest, batch_id: UUID) -> BatchOut:
    """Cancel everything that was not sent, and release its money. What was sent goes on, and is charged."""
    asking = caller(request)
    batch = visible_batch(asking, batch_id)
    actions.cancel_waiting(batch, by=asking)
    return batch_out(Batch.objects.get(pk=batch.pk))


@router.post("/{batch_id}/retry", response=CHANGED, summary="Order the failed rows again", auth=needs(Scope.GENERATE))
@idempotent
def retry_batch(request: HttpRequest, batch_id: UUID) -> BatchOut:
    """Order again what failed or was refused, and nothing else. Money is set aside as when the batch was accepted. 409 `nothing_failed`."""
    asking = caller(request)
    return batch_out(actions.retry_failed(visible_batch(asking, batch_id), by=asking))


@router.get(
    "/{batch_id}/results",
    summary="What came of a batch",
    openapi_extra={
        "responses": {200: {"description": "The file", "content": {kind.partition(";")[0]: {} for kind in KINDS.values()}}},
    },
)
def batch_results(request: HttpRequest, batch_id: UUID, format: Literal["csv", "xlsx", "zip"] = "csv") -> HttpResponseBase:  # noqa: A002
    """Send the uploaded columns with each row's result, as CSV or XLSX, or a ZIP of all videos. At any time: what is done is in it."""
    batch = visible_batch(caller(request), batch_id)
    reply = results_in(format, batch, origin_of(request))
    reply["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file_name(batch.name, f".{format}"))
    return reply

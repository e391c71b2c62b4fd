"""Errors as the API shows them: `{"error": {"code", "message", "fields", "request_id"}}`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.urls import is_valid_path, resolve
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from delivery.database_trouble import is_passing
from delivery.request_ids import current_id
from generation.errors import BUSY_FOR_S, InvalidRequest, NotYet, PortalError, is_full_disk
from generation.messages import BUSY, FULL_DISK, PYDANTIC

__all__ = ["Failure", "answer_in_json", "error_response", "failure_of", "not_found", "register_errors", "shown"]

log = logging.getLogger("api.errors")

REFUSED = (RequestDataTooBig, MultiPartParserError, TooManyFieldsSent, TooManyFilesSent, UnreadablePostError, BadRequest)
CODES = {400: "bad_request", 401: "not_authenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a request was refused. /api/v1 and each dialect (`api.compat`) show it in their own shape."""

    status: int
    code: str
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def shown(failure: Failure) -> JsonResponse:
    """Return the failure in the shape of /api/v1."""
    response = error_response(failure.status, failure.code, failure.message, failure.fields)
    for name, value in failure.headers.items():
        response[name] = value
    return response


def error_response(status: int, code: str, message: str, fields: Mapping[str, str] | None = None) -> JsonResponse:
    """Return a refusal in the API's only shape; a 503 says when to try again."""
    error = {"code": code, "message": message, "fields": dict(fields or {}), "request_id": current_id()}
    response = JsonResponse({"error": error}, status=status)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = str(BUSY_FOR_S)
    return response


@csrf_exempt
def not_found(request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:  # noqa: ARG001 - a view
    """Answer requests for addresses that the API does not have; the answer names the address that only lacks the slash at the end."""
    meant = request.path.rstrip("/")
    if meant != request.path and is_valid_path(meant) and resolve(meant).func is not not_found:
        words = _("There is nothing at this address. Without the slash at its end: %(address)s")
        return error_response(404, "not_found", words % {"address": meant})
    return error_response(404, "not_found", _("There is nothing at this address."))


def answer_in_json(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Give the view's 405 the API's shape too."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            return response
        refusal = error_response(405, "method_not_allowed", _("This address does not take this method."))
        refusal["Allow"] = response["Allow"]
        return refusal

    return wrapped


def register_errors(api: NinjaAPI) -> None:
    """Set the answer for every error that an operation can raise."""

    def answer(request: HttpRequest, error: Any) -> HttpResponse:
        return shown(failure_of(request, error))

    for kind in (*REFUSED, PortalError, AuthenticationError, HttpError, Exception):
        api.add_exception_handler(kind, answer)
    api.add_exception_handler(ValidationError, _validation_error)
    api.add_exception_handler(Http404, not_found)


def failure_of(request: HttpRequest, error: BaseException | None) -> Failure:
    """Return the refusal for an error that a view raised. Unexpected errors are logged."""
    if isinstance(error, HttpError) and isinstance(error.__cause__, PortalError):  # ninja wraps what its parser raises
        error = error.__cause__
    match error:
        case PortalError():
            return _of_ours(error)
        case AuthenticationError():
            words = _("Send a valid token: “Authorization: Bearer vp_…”.")
            return Failure(status=401, code="not_authenticated", message=words, headers={"WWW-Authenticate": "Bearer"})
        case HttpError():
            return Failure(status=error.status_code, code=CODES.get(error.status_code, "error"), message=str(error))
        case Http404():
            return Failure(status=404, code="not_found", message=_("There is nothing at this address."))
        case RequestDataTooBig():
            return Failure(status=413, code="too_large", message=_("The request is too large."))
        case _ if isinstance(error, REFUSED):
            return Failure(status=400, code="bad_request", message=_("The upload is broken or incomplete. Send it again."))
    return _other(request, error)


def _of_ours(error: PortalError) -> Failure:
    fields = error.fields if isinstance(error, InvalidRequest) else {}
    again = isinstance(error, NotYet) or error.status == HTTPStatus.SERVICE_UNAVAILABLE
    headers = {"Retry-After": str(BUSY_FOR_S)} if again else {}
    return Failure(status=error.status, code=error.code, message=error.message, fields=fields, headers=headers)


def _other(request: HttpRequest, error: BaseException | None) -> Failure:
    """Return the refusal for a held lock, a full disk, or a fault of the portal."""
    if is_passing(request, error):
        return Failure(status=503, code="busy", message=str(BUSY), headers={"Retry-After": str(BUSY_FOR_S)})
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    if is_full_disk(error):
        return Failure(status=507, code="storage_full", message=str(FULL_DISK))
    return Failure(status=500, code="internal_error", message=_("Something went wrong here. It has been logged."))


def _validation_error(request: HttpRequest, error: Any) -> HttpResponse:
    if any(item["loc"][0] == "path" for item in error.errors):
        return not_found(request)
    fields = {}
    for item in error.errors[:100]:
        place = item["loc"]
        parts = place[2:] if place[:2] == ("body", "body") else place[1:]  # ninja's own: the source, and the name of the argument
        fields[".".join(str(part)[:60] for part in parts) or "body"] = _sentence(item)
    return error_response(422, "invalid_request", _("Some fields cannot be used as they are."), fields)


def _sentence(item: Mapping[str, Any]) -> str:
    template = PYDANTIC.get(item["type"])
    if item["type"] == "extra_forbidden":
        return _("There is no such field.")
    return str(template) % item.get("ctx", {}) if template else str(item["msg"]).removeprefix("Value error, ")

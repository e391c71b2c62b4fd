"""Errors as the API shows them: `{"error": {"code", "message", "fields", "request_id"}}`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
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

__all__ = ["answer_in_json", "error_response", "not_found", "other_error", "register_errors"]

log = logging.getLogger("api.errors")

CODES = {400: "bad_request", 401: "not_authenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}


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
    handlers: dict[type[Exception], Callable[..., HttpResponse]] = {
        PortalError: _portal_error,
        ValidationError: _validation_error,
        AuthenticationError: _authentication_error,
        HttpError: _http_error,
        Http404: not_found,
        RequestDataTooBig: _too_large,
        MultiPartParserError: _broken_upload,
        TooManyFieldsSent: _broken_upload,
        TooManyFilesSent: _broken_upload,
        UnreadablePostError: _broken_upload,
        Exception: other_error,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _portal_error(request: HttpRequest, error: PortalError) -> HttpResponse:  # noqa: ARG001
    fields = error.fields if isinstance(error, InvalidRequest) else {}
    response = error_response(error.status, error.code, error.message, fields)
    if isinstance(error, NotYet):
        response["Retry-After"] = str(BUSY_FOR_S)
    return response


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, PortalError):  # ninja wraps what its parser raises
        return _portal_error(request, error.__cause__)
    return error_response(error.status_code, CODES.get(error.status_code, "error"), str(error))


def _authentication_error(request: HttpRequest, error: AuthenticationError) -> HttpResponse:  # noqa: ARG001
    refusal = error_response(401, "not_authenticated", _("Send a valid token: “Authorization: Bearer vp_…”."))
    refusal["WWW-Authenticate"] = "Bearer"
    return refusal


def _too_large(request: HttpRequest, error: Exception) -> HttpResponse:  # noqa: ARG001
    return error_response(413, "too_large", _("The request is too large."))


def _broken_upload(request: HttpRequest, error: Exception) -> HttpResponse:  # noqa: ARG001
    return error_response(400, "bad_request", _("The upload is broken or incomplete. Send it again."))


def other_error(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """Answer what no rule expects: a lock that was held, a full disk, a fault of ours."""
    if is_passing(request, error):
        return error_response(503, "busy", str(BUSY))
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    if is_full_disk(error):
        return error_response(507, "storage_full", str(FULL_DISK))
    return error_response(500, "internal_error", _("Something went wrong here. It has been logged."))


def _validation_error(request: HttpRequest, error: ValidationError) -> HttpResponse:
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

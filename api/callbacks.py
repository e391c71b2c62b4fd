"""Where vendors call: one address per account. Requests have no token and no session, so the answers reveal nothing.

The key at the end of the address is checked first; a wrong key gets the same 404 as an unknown account. A body is small, strictly JSON
and names a task; the poll decides (docs/callbacks.md).
"""

from __future__ import annotations

import logging

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from api.strict_json import BadBody, read_strictly
from generation.polling.callbacks import handle_notice
from providers.accounts.callback_urls import calls_back, is_callback_key
from providers.accounts.clients import provider_for
from providers.accounts.sealing import SealBroken
from providers.core.callbacks import Callback, CallbackForged
from providers.models import ProviderAccount

__all__ = ["receive"]

log = logging.getLogger("api.callbacks")

MOST_BYTES = 64 * 1024


@csrf_exempt
@never_cache
def receive(request: HttpRequest, vendor: str, account_id: str, key: str) -> HttpResponse:
    """Answer 200 to every valid callback, also about unknown tasks; 503 if the vendor should send it again."""
    if not is_callback_key(vendor, account_id, key):
        return HttpResponse(status=404)
    try:
        account = ProviderAccount.objects.filter(pk=account_id, vendor=vendor).first()
        return _answer(request, account) if account is not None and calls_back(account) else HttpResponse(status=404)
    except (DatabaseError, SealBroken) as error:
        log.warning("a callback of %s could not be handled: %s", vendor, error)
        return HttpResponse(status=503)


def _answer(request: HttpRequest, account: ProviderAccount) -> HttpResponse:
    try:
        notice = provider_for(account).notice(_callback(request), timezone.now())
    except BadBody as error:
        return HttpResponse(status=error.status)
    except CallbackForged as error:
        log.warning("%s: %s If its webhook secret has changed, type it in again with the account.", account, error)
        return HttpResponse(status=403)
    handle_notice(account, notice)
    return JsonResponse(dict(notice.answer))


def _callback(request: HttpRequest) -> Callback:
    """Read what the vendor sent. Raises `BadBody`."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if request.method == "GET":
        return Callback(query=request.GET.dict(), headers=headers)
    if request.method != "POST":
        raise BadBody("Callbacks are sent by POST.", status=405)
    raw = _read(request)
    fields = read_strictly(raw)
    if not isinstance(fields, dict):
        raise BadBody("The body is not a JSON object.")
    return Callback(raw=raw, fields=fields, headers=headers)


def _read(request: HttpRequest) -> bytes:
    """Read the body up to the limit of a callback, also one in chunks without a length, which Django takes for empty."""
    is_chunked = not request.META.get("CONTENT_LENGTH") and request.META.get("wsgi.input_terminated")
    source = request.META["wsgi.input"] if is_chunked else request
    try:
        raw: bytes = source.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadBody("The body ended early.") from error
    if len(raw) > MOST_BYTES:
        raise BadBody("The body is too large for a callback.", status=413)
    return raw

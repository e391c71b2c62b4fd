"""/metrics: what the portal measures of itself, in the text that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from access.callers import Caller, caller_of
from access.rights import may
from access.scopes import Scope
from api.auth import BearerToken
from generation.errors import PortalError
from generation.models import LiveWorker
from web.measures import Measure, read_measures

__all__ = ["metrics"]


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer staff who are signed in, and tokens of staff with the scope `admin`. Others get 401, or the status of the token's refusal."""
    try:
        caller = _caller(request)
    except PortalError as refusal:
        return HttpResponse(f"{refusal}\n", status=refusal.status, content_type="text/plain; charset=utf-8")
    if caller is None or not may(caller, "see", LiveWorker):
        words = "Send the API token of an administrator, with the scope admin: Authorization: Bearer vp_...\n"
        return HttpResponse(words, status=401, content_type="text/plain; charset=utf-8", headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _caller(request: HttpRequest) -> Caller | None:
    """Return who asks. Raises `PortalError` for a token that works, but not for this."""
    if "Authorization" in request.headers:
        found: Caller | None = BearerToken(Scope.ADMIN)(request)
        return found
    return caller_of(request) if request.user.is_authenticated else None


class _Figures(Collector):
    def collect(self) -> Iterator[Metric]:
        for measure in read_measures().values():
            yield _family(measure)


def _family(measure: Measure) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"portal_{measure.name}", measure.says, labels=measure.labels)
    for labels, value in measure.values.items():
        family.add_metric(labels, value)
    return family

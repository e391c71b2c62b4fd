"""For load balancers and people on call: whether this process is alive and can work. `manage.py doctor` says more."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from generation.messages import stop_sentence
from generation.scheduling.stop_switch import current_stop
from web.health_checks import QUICK, CheckFailed

__all__ = ["answer_healthz", "readyz"]


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view
    """Answer that the process is alive, without asking anything else."""
    return JsonResponse({"status": "ok"})


def answer_healthz(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer /healthz, before any middleware that could refuse it: a load balancer sends another host name and speaks plain http."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return healthz(request) if request.path == "/healthz" else get_response(request)

    return middleware


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if requests can be served, otherwise 503. Only staff see which part fails and why nothing is sent."""
    results = {name: _result(check) for name, check in QUICK.items()}
    fit = set(results.values()) == {"ok"}
    answer: dict[str, object] = {"status": "ok" if fit else "unfit"}
    if results["database"] == "ok" and getattr(request.user, "is_staff", False):
        stop = current_stop()
        answer["parts"] = results
        answer["paid_submits"] = stop_sentence(stop) if stop else "ok"
    return JsonResponse(answer, status=200 if fit else 503)


def _result(check: Callable[[], str]) -> str:
    try:
        check()
    except CheckFailed as reason:
        return str(reason)
    return "ok"

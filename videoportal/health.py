"""For load balancers and people on call: is this process alive, and can it do its work. Probes only; `manage.py doctor` says more."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from uuid_utils.compat import uuid7

__all__ = ["PROBES", "Unfit", "healthz", "readyz"]


class Unfit(Exception):
    """Something that requests need does not work; the message says what."""


def database_answers() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        raise Unfit(f"The database does not answer: {error}") from error


def migrations_are_applied() -> None:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise Unfit(f"The database does not answer: {error}") from error
    if plan:
        raise Unfit(f"{len(plan)} migrations are not applied. Run: manage.py migrate")


def storage_keeps_files() -> None:
    """Write, read, delete one small file."""
    words = b"kept"
    try:
        name = default_storage.save(f"health/{uuid7()}.txt", ContentFile(words))
        with default_storage.open(name) as file:
            came_back = file.read()
        default_storage.delete(name)
    except OSError as error:
        raise Unfit(f"The media storage does not work: {error}") from error
    if came_back != words:
        raise Unfit("The media storage gave back other bytes than it was given.")


PROBES: Mapping[str, Callable[[], None]] = {
    "database": database_answers,
    "migrations": migrations_are_applied,
    "storage": storage_keeps_files,
}


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view
    """The process answers. Asks nobody else."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served, 503 otherwise. Which part fails is for staff only."""
    results = {name: _result(probe) for name, probe in PROBES.items()}
    fit = set(results.values()) == {"ok"}
    answer: dict[str, object] = {"status": "ok" if fit else "unfit"}
    if results["database"] == "ok" and getattr(request.user, "is_staff", False):
        answer["parts"] = results
    return JsonResponse(answer, status=200 if fit else 503)


def _result(probe: Callable[[], None]) -> str:
    try:
        probe()
    except Unfit as reason:
        return str(reason)
    return "ok"

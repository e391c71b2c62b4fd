"""What `python -m benchmarks api` and `tick` compare with: Django views that do the INSERTs and SELECTs of the API, or one SELECT, and
nothing else.

Served by the same web server on the same database as the portal (`benchmarks.bare_settings`). No authentication, no checks,
no document; the ORM, and JSON in and out.
"""

from __future__ import annotations

import json
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone

from access.ledger_models import Budget, Reservation
from access.models import ApiToken
from access.money import decimal
from api.models import SavedAnswer
from generation.models import GenerationTask, Prompt, TaskEvent

DIGEST = "0" * 64


def insert(request: HttpRequest) -> JsonResponse:
    """Store an order as `POST /api/v1/tasks` does, in one transaction: the task, the money that is set aside for it, and last, as it is
    locked, what the budget holds; with `key` also the answer that is kept.
    """
    body, now = json.loads(request.body), timezone.now()
    with transaction.atomic():
        prompt = Prompt.objects.create(owner_id=body["owner"], text=body["prompt"], source=Prompt.Source.API)
        task = GenerationTask.objects.create(
            owner_id=body["owner"],
            token_id=body["token"],
            prompt=prompt,
            model=body["model"],
            params=body["params"],
            inputs_given={},
            due_at=now,
            created_at=now,
            updated_at=now,
            idempotency_key=body["key"],
            request_digest=DIGEST if body["key"] else "",
            cost_estimated=decimal(body["cost"]),
            currency=settings.CURRENCY,
        )
        TaskEvent.objects.create(task=task, at=now, to_status=task.status)
        answer = {"id": str(task.pk), "status": task.status, "model": task.model, "prompt": prompt.text, "params": task.params}
        if body["key"]:
            facts = {"digest": DIGEST, "locked_until": now, "created_at": now, "http_status": 202, "body": json.dumps(answer).encode()}
            SavedAnswer.objects.create(owner_id=body["owner"], key=body["key"], **facts)
        price = {"tariff": body["tariff"], "currency": settings.CURRENCY, "rate": 1, "is_priced": True, "own_reserved": body["cost"]}
        names = {"model": body["model"], "vendor": body["model"].partition("/")[0], "token_line": body["token_line"]}
        Reservation.objects.create(task_id=task.pk, owner_id=body["owner"], at=now, day=now.date(), reserved=body["cost"], **names, **price)
        Budget.objects.filter(pk=body["budget"], held__lte=F("limit") - body["cost"]).update(held=F("held") + body["cost"])
    return _with_length(JsonResponse(answer, status=202))


def select(request: HttpRequest, token: str, task_id: UUID) -> JsonResponse:  # noqa: ARG001 - a view
    """Read what `GET /api/v1/tasks/{id}` reads: the token with its owner, the task with its prompt and account, its videos."""
    owner = ApiToken.objects.select_related("owner").get(public_id=token).owner
    task = GenerationTask.objects.select_related("prompt", "account", "team").get(pk=task_id)
    videos = [
        {"id": str(video.pk), "title": video.title, "duration_s": video.duration_s, "sha256": video.sha256} for video in task.videos.all()
    ]
    facts = {"id": str(task.pk), "owner": owner.pk, "status": task.status, "prompt": task.prompt.text, "videos": videos}
    return _with_length(JsonResponse(facts | {"model": task.model, "params": task.params, "created_at": task.created_at}))


def one(request: HttpRequest, pk: int) -> JsonResponse:  # noqa: ARG001 - a view
    """Read one row."""
    return _with_length(JsonResponse({"name": User.objects.get(pk=pk).username}))


def _with_length(response: JsonResponse) -> JsonResponse:
    """Say how long the answer is, as Django's middleware does, so that the connection is kept."""
    response["Content-Length"] = len(response.content)
    return response


urlpatterns = [path("tasks", insert), path("tasks/<str:token>/<uuid:task_id>", select), path("people/<int:pk>", one)]

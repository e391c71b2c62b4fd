"""An administrator's alias means a model wherever programs order: in the API and its estimates too."""

from __future__ import annotations

import pytest

from access.limits import Limits
from access.tokens import issue
from generation.models import GenerationTask, ModelAlias
from tests.api.conftest import Api

KLING = "kling/kling-v2-6"
FOX = {"model": "sora-2", "prompt": "a red fox"}


@pytest.fixture(autouse=True)
def alias(idle_account):
    return ModelAlias.objects.create(name="sora-2", model=KLING)


def test_the_api_orders_and_estimates_what_an_alias_means(api, alias):
    made = api.post("/tasks", FOX | {"model": "SORA-2"}, idempotency_key="k-1")
    again = api.post("/tasks", FOX | {"model": "SORA-2"}, idempotency_key="k-1")

    assert (made.status_code, made.json()["model"], again.json()["id"]) == (202, KLING, made.json()["id"])
    assert api.post("/estimate", {"model": "sora-2"}).json() == api.post("/estimate", {"model": KLING}).json()
    alias.delete()
    assert api.post("/estimate", {"model": "sora-2"}).status_code == 422
    assert GenerationTask.objects.count() == 1


def test_an_alias_wins_over_a_model_of_that_name_and_opens_no_model_to_a_token(api, user):
    ModelAlias.objects.create(name="kling/kling-v1", model=KLING)
    assert api.post("/tasks", FOX | {"model": "kling/kling-v1"}).json()["model"] == KLING

    limited = Api(issue(user, "other", limits=Limits(models_allowed=("vidu/viduq2",)))[1])
    assert limited.post("/tasks", FOX).json()["error"]["code"] == "model_not_allowed"

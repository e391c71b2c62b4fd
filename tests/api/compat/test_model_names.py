"""Which model a client means, by whatever name."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from access.callers import Caller
from access.limits import Limits
from access.tokens import issue
from api.compat.model_names import known_names, meant_model
from generation.errors import InvalidRequest
from generation.models import ModelAlias
from tests.cases import in_one_test

KLING = "kling/kling-v2-6"


@pytest.fixture
def asking(user: User, idle_account: object) -> Caller:
    return Caller(user=user, token=issue(user, "program")[0])


def alias(name: str, model: str) -> ModelAlias:
    return ModelAlias.objects.create(name=name, model=model)


@in_one_test(
    ("name", "model"),
    [
        ("kling/kling-v2-6", KLING),
        ("kling-v2-6", KLING),
        ("Kling-V2-6", KLING),
        ("cogvideox-3", "zhipu/cogvideox-3"),
        ("wan2.5-t2v-preview", "dashscope/wan2.5-t2v-preview"),
        ("kling-v1", "kling/kling-v1"),
    ],
)
def test_the_portals_and_the_vendors_own_names_are_known(asking, name, model):
    assert meant_model(name, dialect="any", by=asking).name == model


def test_an_alias_wins_over_a_model_of_that_name(asking):
    assert meant_model("sora-2", dialect="any", by=asking).retired
    alias("sora-2", KLING)

    assert meant_model("sora-2", dialect="any", by=asking).name == KLING
    assert meant_model("SORA-2", dialect="other", by=asking).name == KLING
    assert known_names(asking)["sora-2"].name == KLING


def test_without_a_name_the_dialects_alias_counts_then_its_usual_models(asking):
    usual = ("no/such-model", "zhipu/cogvideox-3", KLING)

    assert meant_model("", dialect="any", by=asking, usual=usual).name == KLING  # the first that an account offers
    alias("any", "kling/kling-v2-5-turbo")
    assert meant_model("", dialect="any", by=asking, usual=usual).name == "kling/kling-v2-5-turbo"


def test_a_refusal_lists_the_names_that_exist_for_this_token(user, asking):
    alias("old-name", KLING)
    alias("gone", "no/longer-there")
    one = Caller(user=user, token=issue(user, "one", limits=Limits(models_allowed=(KLING,)))[0])
    for name in ("no-such-model", "gone", ""):
        with pytest.raises(InvalidRequest) as refused:
            meant_model(name, dialect="any", by=one)
        assert refused.value.code == "unknown_model"
        assert "old-name, kling/kling-v2-6" in refused.value.message.replace(": ", ", ")
        assert "turbo" not in refused.value.message
    assert set(known_names(one)) == {"old-name", KLING}

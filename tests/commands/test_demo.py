"""`make demo`: what it asks for."""

from __future__ import annotations

import pytest

from api.v1.schemas import model_out
from providers.vendors import ALL_MODELS
from tools.demo import wishes


@pytest.fixture
def models() -> list[dict]:
    """As the API lists them where every model can be had."""
    return [model_out(spec, spec.provider, available=True, price=None).model_dump(mode="json") for spec in ALL_MODELS.values()]


def test_every_model_that_can_be_had_is_asked_for_also_a_retired_one(models):
    assert {wish.model for wish in wishes(models)} == set(ALL_MODELS)


def test_model_that_cannot_be_had_is_left_out(models):
    gone = models[0]["name"]
    models[0]["available"] = False

    assert {wish.model for wish in wishes(models)} == set(ALL_MODELS) - {gone}


def test_each_vendor_with_images_of_ones_choice_shows_one(models):
    beside = {wish.model.partition("/")[0] for wish in wishes(models) if wish.slots and not ALL_MODELS[wish.model].needed_slots}

    assert beside == {spec.provider for spec in ALL_MODELS.values() if spec.slots and not spec.needed_slots and not spec.retired}

"""`make demo`: what it asks for."""

from __future__ import annotations

import pytest

from api.v1.schemas import model_out
from providers.vendors import ALL_MODELS
from tools.demo import video_orders


@pytest.fixture
def models() -> list[dict]:
    """Return the models as the API lists them where every model is available."""
    return [model_out(spec, spec.provider, available=True, tariff=None).model_dump(mode="json") for spec in ALL_MODELS.values()]


def test_every_available_model_is_ordered_also_a_retired_one(models):
    assert {order.model for order in video_orders(models)} == set(ALL_MODELS)


def test_unavailable_model_is_left_out(models):
    gone = models[0]["name"]
    models[0]["available"] = False

    assert {order.model for order in video_orders(models)} == set(ALL_MODELS) - {gone}


def test_each_vendor_with_optional_images_shows_one(models):
    beside = {order.model.partition("/")[0] for order in video_orders(models) if order.slots and not ALL_MODELS[order.model].needed_slots}

    assert beside == {spec.provider for spec in ALL_MODELS.values() if spec.slots and not spec.needed_slots and not spec.retired}

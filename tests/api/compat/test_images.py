"""Images of clients become assets, however they are sent."""

from __future__ import annotations

import base64

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from access.callers import Caller
from api.compat.dialect import Call
from api.compat.images import asset_of, in_slots
from generation.errors import InvalidRequest
from generation.models import Asset
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.pictures import picture


@pytest.fixture
def call(user):
    return Call(request=RequestFactory().post("/"), dialect="any", caller=Caller(user=user))


def test_a_data_url_base64_and_an_upload_of_one_picture_are_one_asset(call):
    content = picture((640, 640)).getvalue()
    plain = base64.b64encode(content).decode()
    sent = [f"data:image/png;base64,{plain}", plain, SimpleUploadedFile("ref.png", content)]

    assert {asset_of(call, one, at="image").pk for one in sent} == {Asset.objects.get().pk}


@in_one_test("image", ["not base64!", "data:image/png;base64,AAAA", "ftp://host/a.png", 7, ["a"], {"url": "x"}, "http://127.0.0.1/a.png"])
def test_what_is_no_image_is_refused_by_the_clients_own_field(call, image):
    with pytest.raises(InvalidRequest) as refused:
        asset_of(call, image, at="image_url")

    assert list(refused.value.fields) == ["image_url"]
    assert not Asset.objects.exists()


def test_a_lone_image_goes_where_the_model_takes_one(call):
    image = asset_of(call, base64.b64encode(picture((640, 640)).getvalue()).decode(), at="image")
    references_only, frames = ALL_MODELS["zhipu/vidu2-reference"], ALL_MODELS["zhipu/cogvideox-3"]

    assert in_slots(references_only, {"first_frame": [image]}) == {"references": [image]}
    assert in_slots(frames, {"references": [image], "last_frame": []}) == {"first_frame": [image]}
    assert in_slots(frames, {"first_frame": [image], "last_frame": [image]}).keys() == {"first_frame", "last_frame"}

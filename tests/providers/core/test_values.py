"""Values of providers/core: replies, requests, catalog."""

from typing import Literal

import pytest
from pydantic import ValidationError

from providers.core.catalog import InputConflict, Params
from providers.core.errors import UnexpectedReply
from providers.core.types import InputFile, WireReply, WireRequest
from providers.vendors.kling.classic.options import Shot
from tests.cases import in_one_test
from tests.providers.core.toy_vendor import SPEC


class Numbers(Params):
    length: Literal[1, 5] = 5
    perhaps: Literal[1, 5] | None = None
    seed: int | None = None
    scale: float = 1.0
    sound: Literal[True] = True


@in_one_test("name", ["length", "perhaps", "seed", "scale"])
def test_true_is_no_number(name):
    with pytest.raises(ValidationError):
        Numbers.model_validate({name: True})
    with pytest.raises(ValidationError):
        Shot.model_validate({"duration_s": True, "prompt": "x"})

    assert Numbers.model_validate({name: 1, "sound": True}).model_dump()[name] == 1


@in_one_test(
    ("name", "text", "number"),
    [
        *(("length", text, 5) for text in ("5", "5.0", "5.00")),
        *(("perhaps", "1", 1), ("seed", "-7", -7), ("seed", "0", 0), ("seed", "123456789012345678", 123456789012345678)),
        *(("scale", text, float(text)) for text in ("0.5", "-1", "2.250", "0")),
    ],
)
def test_a_number_may_be_given_as_text_that_is_exact(name, text, number):
    read = getattr(Numbers.model_validate({name: text}), name)

    assert (read, type(read)) == (number, type(number))
    assert Shot.model_validate({"duration_s": "5", "prompt": "5"}) == Shot(duration_s=5, prompt="5")


@in_one_test("text", [" 5", "5 ", "+5", "1_0", "1e3", "0x10", "５", "٥", "", "5.", ".5", "--5", "5\n", "nan", "inf", "true", "9" * 5_000])
def test_text_that_is_no_exact_number_is_refused(text):
    for name in ("length", "perhaps", "seed", "scale"):
        with pytest.raises(ValidationError):
            Numbers.model_validate({name: text})


@in_one_test(("name", "text"), [("length", "5.5"), ("length", "2"), ("seed", "0.1"), ("sound", "1")])
def test_text_is_no_number_that_the_field_does_not_take(name, text):
    with pytest.raises(ValidationError):
        Numbers.model_validate({name: text})


@in_one_test("body", [b"", b"<html>", b"[]", b'"x"', b"\xff\xfe", b"{" * 90_000, b"9" * 5_000])
def test_reply_without_an_object_is_unexpected(body):
    with pytest.raises(UnexpectedReply):
        WireReply(status=200, body=body).data()


def test_numbers_that_json_does_not_have_become_none():
    assert WireReply(status=200, body=b'{"a": NaN, "b": [-Infinity, 1e999], "c": 1.5}').data() == {"a": None, "b": [None, None], "c": 1.5}


def test_reply_part_is_unexpected_when_missing_or_of_another_kind():
    reply = WireReply(status=200, body=b'{"a": {"b": 1}, "c": []}')

    assert reply.part("a") == {"b": 1}
    for name in ("c", "d"):
        with pytest.raises(UnexpectedReply):
            reply.part(name)


def test_headers_are_added_with_dashes():
    request = WireRequest(method="GET", path="/", headers={"A": "1"}).with_headers(X_Do_It="yes")

    assert request.headers == {"A": "1", "X-Do-It": "yes"}


def test_image_bytes_stay_out_of_reprs():
    assert "pixels" not in repr(InputFile(slot="first_frame", content=b"pixels", content_type="image/png", width_px=1, height_px=1))


def test_params_refuse_what_they_do_not_know():
    with pytest.raises(ValidationError):
        Params(colour="red")


def test_params_have_no_input_rules_by_default():
    assert Params().check_inputs({"first_frame": 1}) is None
    assert isinstance(InputConflict("mode", "no"), ValueError)


def test_model_is_named_after_its_provider():
    assert (SPEC.name, SPEC.slot("first_frame")) == ("toy/toy-1", None)

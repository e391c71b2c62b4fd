"""The request of the web process: what Django reads before any view or middleware breaks nothing."""

from __future__ import annotations

import io

import pytest
from django.core.exceptions import TooManyFieldsSent

from tests.cases import in_one_test
from videoportal.requests import Request


def request_with(content_type: str, query: str = "wait=%31") -> Request:
    return Request(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/v1/videos",
            "QUERY_STRING": query,
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": "8",
            "wsgi.input": io.BytesIO(b"prompt=a"),
        }
    )


@in_one_test(
    "kind", ["text/plain; name*=nowhere''a", "application/json; charset=hex", "application/json; charset=idna", "; charset=undefined"]
)
def test_a_content_type_that_cannot_be_read_counts_as_missing(kind):
    request = request_with(kind)

    assert (request.content_type, request.content_params) == ("", {})
    assert request.GET["wait"] == "1"
    assert not request.POST


def test_too_many_parameters_are_refused_by_whoever_reads_them():
    request = request_with("application/json; charset=utf-8", "&".join(f"a{number}=1" for number in range(4_000)))

    with pytest.raises(TooManyFieldsSent):
        request.GET.get("wait")


def test_any_other_content_type_is_read_as_django_reads_it():
    assert request_with("application/json; charset=UTF-16").encoding == "UTF-16"
    assert request_with("application/x-www-form-urlencoded").POST["prompt"] == "a"
    assert request_with("").content_type == ""

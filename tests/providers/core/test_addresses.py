"""Public addresses as values: which texts are one. Nothing is opened."""

import pytest
from pydantic import BaseModel, ValidationError

from providers.core.addresses import MAX_ADDRESS_CHARS, NOT_PUBLIC, Address, OptionalAddress
from tests.cases import in_one_test


class Clips(BaseModel):
    clips: tuple[Address, ...] = ()
    sound: OptionalAddress = ""


@in_one_test(
    "address",
    [
        "https://files.example/walk.mp4",
        "http://files.example:8080/a%20b.mp4?sig=x&e=1#t",
        "https://8.8.8.8/a.mp4",
        "https://[2606:4700::1111]/a.mp4",
        "https://文件.example/片段.mp4",
    ],
)
def test_public_address_is_taken_as_it_is(address):
    assert Clips(clips=(address,), sound=address).clips == (address,)


@in_one_test(
    "address",
    [
        "files.example/walk.mp4",
        "ftp://files.example/a.mp4",
        "file:///etc/passwd",
        "data:video/mp4;base64,AAAA",
        "https://",
        "https:///a.mp4",
        "https://localhost/a.mp4",
        "https://nas/a.mp4",
        "https://nas.local/a.mp4",
        "https://files..example/a.mp4",
        "https://127.0.0.0x1/a.mp4",
        "https://[2606:4700::1111%25eth0]/a.mp4",
        "https://10.0.0.1/a.mp4",
        "https://127.0.0.1/a.mp4",
        "https://169.254.169.254/latest",
        "https://1.2.3/a.mp4",
        "https://[::1]/a.mp4",
        "https://[::1/a.mp4",
        "https://files.example:port/a.mp4",
        "https://lin:secret@files.example/a.mp4",
        "https://files.example/a b.mp4",
        "https://files.example/a\nb.mp4",
    ],
)
def test_anything_else_is_refused_and_the_item_is_named(address):
    with pytest.raises(ValidationError) as refused:
        Clips(clips=("https://files.example/a.mp4", address))

    assert [(error["loc"], error["msg"]) for error in refused.value.errors()] == [(("clips", 1), f"Value error, {NOT_PUBLIC}")]


def test_address_has_a_longest():
    longest = "https://files.example/".ljust(MAX_ADDRESS_CHARS, "a")

    assert Clips(sound=longest).sound == longest
    with pytest.raises(ValidationError):
        Clips(sound=f"{longest}a")


def test_nothing_is_taken_where_an_address_may_be_left_out():
    assert Clips(sound="").sound == ""
    with pytest.raises(ValidationError):
        Clips(clips=("",))

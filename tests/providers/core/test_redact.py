"""What is stored or logged holds no secret and no bulk."""

import base64
import json
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.core.redact import SHORTEST, Mask, redact, redact_url
from tests.cases import in_one_test


def test_secrets_are_masked_at_any_depth():
    assert redact({"a": ["x s3cret y", {"b": "s3cret"}], "n": 5, "z": None}, ["s3cret", ""]) == {
        "a": ["x ••• y", {"b": "•••"}],
        "n": 5,
        "z": None,
    }


def test_secret_headers_are_masked_by_name():
    assert redact({"Authorization": "Bearer abc", "Accept": "x"}) == {"Authorization": "•••", "Accept": "x"}


def test_signed_tokens_are_masked_wherever_they_stand():
    assert redact("got eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln instead") == "got ••• instead"


def test_base64_is_replaced_by_its_length():
    assert redact("iVBORw0KGgo+/" * 100) == "<1300 characters left out>"
    assert redact("data:image/png;base64," + "A" * 1000) == "<1022 characters left out>"


def test_long_json_without_spaces_is_kept_as_evidence():
    text = '{"code":0,"message":"SUCCEED","data":"' + "a" * 600 + '"}'

    assert redact(text) == text


def test_very_long_text_is_cut():
    assert redact("word " * 1_000) == ("word " * 800) + "… (5000 characters)"


def test_url_loses_query_and_password():
    assert redact_url("https://u:p@h.example:8443/a/b?sig=1#x") == "https://h.example:8443/a/b"


def test_invalid_urls_are_redacted_without_an_error():
    assert redact_url("http://h.example:99999/a?sig=1") == "http://h.example:99999/a"
    assert redact_url("http://[::1/a?sig=1") == "•••"


KEY = "sk-Ab9xQ2mZ7kLw0RtY5uVn8sPe"
SPELLINGS = {
    "plain": KEY,
    "lower case": KEY.lower(),
    "upper case": KEY.upper(),
    "hex": KEY.encode().hex(),
    "base64": base64.b64encode(KEY.encode()).decode(),
    "base64 of a name and the key": base64.b64encode(f"ab:{KEY}".encode()).decode(),
    "base64 for addresses": base64.urlsafe_b64encode(f"a:{KEY}?~>".encode()).decode(),
    "percent": "".join(f"%{ord(letter):02X}" for letter in KEY),
    "JSON escapes": "".join(f"\\u{ord(letter):04x}" for letter in KEY),
    "HTML escapes": "".join(f"&#{ord(letter)};" for letter in KEY),
    "its beginning": KEY[:14],
    "its end": KEY[-14:],
    "its middle, changed": KEY[5:20].swapcase(),
}


@in_one_test("written", SPELLINGS.values())
def test_secret_is_covered_however_it_is_written(written):
    """Vendors quote keys in ids, states and errors, and proxies in whatever encoding."""
    body = Mask([KEY]).covered(f'{{"message": "bad key {written} !", "id": "7"}}'.encode()).decode()

    shown = json.loads(body)
    assert (shown["id"], shown["message"][:8], shown["message"][-2:]) == ("7", "bad key ", " !")
    assert "•••" in shown["message"]
    for form in (KEY.lower(), base64.b64encode(KEY.encode()).decode().lower(), KEY.encode().hex()):
        assert not any(form[at : at + SHORTEST] in unquote(shown["message"]).lower() for at in range(len(form) - SHORTEST + 1))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_secret_is_covered_in_json_of_other_encodings(encoding):
    masked = Mask([KEY]).covered(json.dumps({"id": KEY}).encode(encoding))

    assert KEY.encode() not in masked.replace(b"\0", b"")


def test_all_of_a_texts_secrets_are_covered_and_nothing_else():
    masked = Mask([KEY, "AKIA0123456789abcdef"]).covered(f"a {KEY}{KEY} b AKIA0123456789ABCDEF c".encode())

    assert masked.decode().replace("•", "") == "a  b  c"


@given(st.binary(max_size=300))
def test_answer_without_secrets_is_left_as_it_came(body):
    assert Mask([KEY]).covered(body, sent=(f"Bearer {KEY}",)) == body


@pytest.mark.parametrize(
    "body",
    [
        b'{"video_url": "https://v3.jimeng.jianying.com/x/%E4%BD%A0?a=%2F&amp;b=\\u4f60"}',
        b'{"id": "sk-Ab9xQ2mZ", "other": "Ab9xQ2mZ7kL"}',
        b'{"id": "short"}',
        b'{"id": "task-00000000000000000000-7"}',
    ],
)
def test_what_only_resembles_a_secret_is_left_as_it_came(body):
    """A host name in a cookie is in its vendor's addresses too; a broken address would lose a paid render."""
    assert Mask([KEY, "sid-00000000000000000000", "sessionid=x; Domain=.jimeng.jianying.com", "short"]).covered(body) == body


def test_what_was_sent_is_covered():
    token = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhIiwiZXhwIjoxfQ.c2lnbmF0dXJlLW9mLWl0"

    assert Mask([]).covered(f'{{"echo": "{token.upper()}"}}'.encode(), sent=[token]) == '{"echo": "•••"}'.encode()

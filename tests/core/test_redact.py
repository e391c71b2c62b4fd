"""What is stored or logged holds no secret and no bulk."""

from providers.core.redact import redact, redact_url


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


def test_urls_that_are_none_end_no_request():
    assert redact_url("http://h.example:99999/a?sig=1") == "http://h.example:99999/a"
    assert redact_url("http://[::1/a?sig=1") == "•••"

"""What callbacks prove and name, and which address a vendor gets for them, by table and without a socket."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from providers.core.base import Options
from providers.core.callbacks import Callback, CallbackForged, Notice
from providers.core.client import Transcript, converse
from providers.core.errors import InvalidParams, Unsupported
from providers.vendors import PROVIDERS
from providers.vendors.kling.callbacks import is_signed
from tests.cases import in_one_test
from tests.providers.vendors.vendor_samples import NOON, make_provider, make_request, reply_of

URL = "https://portal.example/callbacks/x/0192/k3y-that-nobody-guesses"
CALLING = [
    ("kling", "official-jwt", "kling/kling-v2-5-turbo"),
    ("kling", "official-key", "kling/kling-v2-5-turbo"),
    ("kling", "official-key", "kling/kling-3.0"),
    ("ark", "volcengine", "ark/doubao-seedance-1-0-pro-250528"),
    ("ark", "byteplus", "ark/doubao-seedance-1-0-pro-250528"),
    ("minimax", "china", "minimax/MiniMax-Hailuo-02"),
    ("minimax", "global", "minimax/MiniMax-H3"),
    ("vidu", "mainland", "vidu/viduq3-turbo"),
    ("vidu", "abroad", "vidu/viduq2-pro"),
    ("openrouter", "openrouter", "openrouter/google/veo-3.1"),
]


def called(fields, **more):
    return Callback(raw=json.dumps(fields).encode(), fields=fields, **more)


def bound(vendor, surface, url):
    plain = make_provider(vendor, surface)
    return type(plain)(Options(**{**plain.options.model_dump(), "callback_url": url}))


# the address that the vendor gets


def sent(provider, model):
    """The submit as it goes out, and as it is kept for evidence."""
    transcript = Transcript()
    request = next(converse(provider, provider.submit(make_request(model)), clock=lambda: NOON, transcript=transcript))
    return request.json, transcript.request["json"]


def addresses(body):
    """Every `callback_url`, wherever in the body."""
    inner = [found for value in body.values() if isinstance(value, dict) for found in addresses(value)]
    return [body["callback_url"], *inner] if "callback_url" in body else inner


@in_one_test(("vendor", "surface", "model"), CALLING)
def test_the_address_goes_with_the_submit_and_its_secret_not_into_the_evidence(vendor, surface, model):
    body, kept = sent(bound(vendor, surface, URL), model)

    assert addresses(body) == [URL]
    assert addresses(kept) == ["https://portal.example/callbacks/x/0192/•••"]


@in_one_test(("vendor", "surface", "model"), CALLING)
def test_no_callback_field_is_sent_without_an_address(vendor, surface, model):
    body, _ = sent(make_provider(vendor, surface), model)

    assert "callback" not in json.dumps(body)


def test_a_vendor_that_quotes_the_address_gives_no_secret_away():
    talk = converse(account := bound("ark", "volcengine", URL), account.submit(make_request(CALLING[3][2])), clock=lambda: NOON)
    next(talk)
    words = {"error": {"code": "InvalidParameter", "message": f"callback_url {URL} is odd", "type": "BadRequest"}}

    with pytest.raises(InvalidParams) as refused:
        talk.send(reply_of(words, 400))

    assert "https://portal.example/callbacks/x/0192/•••" in str(refused.value)
    assert "k3y" not in str(refused.value)


def test_these_surfaces_call_back_and_no_others():
    found = {(slug, surface.slug) for slug, provider in PROVIDERS.items() for surface in provider.surfaces.values() if surface.calls_back}

    assert found == {(vendor, surface) for vendor, surface, _ in CALLING}


def test_a_vendor_that_never_calls_says_so():
    with pytest.raises(Unsupported):
        make_provider("zhipu").notice(Callback(), NOON)


# what a callback names


def notice(vendor, callback, **keys):
    return make_provider(vendor, "official-key" if vendor == "kling" else "", **keys).notice(callback, NOON)


KLING_CLASSIC = {
    "task_id": "83",
    "task_status": "succeed",
    "task_info": {"parent_video": {"id": "", "url": "", "duration": ""}, "external_task_id": "vp-1"},
    "task_result": {"videos": []},
}


@in_one_test(
    ("vendor", "fields", "expected"),
    [
        ("kling", KLING_CLASSIC, Notice(submission_id="83", reference="vp-1")),
        ("kling", {"id": "89", "status": "processing", "external_id": "vp-1"}, Notice(submission_id="89", reference="vp-1")),
        ("kling", {"id": "89", "status": "submitted", "external_id": "", "outputs": []}, Notice(submission_id="89")),
        ("kling", {"status": "submitted", "outputs": []}, Notice()),
        ("kling", {"task_id": 83, "task_info": []}, Notice(submission_id="83")),
        ("ark", {"id": "cgt-1", "status": "succeeded"}, Notice(submission_id="cgt-1")),
        ("ark", {"task_id": "cgt-1"}, Notice()),
        ("minimax", {"task_id": "17", "status": "success"}, Notice(submission_id="17")),
        ("minimax", {"task": {"id": "27", "status": "succeeded"}}, Notice(submission_id="27")),
        ("minimax", {"task": ["27"]}, Notice()),
        ("minimax", {"challenge": "abc"}, Notice(answer={"challenge": "abc"})),
        ("minimax", {"challenge": 7, "task_id": "17"}, Notice(answer={"challenge": 7})),
        ("minimax", {"challenge": ["abc"], "task_id": "17"}, Notice(submission_id="17")),
    ],
)
def test_a_callback_names_its_task_and_nothing_else_counts(vendor, fields, expected):
    assert notice(vendor, called(fields)) == expected


def test_a_challenge_may_be_in_the_address():
    assert notice("minimax", Callback(query={"challenge": "abc"})) == Notice(answer={"challenge": "abc"})


@in_one_test("name", ["", " ", "a b", "a\x00b", "\ud800", "雪", "x" * 201, 0, -1, 10**20, True, None, [], {}, 1.5])
@in_one_test(("vendor", "field"), [("kling", "id"), ("ark", "id"), ("minimax", "task_id")])
def test_what_cannot_be_an_id_is_none(vendor, field, name):
    assert notice(vendor, Callback(fields={field: name})) == Notice()


# Kling's signature; the first case is the vector that the vendor publishes

SECRET = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="
BODY = b'{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151}'
SIGNATURE = "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4="
SENT = datetime.fromtimestamp(1781080794, UTC)
HEADERS = {"webhook-id": "9876543210", "webhook-timestamp": "1781080794", "webhook-signature": SIGNATURE}


def test_published_signature_holds():
    assert is_signed(SECRET, HEADERS, BODY, SENT) is True


@pytest.mark.parametrize(
    "headers",
    [
        {name.title(): value for name, value in HEADERS.items()},
        HEADERS | {"webhook-signature": f"v1,b2xk {SIGNATURE}"},
    ],
)
def test_signature_holds_in_other_case_and_beside_the_old_one(headers):
    assert is_signed(SECRET, headers, BODY, SENT) is True


@pytest.mark.parametrize(("late_s", "holds"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_signature_holds_for_five_minutes(late_s, holds):
    assert is_signed(SECRET, HEADERS, BODY, SENT + timedelta(seconds=late_s)) is holds


@in_one_test(
    ("secret", "headers", "body"),
    [
        (SECRET, HEADERS, BODY + b" "),
        (SECRET, HEADERS | {"webhook-id": "1"}, BODY),
        (SECRET, HEADERS | {"webhook-timestamp": "1781080795"}, BODY),
        (SECRET, HEADERS | {"webhook-timestamp": "soon"}, BODY),
        (SECRET, HEADERS | {"webhook-timestamp": "¹"}, BODY),
        (SECRET, HEADERS | {"webhook-timestamp": "9" * 5000}, BODY),
        (SECRET, HEADERS | {"webhook-id": "\udcff"}, BODY),
        (SECRET, HEADERS | {"webhook-signature": ""}, BODY),
        (SECRET, HEADERS | {"webhook-signature": SIGNATURE.removeprefix("v1,")}, BODY),
        (SECRET, HEADERS | {"webhook-signature": "v1,é"}, BODY),
        (SECRET, {}, BODY),
        ("whsec_b3RoZXI=", HEADERS, BODY),
        ("whsec_", HEADERS, BODY),
        ("whsec_no base64", HEADERS, BODY),
    ],
)
def test_signature_fails_for_anything_else(secret, headers, body):
    assert is_signed(secret, headers, body, SENT) is False


def signed(at, **changes):
    return Callback(**{"raw": BODY, "fields": json.loads(BODY), "headers": HEADERS} | changes), at


@pytest.mark.parametrize("surface", ["official-jwt", "official-key"])
def test_a_stored_secret_makes_the_signature_required(surface):
    callback, at = signed(SENT)
    account = make_provider("kling", surface, webhook_secret=SECRET)

    assert account.notice(callback, at) == Notice(submission_id="1234567890")
    for bad in (Callback(raw=BODY, fields=callback.fields), signed(SENT, raw=BODY + b" ")[0]):
        with pytest.raises(CallbackForged):
            account.notice(bad, at)
    with pytest.raises(CallbackForged):
        account.notice(callback, SENT + timedelta(seconds=301))


def test_a_signature_is_not_looked_at_without_a_secret():
    callback, at = signed(SENT, headers={"webhook-signature": "v1,b2xk"})

    assert make_provider("kling").notice(callback, at) == Notice(submission_id="1234567890")

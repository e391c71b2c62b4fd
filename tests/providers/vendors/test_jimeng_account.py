"""Whom we are to Jimeng's web site: the cookie, the sign of a request, and what the account has left."""

import hashlib
import json
from decimal import Decimal

import pytest

from providers.core.errors import AuthenticationFailed, Refused, UnexpectedReply
from providers.core.types import Balance, WireRequest
from tests.providers.vendors.jimeng_answers import answer, refusal
from tests.providers.vendors.vendor_samples import NOON, make_provider, make_request, outcome, reply_of

OLD = "jimeng/jimeng-video-2.0"
MODELS = ("jimeng-video-2.0", "jimeng-video-3.0", "jimeng-video-3.0-pro")
COOKIE = "sessionid=sim-session-000000000000; uid=7"
MOMENT = str(int(NOON.timestamp()))


def check_account(body, status=200):
    jimeng = make_provider("jimeng")
    return outcome(jimeng, jimeng.check_account(), reply_of(body, status))


def test_account_check_reports_the_credits():
    jimeng = make_provider("jimeng")
    request = next(jimeng.check_account())
    credit = {"gift_credit": 60, "purchase_credit": 0, "vip_credit": 100}

    assert (request.method, request.path, request.query, request.billable) == ("POST", "commerce/v1/benefits/user_credit", {}, False)
    assert jimeng.sign(request, NOON).headers["referer"] == "https://jimeng.jianying.com/ai-tool/image/generate"
    for body in ({"credit": credit}, credit):
        assert check_account(answer(body)) is None
        assert outcome(jimeng, jimeng.balance(NOON), reply_of(answer(body))) == Balance(amount=Decimal(160), unit="credits")


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (refusal("1015"), 200, AuthenticationFailed),
        (b"<html>", 404, Refused),
        (b"<html>", 200, UnexpectedReply),
        (answer({"credit": {"gift_credit": "many"}}), 200, UnexpectedReply),
    ],
)
def test_bad_account_is_recognised(body, status, kind):
    assert type(check_account(body, status)) is kind


def test_request_looks_like_the_pages_and_is_signed_for_its_path_and_second():
    signed = make_provider("jimeng").sign(WireRequest(method="POST", path="mweb/v1/generate_video"), NOON)

    expected = hashlib.md5(f"9e2c|e_video|7|8.4.0|{MOMENT}||11ac".encode(), usedforsecurity=False).hexdigest()
    assert (signed.headers["sign"], signed.headers["sign-ver"], signed.headers["device-time"]) == (expected, "1", MOMENT)
    assert (signed.headers["cookie"], signed.headers["appid"], signed.headers["pf"]) == (COOKIE, "513695", "7")


def test_sign_can_be_a_captured_one_or_left_out():
    request = WireRequest(method="POST", path="mweb/v1/generate_video")

    captured, left_out = (make_provider("jimeng", sign=sign).sign(request, NOON).headers for sign in ("0123456789abcdef" * 2, "none"))

    assert (captured["sign"], captured["device-time"]) == ("0123456789abcdef" * 2, MOMENT)
    assert not {"sign", "sign-ver"} & left_out.keys()


@pytest.mark.parametrize("sign", ["", "static", "0123"])
def test_sign_of_no_meaning_sends_nothing(sign):
    jimeng = make_provider("jimeng", sign=sign)

    assert type(outcome(jimeng, jimeng.submit(make_request(OLD)))) is AuthenticationFailed


def test_bare_session_is_sent_as_a_cookie():
    signed = make_provider("jimeng", cookie="0123456789abcdef").sign(WireRequest(method="POST", path="x"), NOON)

    assert signed.headers["cookie"] == "sessionid=0123456789abcdef"


def test_accounts_own_versions_and_names_are_sent():
    names = {"jimeng-video-3.0": "dreamina_next:next_benefit", "jimeng-video-3.0-pro": "dreamina_pro"}
    newer = make_provider("jimeng", names=names, app_version="8.5.0", app_id="600000", web_version="7.6", draft_version="3.4.0")

    older, first, second = (next(newer.submit(make_request(f"jimeng/{model}"))) for model in MODELS)
    signed = newer.sign(WireRequest(method="POST", path="mweb/v1/generate_video"), NOON).headers

    expected = hashlib.md5(f"9e2c|e_video|7|8.5.0|{MOMENT}||11ac".encode(), usedforsecurity=False).hexdigest()
    assert (signed["appvr"], signed["appid"], signed["sign"]) == ("8.5.0", "600000", expected)
    assert (older.query, older.json["http_common_info"]) == ({"aid": 600000}, {"aid": 600000})
    assert [first.query[name] for name in ("aid", "web_version", "da_version")] == [600000, "7.6", "3.4.0"]
    assert json.loads(first.json["draft_content"])["version"] == "3.4.0"
    assert [
        (said.json["extend"]["root_model"], said.json["extend"]["m_video_commerce_info"]["benefit_type"]) for said in (first, second)
    ] == [
        ("dreamina_next", "next_benefit"),
        ("dreamina_pro", "basic_video_operation_vgfm_v_three_pro"),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("app_version", "newest"),
        ("web_version", "7"),
        ("draft_version", "3.3.9; x"),
        ("app_id", "five"),
    ],
)
def test_setting_without_a_meaning_sends_nothing_and_is_named_by_the_account_check(name, value):
    jimeng = make_provider("jimeng", **{name: value})

    for exchange in (jimeng.submit(make_request(OLD)), jimeng.check_account()):
        error = outcome(jimeng, exchange)
        assert type(error) is AuthenticationFailed
        assert name.replace("_", " ").replace("app id", "app number") in error.message


def test_values_of_the_cookie_are_secret_each():
    assert make_provider("jimeng").secrets == (COOKIE, "sim-session-000000000000")


def test_every_label_says_that_it_is_unofficial():
    jimeng = make_provider("jimeng")
    labels = [jimeng.label, *(spec.label for spec in jimeng.models.values()), *(surface.label for surface in jimeng.surfaces.values())]

    assert all("unofficial" in label for label in labels)


def test_images_and_cancelling_are_not_offered():
    jimeng = make_provider("jimeng")

    assert [spec.slots for spec in jimeng.models.values()] == [()] * 10
    assert jimeng.can_cancel is False

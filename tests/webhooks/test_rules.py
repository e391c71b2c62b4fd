"""The rules that know no rows: when it is tried again, how long an endpoint rests, what may be an address, what chats are sent."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import settings as fuzzing
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from events.models import Event
from generation.errors import InvalidRequest
from generation.models import GenerationTask, Video
from providers.core.types import WireReply
from tests.cases import LETTERS, in_one_test
from tests.providers.core.test_network import INTERNAL, METADATA, connected  # noqa: F401 - a fixture
from webhooks import secrets
from webhooks.addresses import check_address, origin_of_url, shown
from webhooks.catalog import ALERTS, OUTBOX, TYPES, USUAL_TYPES
from webhooks.kinds.chats import CHATS, PRODUCTS, judged
from webhooks.kinds.text import subject_and_text
from webhooks.messages import TRIES
from webhooks.models import Delivery, Endpoint, Kind
from webhooks.outcome import delay_after, rest_after
from webhooks.payload import MOST_BYTES, body_of_task
from webhooks.sender import Answer, Request, policy_for, retry_after_s, send

FEISHU_SIGN = "q4jswNiMy51J5JuQV566yJat0/lQ/c+22kINzUgKsGU="
DINGTALK_SIGN = "h/3f4uEADBeKkVuXX2NS1pXSEqARbYb1RV0kmXPBfn0="
NOW = datetime(2026, 11, 29, 12, 0, 0, tzinfo=UTC)


def test_a_delivery_is_tried_ten_times_in_three_days_and_a_quarter():
    waits = [delay_after(attempts, 0.0) for attempts in range(1, 11)]

    assert waits[0] == timedelta(seconds=5)
    assert waits[-1] is None
    assert sum(waits[:-1], timedelta()) == timedelta(hours=75, minutes=35, seconds=5)
    assert all(delay_after(n, 1.0) == delay_after(n, 0.0) * 1.2 for n in range(1, 10))


@in_one_test(
    ("failures", "answer", "rest_s"),
    [
        (1, Answer(code="status", status=500), 5),
        (2, Answer(code="status", status=500), 10),
        (3, Answer(code="no_answer_in_time"), 20),
        (8, Answer(code="status", status=404), 600),
        (500, Answer(code="status", status=404), 600),
        (1, Answer(code="status", status=429), 30),
        (1, Answer(code="status", status=502), 30),
        (1, Answer(code="status", status=504, retry_after_s=7), 30),
        (8, Answer(code="status", status=503, retry_after_s=3600), 3600),
        (1, Answer(code="status", status=500, retry_after_s=60), 60),
        (0, Answer(code="status", status=500), 0),
    ],
)
def test_an_endpoint_rests_longer_with_each_failure_and_as_long_as_it_asks(failures, answer, rest_s):
    assert rest_after(failures, answer) == timedelta(seconds=rest_s)


@in_one_test(
    ("text", "wait_s"),
    [
        ("120", 120),
        (" 5 ", 5),
        ("Sun, 29 Nov 2026 12:01:00 GMT", 60),
        ("Sun, 29 Nov 2026 11:00:00 GMT", 0),
        ("999999999999", 86_400),
        ("9" * 400, 86_400),
        ("Sun, 29 Nov 9999 12:01:00 GMT", 86_400),
        *((text, 0) for text in ("", "-5", "soon", "1e9", "٣", "Sun, 99 Nov 2026 12:01:00 GMT", "Mon, 1 Jan 0000 00:00:00 +9999", "nan")),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(text, wait_s):
    assert retry_after_s(WireReply(status=503, headers={"retry-after": text}, body=b""), NOW) == wait_s


@in_one_test("host", METADATA + INTERNAL)
@in_one_test("scheme", ["http", "https"])
def test_nothing_is_sent_to_an_internal_address(connected, host, scheme, settings):  # noqa: F811
    settings.OUTBOUND_ALLOW_CIDRS = []
    url = f"{scheme}://{host}/hook"

    answer = send(Request(url=url, body="{}"), policy=policy_for(url), total_s=2)

    assert (bool(answer.code), connected) == (True, [])


@in_one_test("host", ["8.8.8.8", "[2606:4700::1]"])
def test_plain_http_leaves_for_allowed_networks_only(connected, host, settings):  # noqa: F811
    settings.OUTBOUND_ALLOW_CIDRS = ["10.0.0.0/8"]
    url = f"http://{host}/hook"

    assert send(Request(url=url, body="{}"), policy=policy_for(url), total_s=2).code == "address_blocked"
    assert connected == []


@in_one_test(
    "url",
    [
        *("", "shop.example", "ftp://shop.example/", "https://", "https:///x", "https://u:p@shop.example/", "https://shop.example/#x"),
        *("https://shop.example:99999/", "https://[::1", "https://shop .example/", "http://shop.example/", "https://169.254.169.254/"),
        *("https://0xA9FEA9FE/", "https://shop.example/" + "x" * 2_000, "https://shop.example/\x00", "javascript:alert(1)"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(url, settings):
    settings.OUTBOUND_ALLOW_CIDRS = []

    with pytest.raises(InvalidRequest) as caught:
        check_address(Kind.WEBHOOK, url)
    assert list(caught.value.fields) == ["url"]


@in_one_test(
    ("url", "origin"),
    [
        ("https://Shop.example/a?b", "https://shop.example"),
        ("https://shop.example:443/a", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("https://shop.example:8443/a", "https://shop.example:8443"),
        ("https://[2606:4700::1]:8443/a", "https://[2606:4700::1]:8443"),
    ],
)
def test_addresses_of_one_host_have_one_origin(url, origin):
    assert origin_of_url(url) == origin


def test_every_public_type_is_one_that_something_writes():
    written = {"task.running", "task.succeeded", "task.failed", "task.cancelled", "task.needs_review", "task.expiring", "account.cooldown"}
    assert set(OUTBOX) - written == {"budget.warning", "batch.finished", "batch.run_failed", "endpoint.disabled", "video.reviewed", *ALERTS}
    assert set(USUAL_TYPES) <= set(TYPES)


def test_an_outbox_without_a_public_name_is_not_consumed(settings):
    assert set(settings.EVENT_CONSUMERS["webhooks"]) == set(OUTBOX)


def endpoint_with(secret: str, **facts) -> Endpoint:
    endpoint = Endpoint(owner=User(id=1), **facts)
    secrets.put(endpoint, secret=secret)
    return endpoint


ANY_PAYLOAD = given(
    metadata=st.dictionaries(
        st.text(LETTERS, max_size=20),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=200),
            lambda some: st.lists(some, max_size=4),
        ),
        max_size=8,
    ),
    content_id=st.text(max_size=200),
    moment=st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
)


def require_that_it_verifies(metadata, content_id, moment) -> None:
    task = GenerationTask(model="kling/x", content_id=content_id, metadata=metadata, external_id="ü")
    event = Event(type="task.succeeded", subject_id=task.pk, at=moment, facts={"from": "ingesting"})
    body = body_of_task(event, "task.succeeded", task, [Video(duration_s=5.04)])
    secret, now = secrets.new_secret(), datetime.now(UTC)

    headers = secrets.headers_of(endpoint_with(secret), uuid4(), body, now)

    read = Webhook(secret).verify(body.encode(), headers)
    assert read["data"]["content_id"] == content_id
    assert len(body) < MOST_BYTES
    assert read["data"]["metadata"] in (metadata, {})
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets.new_secret()).verify(body.encode(), headers)


@ANY_PAYLOAD
def test_any_payload_is_json_that_a_receiver_verifies(**payload):
    require_that_it_verifies(**payload)


@pytest.mark.slow
@fuzzing(max_examples=10_000, derandomize=False)
@ANY_PAYLOAD
def test_ten_thousand_payloads_verify(**payload):
    require_that_it_verifies(**payload)


def test_metadata_that_would_make_the_body_too_large_is_left_out_and_said_so():
    task = GenerationTask(model="kling/x", metadata={"text": "杯" * 5_000})
    event = Event(type="task.failed", subject_id=task.pk, at=NOW, facts={"error_code": "refused"})

    facts = json.loads(body_of_task(event, "task.failed", task, []))["data"]

    assert (facts["metadata"], facts["metadata_omitted"], facts["error_code"]) == ({}, True, "refused")


def test_headers_carry_the_time_of_the_try_in_whatever_zone_it_is_given():
    from datetime import timezone

    secret, zone = secrets.new_secret(), timezone(timedelta(hours=8))
    now = datetime.now(UTC)
    here, there = (secrets.headers_of(endpoint_with(secret), uuid4(), "{}", at) for at in (now, now.astimezone(zone)))

    assert here["webhook-timestamp"] == there["webhook-timestamp"] == str(int(now.timestamp()))
    for headers in (here, there):
        Webhook(secret).verify("{}", headers)


ADDRESSES = {
    Kind.FEISHU: "https://open.feishu.cn/open-apis/bot/v2/hook/abc",
    Kind.DINGTALK: "https://oapi.dingtalk.com/robot/send?access_token=abc",
    Kind.WECOM: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc",
    Kind.SLACK: "https://hooks.slack.com/services/T0/B0/abc",
    Kind.TELEGRAM: "https://api.telegram.org/bot1:abc",
}


def test_feishu_signs_nothing_with_time_and_secret():
    """The expected value: openssl's HMAC-SHA256 of nothing, with the key `1599360473`, a line feed, `secret`."""
    at = datetime.fromtimestamp(1599360473, UTC)
    body = json.loads(PRODUCTS[Kind.FEISHU].request(ADDRESSES[Kind.FEISHU], "secret", "hi", at).body)

    assert body == {"timestamp": "1599360473", "sign": FEISHU_SIGN, "msg_type": "text", "content": {"text": "hi"}}


def test_dingtalk_signs_time_and_secret_with_the_secret():
    """The expected value: openssl's HMAC-SHA256 of `1599360473000`, a line feed, `secret`, with the key `secret`."""
    at = datetime.fromtimestamp(1599360473, UTC)
    request = PRODUCTS[Kind.DINGTALK].request(ADDRESSES[Kind.DINGTALK], "secret", "hi", at)

    query = parse_qs(urlsplit(request.url).query)
    assert query == {"access_token": ["abc"], "timestamp": ["1599360473000"], "sign": [DINGTALK_SIGN]}
    assert json.loads(request.body) == {"msgtype": "text", "text": {"content": "hi"}}


@in_one_test(
    ("kind", "reply", "taken"),
    [
        (Kind.FEISHU, '{"code":0,"msg":"success","data":{}}', True),
        (Kind.FEISHU, '{"StatusCode":0,"StatusMessage":"success"}', True),
        (Kind.FEISHU, '{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}', False),
        (Kind.DINGTALK, '{"errcode":0,"errmsg":"ok"}', True),
        (Kind.DINGTALK, '{"errcode":310000,"errmsg":"sign not match"}', False),
        (Kind.WECOM, '{"errcode":93000,"errmsg":"invalid webhook url"}', False),
        (Kind.WECOM, '{"errcode":0,"errmsg":"ok"}', True),
        (Kind.SLACK, "ok", True),
        (Kind.SLACK, "no_service", False),
        (Kind.TELEGRAM, '{"ok":true,"result":{}}', True),
        (Kind.TELEGRAM, '{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}', False),
        *((kind, reply, False) for kind in CHATS for reply in ("", "<html>", "[]", "null")),
    ],
)
def test_a_product_that_answers_200_has_not_always_taken_the_message(kind, reply, taken):
    assert judged(PRODUCTS[kind], Answer(status=200, reply=reply)).is_ok is taken


@in_one_test("kind", CHATS)
def test_the_address_of_a_bot_belongs_to_its_product_and_is_not_shown(kind):
    check_address(kind, ADDRESSES[kind])
    for url in ("https://shop.example/", PRODUCTS[kind].hosts[0], "http" + ADDRESSES[kind][5:], ADDRESSES[kind] + "\n"):
        with pytest.raises(InvalidRequest):
            check_address(kind, url)
    assert "T0/B0" not in shown(kind, ADDRESSES[kind])
    assert "1:" not in shown(kind, ADDRESSES[kind])


def told(public: str, **facts) -> Delivery:
    return Delivery(type=public, body=json.dumps({"type": public, "data": {"id": "1", "label": "", **facts}}))


def task_facts(**facts) -> dict:
    return {"model": "kling/x", "content_id": "", "external_id": "", "error_code": None, **facts}


@in_one_test(
    ("language", "head"), [("en", "Video Portal: 2 videos done, 1 video failed"), ("zh-hans", "Video Portal：2 个视频已完成，1 个视频失败")]
)
def test_people_get_several_events_in_one_text_of_their_language(language, head, settings):
    settings.PUBLIC_URL = "https://portal.example"
    rows = [told("task.succeeded", **task_facts(content_id="cup")) for _ in range(2)]
    rows.append(told("task.failed", **task_facts(error_code="refused")))

    subject, text = subject_and_text(Endpoint(language=language), rows, most_bytes=4_000)

    assert subject == head
    assert text.splitlines()[0] == head
    assert len(text.splitlines()) == 4
    assert "refused https://portal.example/tasks/1/" in text


def test_people_read_what_ends_at_the_vendor_soon(settings):
    settings.PUBLIC_URL = "https://portal.example"
    rows = [told("task.expiring", **task_facts(content_id="cup", status="ingesting", expires_at="2026-11-29T12:20:00Z"))]

    subject, text = subject_and_text(Endpoint(language="en"), rows, most_bytes=4_000)

    assert subject == "Video Portal: 1 video is not stored and ends at the vendor soon"
    assert text.endswith("kling/x · cup https://portal.example/tasks/1/")


def test_a_text_for_people_never_exceeds_what_the_chat_takes():
    rows = [told("task.succeeded", **task_facts(content_id="杯" * 200)) for _ in range(100)]

    _, text = subject_and_text(Endpoint(language="en"), rows, most_bytes=2_048)

    assert len(text.encode()) <= 2_048
    assert text.splitlines()[-1].startswith("and 9")


def test_every_failure_of_a_transport_has_a_sentence(settings, caplog):
    caplog.set_level(logging.ERROR)
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    for url in ("http://127.0.0.1:9/", "https://127.0.0.1:9/", "https://nobody.invalid/", "https://10.0.0.1/", "nonsense"):
        assert send(Request(url=url, body="{}"), policy=policy_for(url), total_s=1).code in TRIES


def test_every_kind_that_people_read_is_offered_only_where_it_is_set_up(settings):
    from webhooks.kinds import offered_kinds

    settings.CHAT_NOTICES, settings.MAIL_NOTICES = False, False
    assert offered_kinds() == ["webhook", "callback"]
    settings.CHAT_NOTICES, settings.MAIL_NOTICES = True, True
    assert set(offered_kinds()) == set(Kind.values)

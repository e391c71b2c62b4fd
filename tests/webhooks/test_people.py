"""What people get by e-mail and in a chat."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from generation.errors import InvalidRequest
from tests.webhooks.rows import ended
from webhooks import lanes
from webhooks.deliver import requests_of
from webhooks.fan_out import fan_out
from webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.postgresql


def test_people_get_what_happened_in_one_mail_and_the_next_comes_later(user, make_endpoint, run, settings):
    settings.MAIL_NOTICES, settings.PUBLIC_URL = True, "https://portal.example"
    user.email = "lin@portal.example"
    user.save()
    make_endpoint(user, kind="email", types=["task.cancelled"])
    for _ in range(3):
        ended(user)
    run()
    ended(user)
    run()

    (message,) = mail.outbox
    assert (message.to, message.subject) == (["lin@portal.example"], "Video Portal: 3 videos cancelled")
    assert message.body.count("https://portal.example/tasks/") == 3
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["done", "done", "done", "pending"]
    assert Endpoint.objects.get().resting_until - timezone.now() > timedelta(minutes=4)


def test_a_mail_server_that_is_away_is_tried_again(user, make_endpoint, run, settings):
    settings.MAIL_NOTICES, settings.EMAIL_BACKEND = True, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    user.email = "lin@portal.example"
    user.save()
    make_endpoint(user, kind="email", types=["task.cancelled"])
    ended(user)
    run()

    assert [(one.state, one.tries[0]["code"]) for one in Delivery.objects.all()] == [("pending", "mail_failed")]


def test_a_mailbox_needs_an_address(user, make_endpoint, settings):
    settings.MAIL_NOTICES = True

    with pytest.raises(InvalidRequest):
        make_endpoint(user, kind="email")


def test_a_chat_gets_several_events_in_one_message_and_its_secret_stays_out_of_the_rows(user, make_endpoint, settings):
    settings.CHAT_NOTICES = True
    address = "https://oapi.dingtalk.com/robot/send?access_token=abcdef"
    endpoint = make_endpoint(user, kind="dingtalk", url=address, key="SECsecret", types=["task.cancelled"])
    for _ in range(3):
        ended(user)
    fan_out()
    (lane,) = lanes.claim(8, now=timezone.now())

    ((rows, _act),) = requests_of(lane, timezone.now(), 1.0)

    assert len(rows) == 3
    assert endpoint.url == "https://oapi.dingtalk.com/…cdef"
    assert "abcdef" not in str(list(Endpoint.objects.values()))

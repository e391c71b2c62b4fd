"""Messages to chats: one small function for each product, that turns a text into its request. Their hosts are fixed.

Products answer 200 also when they refuse, so each says what it accepted. Sources, all 2026-11-29: open.feishu.cn custom bot guide;
open.dingtalk.com custom robot access; developer.work.weixin.qq.com/document/path/91770; api.slack.com changelog of 2016-05-17 on
incoming webhooks; core.telegram.org/bots/api.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from webhooks.models import Kind
from webhooks.sender import Answer, Request, answered_json

__all__ = ["CHATS", "PRODUCTS", "Product", "judged"]


@dataclass(frozen=True, kw_only=True)
class Product:
    """A chat. `hosts` begin every address of its bots. `needs_key`: the key is the chat's id and must be given; otherwise it may sign."""

    hosts: tuple[str, ...]
    request: Callable[[str, str, str, datetime], Request]
    accepted: Callable[[Answer], bool]
    most_bytes: int
    takes_key: bool = True
    needs_key: bool = False


def _hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode()


def _post(url: str, body: Mapping[str, Any]) -> Request:
    return Request(url=url, body=json.dumps(body))


def _feishu(address: str, key: str, text: str, now: datetime) -> Request:
    """Return Feishu's request. It signs an empty text, with the time and the secret as the key."""
    time = str(int(now.timestamp()))
    signed = {"timestamp": time, "sign": _hmac(f"{time}\n{key}", "")} if key else {}
    return _post(address, {**signed, "msg_type": "text", "content": {"text": text}})


def _dingtalk(address: str, key: str, text: str, now: datetime) -> Request:
    """Return DingTalk's request. The time is in milliseconds; time and signature go into the address."""
    time = str(int(now.timestamp() * 1000))
    sign = quote_plus(_hmac(key, "\n".join((time, key))))
    signed = f"&timestamp={time}&sign={sign}" if key else ""
    return _post(address + signed, {"msgtype": "text", "text": {"content": text}})


def _wecom(address: str, key: str, text: str, now: datetime) -> Request:  # noqa: ARG001
    return _post(address, {"msgtype": "text", "text": {"content": text}})


def _slack(address: str, key: str, text: str, now: datetime) -> Request:  # noqa: ARG001
    """Return Slack's request; these three characters would be read as markup."""
    return _post(address, {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")})


def _telegram(address: str, key: str, text: str, now: datetime) -> Request:  # noqa: ARG001
    return _post(f"{address.rstrip('/')}/sendMessage", {"chat_id": key, "text": text, "link_preview_options": {"is_disabled": True}})


def _is_zero(*names: str) -> Callable[[Answer], bool]:
    return lambda answer: any(answered_json(answer).get(name) == 0 for name in names)


PRODUCTS: Mapping[str, Product] = {
    Kind.FEISHU: Product(
        hosts=("https://open.feishu.cn/open-apis/bot/v2/hook/", "https://open.larksuite.com/open-apis/bot/v2/hook/"),
        request=_feishu,
        accepted=_is_zero("code", "StatusCode"),
        most_bytes=15_000,
    ),
    Kind.DINGTALK: Product(
        hosts=("https://oapi.dingtalk.com/robot/send?access_token=",), request=_dingtalk, accepted=_is_zero("errcode"), most_bytes=15_000
    ),
    Kind.WECOM: Product(
        hosts=("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=",),
        request=_wecom,
        accepted=_is_zero("errcode"),
        most_bytes=2_048,
        takes_key=False,
    ),
    Kind.SLACK: Product(
        hosts=("https://hooks.slack.com/services/", "https://hooks.slack-gov.com/services/"),
        request=_slack,
        accepted=lambda answer: answer.reply.strip() == "ok",
        most_bytes=15_000,
        takes_key=False,
    ),
    Kind.TELEGRAM: Product(
        hosts=("https://api.telegram.org/bot",),
        request=_telegram,
        accepted=lambda answer: answered_json(answer).get("ok") is True,
        most_bytes=4_000,
        needs_key=True,
    ),
}
CHATS = [Kind(kind) for kind in PRODUCTS]


def judged(product: Product, answer: Answer) -> Answer:
    """Return the answer as a failure if the product did not accept the message, whatever its status says."""
    return answer if answer.code or product.accepted(answer) else replace(answer, code="refused")

"""Rules about other origins, and what they add to answers. https://help.aliyun.com/en/oss/developer-reference/options (2026-11-29)."""

from __future__ import annotations

from fnmatch import fnmatchcase

from tools.oss_server.call import Answer, Call
from tools.oss_server.errors import OssError
from tools.oss_server.store import Store

__all__ = ["cors_headers", "preflight"]

Rule = dict[str, list[str]]


def cors_headers(store: Store, call: Call) -> dict[str, str]:
    """Return what the bucket's rules add to an answer for a page of another origin."""
    rule = _rule(store, call, call.method)
    return _granted(rule, call.headers["origin"]) if rule else {}


def preflight(store: Store, call: Call) -> Answer:
    """Answer a browser that asks before it sends. Raises `OssError` AccessForbidden."""
    bucket = store.bucket(call.bucket)
    if bucket is None or not bucket.cors:
        raise OssError(403, "AccessForbidden", "CORSResponse: the bucket has no rules.")
    method, asked = (call.headers.get(f"access-control-request-{name}", "") for name in ("method", "headers"))
    rule = _rule(store, call, method)
    allowed = [name.lower() for name in rule.get("AllowedHeader", [])] if rule else []
    names = [name.strip().lower() for name in asked.split(",") if name.strip()]
    if rule is None or not all(any(fnmatchcase(name, pattern) for pattern in allowed) for name in names):
        raise OssError(403, "AccessForbidden", "CORSResponse: no rule allows this origin, method and headers.")
    headers = _granted(rule, call.headers["origin"]) | {"Access-Control-Allow-Methods": ", ".join(rule["AllowedMethod"])}
    if asked:
        headers["Access-Control-Allow-Headers"] = asked
    if seconds := rule.get("MaxAgeSeconds"):
        headers["Access-Control-Max-Age"] = seconds[0]
    return Answer(headers=headers)


def _rule(store: Store, call: Call, method: str) -> Rule | None:
    origin, bucket = call.headers.get("origin"), store.bucket(call.bucket)
    if not origin or bucket is None:
        return None
    for rule in bucket.cors:
        if method in rule.get("AllowedMethod", []) and any(fnmatchcase(origin, pattern) for pattern in rule.get("AllowedOrigin", [])):
            return rule
    return None


def _granted(rule: Rule, origin: str) -> dict[str, str]:
    headers = {"Access-Control-Allow-Origin": "*" if rule["AllowedOrigin"] == ["*"] else origin, "Vary": "Origin"}
    if exposed := rule.get("ExposeHeader"):
        headers["Access-Control-Expose-Headers"] = ", ".join(exposed)
    return headers

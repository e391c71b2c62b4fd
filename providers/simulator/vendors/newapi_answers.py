"""What a gateway that runs new-api answers: its own errors, the errors of the vendor behind it, and a task in its two shapes.

QuantumNous/new-api, read 2026-11-28: dto/task.go@06644e8, dto/openai_video.go@705748d, model/task.go@01d7dcf, service/error.go@032fb1f,
service/pre_consume_quota.go@009910b, service/task_polling.go@05b5ff1, middleware/utils.go@3e92b6b, relay/channel/task/taskcommon/
helpers.go@016c88c, and relay/channel/task/: kling/adaptor.go@070818b, jimeng/adaptor.go@0d4812e, sora/adaptor.go@05393ff.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from aiohttp import web

from providers.simulator.clock import milliseconds
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.tasks import SimTask, State
from providers.simulator.wire import json_reply

Report = dict[str, Any]
KLING, JIMENG, SORA = "kling", "jimeng", "sora"
_CHANNELS = {KLING: "50", JIMENG: "51", SORA: "55"}
_BUSY = "当前分组上游负载已饱和，请稍后再试"
_FETCH_FAILED = "fail_to_fetch_task"
_PROGRESS = {"NOT_START": "0%", "SUBMITTED": "10%", "QUEUED": "20%", "IN_PROGRESS": "30%", "SUCCESS": "100%", "FAILURE": "100%"}
_VIDEO_WORDS = {"SUBMITTED": "queued", "QUEUED": "queued", "IN_PROGRESS": "in_progress", "SUCCESS": "completed", "FAILURE": "failed"}
_KLING_WORDS = {State.QUEUED: "submitted", State.RUNNING: "processing", State.SUCCEEDED: "succeed", State.FAILED: "failed"}
_JIMENG_WORDS = {State.QUEUED: "in_queue", State.RUNNING: "generating", State.SUCCEEDED: "done", State.FAILED: "done"}
_FAILURES: dict[str, dict[str, tuple[int | str, str]]] = {
    KLING: {"fail-content": (0, "Failure to pass the risk control system"), "fail-internal": (0, "Internal error, please retry")},
    JIMENG: {"fail-content": (50511, "Post Img Risk Not Pass"), "fail-internal": (50501, "Internal RPC Error")},
    SORA: {
        "fail-content": ("moderation_blocked", "Your request was blocked by our moderation system."),
        "fail-internal": ("video_generation_failed", "The video could not be generated."),
    },
}
_BEHIND: dict[str, dict[Refusal, tuple[int, int | str, str]]] = {
    KLING: {
        Refusal.RATE: (429, 1302, "Too many requests"),
        Refusal.RATE_WITH_200: (200, 1303, "parallel task over resource pack limit"),
        Refusal.BAD_PARAM: (400, 1201, "Invalid request parameters"),
        Refusal.CONTENT: (400, 1301, "The request content contains sensitive information"),
        Refusal.DUPLICATE: (400, 1201, "external_task_id already exists"),
        Refusal.SERVER: (503, 5001, "Server temporarily unavailable"),
    },
    JIMENG: {
        Refusal.RATE: (429, 50429, "Request Has Reached API Limit, Please Try Later"),
        Refusal.RATE_WITH_200: (200, 50429, "Request Has Reached API Limit, Please Try Later"),
        Refusal.BAD_PARAM: (400, 50215, "Input invalid for this service"),
        Refusal.CONTENT: (400, 50412, "Text Risk Not Pass"),
        Refusal.SERVER: (500, 50500, "Internal Error"),
    },
    SORA: {
        Refusal.RATE: (429, "rate_limit_exceeded", "Rate limit reached for requests."),
        Refusal.RATE_WITH_200: (200, "rate_limit_exceeded", "Rate limit reached for requests."),
        Refusal.BAD_PARAM: (400, "invalid_value", "A parameter of the request is invalid."),
        Refusal.CONTENT: (400, "moderation_blocked", "Your request was blocked by our moderation system."),
        Refusal.SERVER: (503, "server_error", "The server is overloaded, please try again later."),
    },
}


class Aborted(Refused):
    """A refusal in OpenAI's shape, by the gateway's front; every other error is `{"code", "message", "data"}`."""

    def __init__(self, status: int, code: str, message: str, *, kind: str = "new_api_error") -> None:
        super().__init__(status, code, message)
        self.kind = kind


# Errors.


def refusal_of(platform: str, why: Refusal) -> Refused:
    match why:
        case Refusal.AUTH:
            return Aborted(401, "", f"无效的令牌 (request id: {secrets.token_hex(8)})")
        case Refusal.ARREARS:
            return Refused(403, "insufficient_user_quota", "用户额度不足, 剩余额度: ＄0.000000 额度")
        case Refusal.OPENAI_STYLE:
            return Aborted(400, "", "无效的请求, invalid JSON request body")
        case Refusal.SLOTS:
            why = Refusal.RATE
    known = _BEHIND[platform]
    return behind(platform, Refused(*known.get(why, known[Refusal.BAD_PARAM])))


def behind(platform: str, refused: Refused) -> Refused:
    """Turn an error of the vendor behind the gateway into the gateway's own."""
    if refused.status == 429:
        return Refused(429, _FETCH_FAILED, _BUSY)
    if refused.status >= 400:
        return Refused(refused.status, _FETCH_FAILED, _veiled(json.dumps(_error_behind(platform, refused), ensure_ascii=False)))
    if platform == KLING:
        return Refused(400, "task_failed", _veiled(refused.message))
    if platform == JIMENG:
        return Refused(500, str(refused.code), _veiled(refused.message))
    return Refused(500, "invalid_response", "task_id is empty")


def _error_behind(platform: str, refused: Refused) -> Report:
    if platform == SORA:
        code, _, param = str(refused.code).partition(":")
        return {"error": {"message": refused.message, "type": "invalid_request_error", "param": param or None, "code": code}}
    body = {"code": refused.code, "message": refused.message, "request_id": secrets.token_hex(8)}
    return body if platform == KLING else {**body, "data": None, "status": refused.code, "time_elapsed": "35ms"}


def _veiled(words: str) -> str:
    """Replace an error that might name the address behind the gateway, which looks for these three words."""
    return "请求上游地址失败" if any(part in words.lower() for part in ("post", "dial", "http")) else words


def error_reply(refused: Refused) -> web.Response:
    if isinstance(refused, Aborted):
        error = {"message": refused.message, "type": refused.kind, "code": refused.code}
        return json_reply({"error": error}, refused.status, refused.headers)
    return json_reply({"code": refused.code, "message": refused.message, "data": None}, refused.status, refused.headers)


# Tasks.


def accepted(task: SimTask) -> Report:
    head = {"id": task.id, "task_id": task.id, "object": "video", "model": task.order.model, "status": "queued", "progress": 0}
    return {**head, "created_at": int(task.submitted_at)}


def accepted_as_error(task: SimTask) -> Report:
    """Report an acceptance that came with another status than 200: the gateway takes that for an error, and quotes it."""
    quoted = json.dumps(_behind_it(task, task.submitted_at, ""), ensure_ascii=False)
    return {"code": _FETCH_FAILED, "message": _veiled(quoted), "data": None}


def general(task: SimTask, now: float, base: str, word: str = "") -> Report:
    """Report the gateway's row, as /kling and /jimeng do. A failed one has its reason where the address would be."""
    status = word or _status(task, now)
    reason = _reason(task) if status == "FAILURE" else ""
    place = _place(task, base) if status == "SUCCESS" else reason
    if task.plan.has("old-address"):
        reason, place = place, ""
    return {
        "code": "success",
        "message": "",
        "data": {
            "id": task.number,
            "created_at": int(task.submitted_at),
            "updated_at": int(task.changed_at(now)),
            "task_id": task.id,
            "platform": _CHANNELS[_platform(task)],
            "user_id": 1,
            "group": "default",
            "channel_id": 3,
            "quota": 1_000_000,
            "action": "generate" if task.order.kind == "image2video" else "textGenerate",
            "status": status,
            "fail_reason": reason,
            **({"result_url": place} if place else {}),
            "submit_time": int(task.submitted_at),
            "start_time": int(task.started_at) if now >= task.started_at else 0,
            "finish_time": int(task.ended_at) if now >= task.ended_at else 0,
            "progress": _PROGRESS.get(status, "30%"),
            "properties": {"input": "", "upstream_model_name": task.order.model, "origin_model_name": task.order.model},
            "data": _behind_it(task, now, base),
        },
    }


def video(task: SimTask, now: float, base: str, word: str = "") -> Report:
    """Report the same in OpenAI's shape, made from the last answer of the vendor behind the gateway."""
    status = _status(task, now)
    if task.plan.has("no-address"):
        times = {"created_at": int(task.submitted_at), "finished_at": int(task.ended_at) if now >= task.ended_at else 0}
        reason = _reason(task) if status == "FAILURE" else ""
        facts = {"fail_reason": reason, "platform": _CHANNELS[_platform(task)], "progress": _PROGRESS[status]}
        return {**times, **facts, "status": word or status, "task_id": task.id}
    inner = _behind_it(task, now, base)
    progress = int(_PROGRESS[status].rstrip("%"))
    if _platform(task) == SORA:
        report = {**inner, "id": task.id, "status": word or _VIDEO_WORDS.get(status, "queued"), "progress": progress}
        return {**report, "error": {"message": _reason(task)}} if status == "FAILURE" else report
    report = {"id": task.id, "object": "video", "model": "", "status": word or _VIDEO_WORDS.get(status, "unknown"), "progress": progress}
    report |= {"created_at": inner["data"]["created_at"], "completed_at": inner["data"]["updated_at"]}
    for film in inner["data"].get("task_result", {}).get("videos", ()):
        report |= {"seconds": film["duration"], "metadata": {"url": film["url"]}}
    return report


def _platform(task: SimTask) -> str:
    return str(task.order.extra["platform"])


def _status(task: SimTask, now: float) -> str:
    """Return the gateway's word for the state. It polls with delay, and does not know Jimeng's `generating`."""
    match task.state(now):
        case State.SUCCEEDED:
            return "SUCCESS"
        case State.FAILED:
            return "FAILURE"
        case State.QUEUED if now < (task.submitted_at + task.started_at) / 2:
            return "NOT_START"
        case State.RUNNING if _platform(task) != JIMENG:
            return "IN_PROGRESS"
    return "SUBMITTED" if _platform(task) == KLING else "QUEUED"


def _reason(task: SimTask) -> str:
    return _FAILURES[_platform(task)][task.failure or "fail-internal"][1]


def _place(task: SimTask, base: str) -> str:
    """Return the address of the vendor behind the gateway; for OpenAI, which gives none, the gateway's own, which requires the key."""
    if task.plan.has("no-address"):
        return ""
    if task.plan.has("localhost-address"):
        return f"http://localhost:3000/v1/videos/{task.id}/content"
    if _platform(task) == SORA or task.plan.has("own-address"):
        return f"{base}/hosts/newapi/v1/videos/{task.id}/content"
    return task.link(base, str(9_000_000 + task.number))


def _behind_it(task: SimTask, now: float, base: str) -> Report:
    """Return the last answer of the vendor behind the gateway."""
    match _platform(task):
        case "kling":
            return _kling(task, now, base)
        case "jimeng":
            return _jimeng(task, now, base)
    report = {"id": f"video_{task.number:032x}", "object": "video", "model": task.order.model, "created_at": int(task.submitted_at)}
    return {**report, "seconds": task.order.extra["seconds"], "size": task.order.extra["size"]}


def _kling(task: SimTask, now: float, base: str) -> Report:
    state = task.state(now)
    data: Report = {"task_id": str(8 * 10**17 + task.number), "task_status": _KLING_WORDS[state], "task_status_msg": ""}
    data |= {"created_at": milliseconds(task.submitted_at), "updated_at": milliseconds(task.changed_at(now))}
    if state is State.SUCCEEDED:
        film = {"id": str(9_000_000 + task.number), "url": _place(task, base), "duration": f"{task.order.duration_s}.0"}
        data["task_result"] = {"videos": [film]}
    if state is State.FAILED:
        data["task_status_msg"] = _reason(task)
    return {"code": 0, "message": "SUCCEED", "request_id": f"{task.number:016x}", "data": data}


def _jimeng(task: SimTask, now: float, base: str) -> Report:
    state = task.state(now)
    code, message = _FAILURES[JIMENG][task.failure or "fail-internal"] if state is State.FAILED else (10_000, "Success")
    data = {"status": _JIMENG_WORDS[state], "video_url": _place(task, base) if state is State.SUCCEEDED else ""}
    return {"code": code, "data": data, "message": message, "request_id": f"{task.number:032x}", "status": code, "time_elapsed": "35ms"}

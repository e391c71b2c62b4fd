"""Jimeng's web site as its page uses it (unofficial): two ways to submit, batch polls, credits. Nearly all answers are HTTP 200.

The real one lets an account run one task at a time: set `slots` to 1 for that. With the setting `strict_sign` at 1,
`sign` must be the page's hash; otherwise any 32 hex digits are accepted, or none.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from aiohttp import web

from providers.simulator.accounts import Account
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.host import Host, read_object
from providers.simulator.intake import answered, take_order
from providers.simulator.polling import answer_batch
from providers.simulator.tasks import SimTask
from providers.simulator.vendors import jimeng_records as records
from providers.simulator.vendors.jimeng_auth import key_of
from providers.simulator.vendors.jimeng_rules import invalid, read_draft, read_order
from providers.simulator.wire import json_reply, own_base

_DAY_S = 86_400.0
_PAGE_OF_IMAGES = "https://jimeng.jianying.com/ai-tool/image/generate"
_GIFT, _COST = 10_000, 10
_SUBMITS = {"/mweb/v1/generate_video": read_order, "/mweb/v1/aigc_draft/generate": read_draft}
_REFUSALS = {
    Refusal.AUTH: (200, "1015", "login error"),
    Refusal.ARREARS: (200, "1006", "credit not enough"),
    Refusal.RATE: (200, "1057", "rate limit"),
    Refusal.RATE_WITH_200: (200, "1057", "rate limit"),
    Refusal.SLOTS: (200, "1310", "ExceedConcurrencyLimit"),
    Refusal.BAD_PARAM: (200, "1000", "invalid parameter"),
    Refusal.CONTENT: (200, "2038", "InputTextRisk"),
    Refusal.DUPLICATE: (200, "1000", "invalid parameter: submit_id"),
    Refusal.SERVER: (503, "1002", "common error"),
    Refusal.OPENAI_STYLE: (200, "1000", "invalid parameter"),
    Refusal.PLAN_USED_UP: (200, "121101", "daily limit"),
    Refusal.ROBOT: (200, "1019", "shark not pass"),
    Refusal.OFFLINE: (200, "2061", "模型已不可用"),
}
Body = dict[str, Any]


class Jimeng(Host):
    host = "jimeng"
    refusals = _REFUSALS
    task_ttl_s = 365 * _DAY_S
    result_ttl_s = 7 * _DAY_S

    async def handle(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        path, _, query = path.partition("?")
        return await answered(self.site, self, self.routed(request, path, query), is_order=path in _SUBMITS)

    async def routed(self, request: web.BaseRequest, path: str, query: str = "") -> web.Response:
        key = key_of(request, is_strict=bool(self.site.tuning.strict_sign))
        account = self.site.accounts.get(self.host, key)
        if request.method != "POST":
            raise Refused(404, "1000", "not found")
        body = await read_object(request, Refused(200, "1000", "invalid parameter: the body is not a JSON object"), when_empty=b"{}")
        if path in _SUBMITS:
            self.site.tally.submits[self.host] += 1
            return await take_order(self.site, self, request, account, _SUBMITS[path](body))
        match path:
            case "/mweb/v1/mget_generate_task":
                found = {name: task for name in _names(body, "task_id_list") if (task := self.find(account, name)) and task.id == name}
                return await self._batch(request, account, found, records.report, lambda tasks: {"task_map": tasks}, is_older=True)
            case "/mweb/v1/get_history_by_ids":
                return await self._histories(request, account, body)
            case "/mweb/v1/get_local_item_list":
                now, base = self.site.clock.now(), own_base(request)
                names = map(records.task_id_of_item, _names(body, "item_id_list"))
                made = [item for name in names if (task := self.find(account, name)) for item in records.items(task, now, base)]
                return self._said({"item_list": made})
            case "/mweb/v1/get_upload_token":
                return self._upload_token(body)
            case "/commerce/v1/benefits/user_credit":
                return self._said({"credit": self._credit_told_to(request, account, query)})
            case "/commerce/v1/benefits/credit_receive":
                return self._said({"cur_total_credits": sum(self._credit(account).values()), "receive_quota": 0})
            case "/commerce/v1/benefits/user_credit_history":
                tasks = self.site.tasks.of(account, self.site.clock.now())
                charges = [{"amount": -_COST, "create_time": int(task.submitted_at), "title": task.order.model} for task in tasks]
                return self._said({"records": charges, "has_more": False, "next_cursor": ""})
        raise Refused(404, "1000", "not found")

    async def _histories(self, request: web.BaseRequest, account: Account, body: Body) -> web.Response:
        if "submit_ids" in body:
            names = {name: name for name in _names(body, "submit_ids")}
        else:
            names = {name: records.task_id_of_history(name) for name in _names(body, "history_ids")}
        found = {name: task for name, found_by in names.items() if (task := self.find(account, found_by))}
        return await self._batch(request, account, found, records.record, lambda tasks: tasks)

    async def _batch(
        self,
        request: web.BaseRequest,
        account: Account,
        found: dict[str, SimTask],
        report_of: Callable[[SimTask, float, str], Body],
        wrap: Callable[[Body], Body],
        *,
        is_older: bool = False,
    ) -> web.Response:
        """Answer a poll of many names; one that is not found is absent. `is_older`: faults may disable this way to ask."""

        def answer(now: float, fault: str | None) -> web.Response:
            if fault == "poll-no-data":
                return self._said()
            if is_older and fault == "poll-mget-refused":
                raise Refused(404, "1000", "not found")
            if is_older and fault == "poll-mget-lacks":
                return self._said(wrap({}))
            tasks = {name: report_of(task, now, own_base(request)) for name, task in found.items()}
            if fault == "poll-unknown-state":
                tasks = {name: {**report, "status": records.ODD} for name, report in tasks.items()}
            return self._said(wrap(tasks))

        return await answer_batch(self.site, self, request, account, list(found.values()), answer)

    def _credit_told_to(self, request: web.BaseRequest, account: Account, query: str) -> dict[str, int]:
        """Return the credit, for which the site is asked from another page and without a query. Raise Refused."""
        if query or request.headers.get("Referer") != _PAGE_OF_IMAGES:
            raise Refused(200, "1014", "sign error")
        return self._credit(account)

    def _credit(self, account: Account) -> dict[str, int]:
        bought = len(self.site.tasks.of(account, self.site.clock.now()))
        gift = 0 if account.nature == "broke" else max(0, _GIFT - _COST * bought)
        return {"gift_credit": gift, "purchase_credit": 0, "vip_credit": 0}

    def _upload_token(self, body: Body) -> web.Response:
        """Answer with a token; the upload itself would go to another service."""
        if body.get("scene") not in (1, 2):
            invalid("scene")
        token = {"access_key_id": "AKTPsimulated", "secret_access_key": secrets.token_hex(16), "session_token": secrets.token_hex(32)}
        return self._said({**token, "service_id": "simulated", "upload_domain": "imagex.invalid"})

    def _said(self, data: Body | None = None, *, refused: Refused | None = None) -> web.Response:
        ret, words = (str(refused.code), refused.message) if refused else ("0", "success")
        body: Body = {"ret": ret, "errmsg": words, "systime": str(int(self.site.clock.now())), "logid": secrets.token_hex(16)}
        if data is not None:
            body["data"] = data
        return json_reply(body, refused.status, refused.headers) if refused else json_reply(body)

    # The Dialect.

    def new_id(self) -> str:
        return str(35 * 10**17 + 2 * secrets.randbelow(10**15))

    def error(self, refused: Refused) -> web.Response:
        return self._said(refused=refused)

    def accepted(self, task: SimTask, now: float) -> web.Response:  # noqa: ARG002 - the answer has no state
        report = {"task_id": task.id, "submit_id": task.order.reference, "status": records.SUBMITTED}
        return self._said({"aigc_data": {"task": report, "history_record_id": records.history_id(task)}})

    def accepted_flat(self, task: SimTask) -> web.Response:  # noqa: ARG002 - the whole `data` is missing
        return self._said()


def _names(body: Body, field: str) -> list[str]:
    names = body.get(field)
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        invalid(field)
    return names

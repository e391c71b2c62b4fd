"""What a vendor says cannot forge a line of the log."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from datetime import datetime, timedelta

from django.conf import settings
from structlog.contextvars import bound_contextvars

from providers.core.errors import UnexpectedReply
from tests.cases import in_one_test

FORGED = "2026-11-28 12:00:00,000 ERROR   generation.submit task 7 was paid"


def written(record_of, form: str = "line") -> list[str]:
    """Return the lines that the product's logging writes for what this logs."""
    formatter = logging.config.DictConfigurator(settings.LOGGING).configure_formatter(dict(settings.LOGGING["formatters"][form]))
    stream, log = io.StringIO(), logging.getLogger("generation.tests")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    log.addHandler(handler)
    try:
        record_of(log)
    finally:
        log.removeHandler(handler)
    return stream.getvalue().splitlines()


@in_one_test("end", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028", "\x1b[2K\r"])
def test_words_of_a_vendor_stay_in_one_line(end):
    lines = written(lambda log: log.warning("poll of task %s: %s", 7, f"no{end}{FORGED}"))

    assert len(lines) == 1
    assert "poll of task 7: no\\" in lines[0]


def test_words_in_a_traceback_do_not_begin_a_line():
    def fail(log: logging.Logger) -> None:
        try:
            raise UnexpectedReply(f"no\n{FORGED}\x1b[1A")
        except UnexpectedReply:
            log.exception("an error of ours")

    lines = written(fail)
    assert sum(FORGED in line for line in lines) == 1
    assert not any(line.startswith(FORGED) or "\x1b" in line for line in lines)


@in_one_test("end", ["\n", "\r\n", "\x85", "\u2028"])
def test_json_has_one_object_a_line_with_what_it_is_about(end):
    def fail(log: logging.Logger) -> None:
        with bound_contextvars(request="r-1"):
            log.info("task %s: %s", 7, f"你好{end}{FORGED}")
        try:
            raise UnexpectedReply(f"no{end}{FORGED}")
        except UnexpectedReply:
            log.exception("an error of ours")

    logging.getLogger("generation.tests").setLevel("INFO")
    said, failed = (json.loads(line) for line in written(fail, "json"))
    assert datetime.fromisoformat(said.pop("time")).utcoffset() == timedelta(0)
    assert said == {"level": "info", "name": "generation.tests", "message": f"task 7: 你好{end}{FORGED}", "request": "r-1"}
    assert (failed["message"], "request" in failed) == ("an error of ours", False)
    assert "UnexpectedReply" in failed["exception"]

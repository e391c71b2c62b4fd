"""Keys and their quotas, the ledger, the knobs, callbacks, and the life of the process itself."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from providers.simulator.accounts import Account, masked, nature
from providers.simulator.callbacks import is_loopback, signature
from providers.simulator.clock import Clock
from providers.simulator.faults import parse
from providers.simulator.tasks import schedule
from providers.simulator.testing import SimulatorProcess
from providers.simulator.tuning import Tuning
from tests.cases import in_one_test
from tests.providers.simulator.callback_listener import Listener
from tests.providers.simulator.simulator_callers import DashScopeCaller, KlingCaller

LIMITED = "sk-limited-team-1"


def test_limited_key_has_two_slots_until_tasks_end(simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    caller = KlingCaller(simulator.base("kling"), key=LIMITED)

    first = [caller.submit(f"boat {number}").status_code for number in range(2)]
    simulator.advance(2)
    over = caller.submit("boat 3")
    simulator.advance(200)

    assert first == [200, 200]
    assert (over.status_code, over.json()["code"]) == (429, 1303)
    assert caller.submit("boat 4").status_code == 200
    assert simulator.stats()["keys"]["kling"][0]["in_flight_peak"] == 2


def test_limited_key_has_two_submits_a_second(simulator: SimulatorProcess) -> None:
    caller = DashScopeCaller(simulator.base("dashscope"), key=LIMITED)
    simulator.settings(queue_s=0, render_s=0)

    answers = [caller.submit(f"boat {number}") for number in range(3)]
    simulator.advance(1)

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "Throttling.RateQuota"
    assert caller.submit("boat 4").status_code == 200
    assert simulator.stats()["keys"]["dashscope"][0]["submits_in_a_second_peak"] == 3


def test_limited_key_has_twenty_polls_a_second() -> None:
    account = Account("dashscope", LIMITED)

    assert [account.may_poll(100.0) for _ in range(21)] == [True] * 20 + [False]
    assert account.may_poll(101.5)


def test_slots_of_all_keys_can_be_set(simulator: SimulatorProcess, kling: KlingCaller) -> None:
    simulator.settings(slots=1, render_s=100)

    assert [kling.submit().status_code for _ in range(2)] == [200, 429]


def test_cancelled_task_gives_its_slot_back_once() -> None:
    account = Account("dashscope", "sk-a")
    account.hold(1, ends_at=10.0)
    account.hold(2, ends_at=20.0)

    account.give_back(1)
    account.sweep(15.0)

    assert account.in_flight == 1


@in_one_test(
    ("key", "expected"),
    [
        ("bad-1", "bad"),
        ("sk-bad-1", "bad"),
        ("ak-broke-x", "broke"),
        ("sk-limited-1", "limited"),
        ("badger", "good"),
        ("sk-XXXX", "good"),
    ],
)
def test_key_says_what_it_is(key: str, expected: str) -> None:
    assert nature(key) == expected


def test_keys_are_masked(simulator: SimulatorProcess, kling: KlingCaller) -> None:
    kling.submit()

    shown = json.dumps([simulator.ledger(), simulator.requests(), simulator.stats()])

    assert masked("sk-0123456789abcdef") == "sk-...cdef"
    assert kling.key not in shown
    assert masked(kling.key) in shown


def test_ledger_counts_and_leaves_images_out(simulator: SimulatorProcess, gateway: KlingCaller) -> None:
    gateway.submit("a long image", external_task_id="r-1", image="A" * 9000)

    ledger = simulator.ledger()
    entry = ledger["entries"][0]

    assert ledger["count"] == 1
    assert ledger["by_prompt"] == {"a long image": 1}
    assert ledger["by_reference"] == {"r-1": 1}
    assert ledger["paid_twice"] == []
    assert (entry["vendor"], entry["reference"], entry["model"]) == ("dmxapi", "r-1", "kling-v1")
    assert entry["body"]["image"] == "<9000 characters>"
    assert "entries" not in simulator.ledger(entries=False)


def test_stats_count_submits_polls_and_refusals(simulator: SimulatorProcess, kling: KlingCaller) -> None:
    task = kling.task()
    kling.poll(task)
    kling.submit(duration="99")

    stats = simulator.stats()

    assert (stats["submits"], stats["polls"], stats["refused"]) == ({"kling": 2}, {"kling": 1}, {"kling": 1})


def test_reset_forgets_tasks_faults_and_settings(simulator: SimulatorProcess, kling: KlingCaller) -> None:
    simulator.settings(slots=1)
    simulator.faults("kling", "refuse")
    task = kling.submit("forgotten", headers={"X-Sim-Fault": "never"})

    simulator.reset()

    assert task.status_code == 200
    assert simulator.ledger()["count"] == 0
    assert [kling.submit().status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("changes", [{"no_such": 1}, {"slots": "many"}, {"render_s": -1}, {"slots": True}])
def test_wrong_setting_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"unknown setting|must be a number"):
        Tuning().changed(changes)


def test_times_follow_number_speed_and_fixed_render() -> None:
    spread = {Tuning().render_time_s(number) for number in range(1, 50)}

    assert min(spread) >= 5.1
    assert max(spread) <= 6.9
    assert len(spread) > 10
    assert Tuning(speed=2).render_time_s(7) == Tuning().render_time_s(7) / 2
    assert schedule(parse("", "kling"), 1, 100.0, Tuning(queue_s=1, render_s=3)) == (101.0, 104.0)
    assert schedule(parse("#fault:never", "kling"), 1, 100.0, Tuning()) == (101.0, float("inf"))


def test_clock_stands_still_unless_moved() -> None:
    clock = Clock(lambda: 100.0)

    clock.advance(5)

    assert clock.now() == 105.0


def test_callbacks_report_every_change_and_are_signed(simulator: SimulatorProcess, kling: KlingCaller, listener: Listener) -> None:
    secret = "whsec_c2ltdWxhdG9yLXNlY3JldC0wMDAx"
    simulator.settings(webhook_secret=secret)
    task = kling.task(callback_url=listener.url, external_task_id="cb-1")

    assert listener.receives(3)
    bodies = listener.bodies

    assert [body["task_status"] for body in bodies] == ["submitted", "processing", "succeed"]
    assert {body["task_id"] for body in bodies} == {task}
    assert bodies[2]["task_result"]["videos"][0]["url"].startswith(simulator.url)
    headers, raw = listener.received[0]
    expected = signature(secret, headers["webhook-id"], int(headers["webhook-timestamp"]), raw)
    assert headers["webhook-signature"] == expected


def test_signature_agrees_with_the_published_vector() -> None:
    body = b'{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151}'
    secret = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="

    assert signature(secret, "9876543210", 1781080794, body) == "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4="


@in_one_test(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1/a", True),
        ("http://localhost/a", True),
        ("http://[::1]/a", True),
        ("http://example.com/", False),
        ("http://10.0.0.1/", False),
        ("http://127.0.0.1.example.com/", False),
    ],
)
def test_only_loopback_is_ever_called(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


def test_simulator_imports_nothing_of_the_rooms_that_it_judges() -> None:
    code = (
        "import sys, providers.simulator.__main__, providers.simulator.testing\n"
        "strangers = ('django', 'providers.core', 'providers.vendors', 'generation', 'access', 'videoportal')\n"
        "print([name for name in sys.modules if name.startswith(strangers)])\n"
    )

    root = Path(__file__).parents[3]
    finished = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)

    assert finished.stdout == "[]\n"


@pytest.mark.slow
def test_management_command_serves_and_stops_on_request() -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "manage.py", "simulator", "--port", "0", "--media", "tiny"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        process.terminate()
        rest = process.stdout.read()

    assert line.startswith("simulator ready on http://127.0.0.1:")
    assert (rest, process.returncode) == ("", 0)


def test_process_ends_with_its_block_and_says_where_it_listens() -> None:
    with SimulatorProcess() as simulator:
        url = simulator.url
        assert requests.get(f"{url}/_control/stats", timeout=20).status_code == 200

    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/_control/stats", timeout=20)


def test_child_ends_when_its_parent_is_killed() -> None:
    code = (
        "import sys, time\n"
        "from providers.simulator.testing import SimulatorProcess\n"
        "simulator = SimulatorProcess().__enter__()\n"
        "print(simulator.url, flush=True)\n"
        "sys.stdin.read()\n"
    )
    root = Path(__file__).parents[3]
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with parent:
        url = parent.stdout.readline().strip()
        parent.kill()
        assert parent.stdout.read() == ""

    assert gone(url)


def gone(url: str) -> bool:
    """Soon, nobody listens there."""
    for _ in range(600):
        try:
            requests.get(f"{url}/_control/stats", timeout=20)
        except requests.ConnectionError:
            return True
        threading.Event().wait(0.05)
    return False

"""Images that rows name by their address are fetched once each, and only from where the installation may go."""

from __future__ import annotations

from batches.messages import words_of
from tests.pictures import picture
from tests.scripted_server import ScriptedServer, answer


def test_address_is_fetched_once_for_all_rows_that_name_it(checked, settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    with ScriptedServer(answer(200, picture().read(), headers="Content-Type: image/png\r\n")) as shop:
        batch = checked(f"prompt,image url\na,{shop.url}/a.png\nb,{shop.url}/a.png\n")

    first, second = batch.rows.all()
    assert (first.state, second.state) == ("ready", "ready")
    assert first.order["inputs"] == second.order["inputs"]
    assert len(first.order["inputs"]["first_frame"]) == 1


def test_blocked_address_is_a_problem_of_the_row(checked, settings):
    settings.OUTBOUND_ALLOW_CIDRS = []
    batch = checked("prompt,image url\na,http://169.254.169.254/a.png\nb,\n")

    first, second = batch.rows.all()
    assert (first.state, second.state) == ("bad", "ready")
    assert words_of(first.problems[0]).startswith("inputs.first_frame: The image could not be fetched")

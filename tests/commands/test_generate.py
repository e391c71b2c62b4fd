"""manage.py generate: the command follows the row, while the worker's part is done against the simulator."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from generation.models import GenerationTask
from web.management.commands.generate import Command

MODEL = "kling/kling-v2-6"
FOX = ("generate", "a red fox", "--model", MODEL)


@pytest.fixture
def idle(staff, make_account):
    """An account to which nothing is sent, because no worker runs."""
    return make_account("kling", "official-key", "http://127.0.0.1:9")


@pytest.mark.usefixtures("idle")
def test_task_is_made_for_the_first_superuser(run, staff):
    text = run(*FOX, "--param", "mode=pro", "--param", "duration_s=10")

    task = GenerationTask.objects.get()
    assert text == f"task {task.pk} queued\n"
    assert (task.owner, task.model, task.prompt.text) == (staff, MODEL, "a red fox")
    assert (task.params["mode"], task.params["duration_s"]) == ("pro", 10)


@pytest.mark.usefixtures("idle")
def test_task_keeps_what_it_is_for_and_whom_to_call(run):
    run(*FOX, "--content-id", "article 7", "--callback-url", "https://cms.example/done")

    task = GenerationTask.objects.get()
    assert (task.content_id, task.callback_url) == ("article 7", "https://cms.example/done")


@pytest.mark.usefixtures("idle")
def test_image_goes_into_its_slot(run, user, tmp_path):
    path = tmp_path / "fox.png"
    Image.new("RGB", (640, 640)).save(path)

    run(*FOX, "--image", f"first_frame={path}", "--user", "lin")

    task = GenerationTask.objects.get()
    assert task.owner == user
    assert [(place.slot, place.asset.width_px) for place in task.inputs.all()] == [("first_frame", 640)]


@pytest.mark.usefixtures("idle")
def test_prompt_may_be_left_out_where_an_image_says_it(run, staff, tmp_path):
    path = tmp_path / "fox.gif"
    Image.new("RGB", (640, 640)).save(path)

    run("generate", "--model", MODEL, "--image", f"first_frame={path}")

    task = GenerationTask.objects.get()
    assert (task.prompt.text, [place.slot for place in task.inputs.all()]) == ("", ["first_frame"])
    with pytest.raises(CommandError, match="Say what the video should show"):
        run("generate", "--model", MODEL)


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("generate", "x", "--model", "nobody/nothing"), "There is no model “nobody/nothing”."),
        ((*FOX, "--param", "speed=9"), "params.speed: Kling 2.6 has no setting “speed”."),
        ((*FOX, "--param", "speed"), "“speed” is not NAME=VALUE."),
        ((*FOX, "--image", "first_frame=/nowhere.png"), "/nowhere.png cannot be read: No such file or directory"),
        ((*FOX, "--callback-url", "cms.example"), "callback_url: Write an address that begins with https://"),
        ((*FOX, "--user", "nobody"), "There is no active user “nobody”."),
    ],
)
def test_an_invalid_order_is_reported_and_not_stored(run, arguments, words):
    with pytest.raises(CommandError) as refused:
        run(*arguments)

    assert words in str(refused.value)
    assert refused.value.returncode == 1
    assert not GenerationTask.objects.exists()


@pytest.mark.usefixtures("idle")
def test_wait_ends_with_its_time_and_the_task_goes_on(run):
    with pytest.raises(CommandError, match=r"Still queued after 0 s\. The task goes on"):
        run(*FOX, "--wait", "--timeout", "0")

    assert GenerationTask.objects.get().status == "queued"


@pytest.fixture
def run_with_worker(staff, driver):
    """The command, with a worker that takes a step whenever the command pauses to look again."""
    command = Command()

    def step(_seconds):
        driver.step()
        driver.simulator.advance(4)

    command.pause = step

    def run(*arguments):
        out = io.StringIO()
        call_command(command, *arguments, "--timeout", "60", stdout=out, no_color=True)
        return out.getvalue()

    return run


def test_video_is_copied_out(run_with_worker, tmp_path):
    out = tmp_path / "fox.mp4"

    text = run_with_worker(*FOX[1:], "--out", str(out))

    video = GenerationTask.objects.get().videos.get()
    assert text.splitlines()[-1] == str(out)
    assert "succeeded" in text
    assert out.stat().st_size == video.size_bytes


def test_failure_is_reported_in_words(run_with_worker):
    with pytest.raises(CommandError) as failed:
        run_with_worker("a red fox #fault:fail-content", "--model", MODEL, "--wait")

    assert str(failed.value).startswith("The vendor's safety check rejected your request. Change the prompt or the image, then retry.")

"""manage.py generate "a red fox" --model ... --wait: one video from the command line, by the same functions as the pages and the API."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation import store
from generation.errors import InvalidRequest, PortalError
from generation.lifecycle import RESTING, Status
from generation.messages import REVIEWS, failure_sentence, review_sentence
from generation.models import Asset, GenerationTask
from generation.ordering.assets import store_asset
from generation.ordering.create import create
from generation.ordering.order import Order
from providers.vendors import find_model
from web.param_text import items_from_text

LOOK_EVERY_S = 0.5
WORRY_AFTER_S = 20.0


class Command(BaseCommand):
    help = "Ask for a video. With --wait (a worker must be running) ends 0 with the file, or 1 with what went wrong."

    pause: Callable[[float], None] = staticmethod(time.sleep)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("prompt", nargs="?", default="", help="what the video should show; may be left out where an image says it")
        parser.add_argument("--model", required=True, help="provider/model, as /api/v1/models lists them")
        parser.add_argument(
            "--param",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a setting of the model; may be repeated, for lists with the same name",
        )
        parser.add_argument("--image", action="append", default=[], metavar="SLOT=PATH", help="an image in a slot; may be repeated")
        parser.add_argument("--content-id", default="", help="what you call the thing that the video is for")
        parser.add_argument("--callback-url", default="", help="an address that gets a request when the task ends (docs/webhooks.md)")
        parser.add_argument("--user", default="", help="in whose name; default: the first superuser")
        parser.add_argument("--wait", action="store_true", help="follow it to its end")
        parser.add_argument("--timeout", type=float, default=7200.0, help="with --wait: seconds to follow it at most")
        parser.add_argument("--out", type=Path, help="copy the video to this file; implies --wait")

    def handle(self, *_args: Any, **options: Any) -> None:
        owner = owner_named(options["user"])
        task = self._create(owner, options)
        self.stdout.write(f"task {task.pk} {task.status}")
        if options["wait"] or options["out"]:
            self._follow(task, options["timeout"])
            self.stdout.write(_result(task, options["out"]))

    def _create(self, owner: User, options: dict[str, Any]) -> GenerationTask:
        try:
            order = Order(
                owner=owner,
                model=options["model"],
                prompt=options["prompt"],
                params=params_of(options["model"], options["param"]),
                inputs=_images(owner, options["image"]),
                content_id=options["content_id"],
                callback_url=options["callback_url"],
            )
            return create(order).task
        except PortalError as error:
            fields = error.fields if isinstance(error, InvalidRequest) else {}
            raise CommandError(" ".join([error.message, *(f"{name}: {words}" for name, words in fields.items())])) from error

    def _follow(self, task: GenerationTask, timeout_s: float) -> None:
        """Print each change until the task has ended or is in review."""
        started, seen, worried = time.monotonic(), (task.status, task.progress), False
        while task.state not in RESTING:
            waited = time.monotonic() - started
            if waited > timeout_s:
                raise CommandError(f"Still {task.status} after {timeout_s:.0f} s. The task goes on: {task.pk}")
            if task.state is Status.QUEUED and waited > WORRY_AFTER_S and not worried:
                worried = True
                self.stdout.write("It still waits. Is a worker running? (manage.py worker)")
            self.pause(LOOK_EVERY_S)
            task.refresh_from_db()
            if (task.status, task.progress) != seen:
                seen = (task.status, task.progress)
                self.stdout.write(f"{waited:6.1f} s  {task.status}" + (f" {task.progress} %" if task.progress is not None else ""))


def owner_named(name: str) -> User:
    people = User.objects.filter(is_active=True)
    owner = people.filter(username=name).first() if name else people.filter(is_superuser=True).order_by("pk").first()
    if owner is None:
        raise CommandError(f"There is no active user “{name}”." if name else "There is no superuser. Name a user with --user.")
    return owner


def pair_of(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name:
        raise CommandError(f"“{text}” is not NAME=VALUE.")
    return name, value


def params_of(model: str, texts: list[str]) -> dict[str, Any]:
    """Return the settings by name. A list's name comes once for each of its items, or once with the whole list as JSON."""
    found: dict[str, Any] = {}
    spec = find_model(model)
    schemas = spec.json_schema()["properties"] if spec else {}
    for text in texts:
        name, value = pair_of(text)
        schema, read = schemas.get(name, {}), value_of(value)
        if schema.get("type") == "array":
            found[name] = [*found.get(name, []), *(read if isinstance(read, list) else items_from_text(value, schema))]
        else:
            found[name] = read
    return found


def value_of(value: str) -> Any:
    """Read JSON such as numbers, true and false; anything else is text."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _images(owner: User, texts: list[str]) -> dict[str, list[Asset]]:
    found: dict[str, list[Asset]] = {}
    for text in texts:
        slot, path = pair_of(text)
        try:
            with Path(path).open("rb") as file:
                found.setdefault(slot, []).append(store_asset(owner=owner, file=file))
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
    return found


def _result(task: GenerationTask, out: Path | None) -> str:
    """Return where the video is. Raises CommandError unless the task succeeded."""
    if task.state is not Status.SUCCEEDED:
        raise CommandError(_end(task))
    kept = task.kept_videos()
    if not kept:
        raise CommandError(f"Somebody deleted the video of task {task.pk}.")
    video = kept[0]
    if out is None:
        return video.file
    try:
        with store.open_file(video.file) as source, out.open("wb") as copy:
            shutil.copyfileobj(source, copy)
    except (store.ObjectMissing, store.StorageUnavailable) as error:
        raise CommandError(error.message) from error
    return str(out)


def _end(task: GenerationTask) -> str:
    if task.state is Status.CANCELLED:
        return "It was cancelled."
    if task.state is Status.NEEDS_REVIEW and task.error_code in REVIEWS:
        happened, advice = review_sentence(task.error_code)
        return f"{happened} {advice} Decide on task {task.pk} in the admin. ({task.error_message})"
    if task.state is Status.NEEDS_REVIEW:
        return f"The vendor may have accepted it, and we cannot tell. Decide on task {task.pk} in the admin. ({task.error_message})"
    happened, advice = failure_sentence(task.error_code)
    words = f" ({task.error_message})" if task.error_message else ""
    return f"{happened} {advice}{words}"

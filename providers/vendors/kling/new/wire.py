"""How Kling's new API is spoken: the model in the path, every task asked about under /tasks. Pure; no I/O.

Kling developer documents, "text to video" and "image to video" of 3.0 omni, "query tasks"; read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from providers.core.errors import ProviderError, SubmissionGone, UnexpectedReply
from providers.core.ids import id_of
from providers.core.listings import rows_of, snapshots_by_id
from providers.core.replies import text_of
from providers.core.types import Exchange, GenerationRequest, Output, Snapshot, State, Submission, WireRequest
from providers.vendors.kling.classic.replies import RESULT_LIFE, failure_of, seconds_of, state_of
from providers.vendors.kling.new.catalog import OMNI

__all__ = ["BATCH", "TASKS", "find", "poll", "poll_many", "submit"]

BATCH = 20
TASKS = "/tasks"
KINDS: Mapping[str, str] = {"first_frame": "first_frame", "last_frame": "last_frame", "references": "refer_image"}
VIDEOS = ("feature_video", "base_video")
AUDIO = {False: "off", True: "native"}


def submit(request: GenerationRequest, callback: Mapping[str, str]) -> Exchange[Submission]:
    way = _way(request)
    reply = yield WireRequest(method="POST", path=f"/{way}/{request.spec.id}", json=_body(request, way, callback), billable=True)
    return Submission(id=id_of(reply.part("data").get("id"), or_number=True), model=request.spec.id)


def poll(submission: Submission) -> Exchange[Snapshot]:
    answers = yield from poll_many([submission])
    answer = answers.get(submission.id)
    if answer is None:
        raise SubmissionGone("Kling no longer knows this task.")
    if isinstance(answer, ProviderError):
        raise answer
    return answer


def poll_many(submissions: Sequence[Submission]) -> Exchange[Mapping[str, Snapshot | ProviderError]]:
    """An id that Kling does not know is missing from its answer."""
    names = ",".join(submission.id for submission in submissions)
    reply = yield WireRequest(method="GET", path=TASKS, query={"task_ids": names})
    return snapshots_by_id(reply.data().get("data"), _snapshot)


def find(reference: str, model: str) -> Exchange[Submission | None]:
    """The task that carries our reference."""
    reply = yield WireRequest(method="GET", path=TASKS, query={"external_task_ids": reference})
    rows = rows_of(reply.data().get("data"))
    if not rows:
        return None
    ours = [row for row in rows if row.get("external_id") == reference]
    if len(ours) != 1:
        raise UnexpectedReply("Kling answered with other tasks than the one we asked for.")
    return Submission(id=id_of(ours[0].get("id"), or_number=True), model=model)


def _way(request: GenerationRequest) -> str:
    if request.spec.id == OMNI:
        return "omni-video"
    return "image-to-video" if any(request.inputs.values()) else "text-to-video"


def _body(request: GenerationRequest, way: str, callback: Mapping[str, str]) -> dict[str, Any]:
    values = request.params.model_dump()
    watermark = values.pop("watermark")
    said = {"prompt": request.prompt} if way == "text-to-video" else {"contents": _contents(request, values)}
    return {
        **said,
        "settings": _settings(values, shaped=request.only_input("first_frame") is None),
        "options": {"external_task_id": request.reference, "watermark_info": {"enabled": watermark}, **callback},
    }


def _settings(values: Mapping[str, Any], *, shaped: bool) -> dict[str, Any]:
    """With a first frame the shape is the image's: check_inputs refuses any but the default, which only text needs."""
    said: dict[str, Any] = {"resolution": values["resolution"], "duration": values["duration_s"]}
    if shaped:
        said["aspect_ratio"] = values["aspect_ratio"]
    if "with_audio" in values:
        said["audio"] = "original" if values.get("keep_sound") else AUDIO[values["with_audio"]]
    if "multi_shot" in values:
        said["multi_shot"] = values["multi_shot"]
    return said


def _contents(request: GenerationRequest, values: Mapping[str, Any]) -> list[dict[str, str]]:
    """The words, the images as bare base64, a video by its address, and elements: `id` is the name in the words."""
    text = [{"type": "prompt", "text": request.prompt}] if request.prompt else []
    images = [{"type": KINDS[slot], "url": file.base64} for slot, files in request.inputs.items() for file in files]
    videos = [{"type": name, "url": values[name]} for name in VIDEOS if values.get(name)]
    elements = [{"type": "element", "element_id": one["element_id"], "id": one["name"]} for one in values.get("elements", ())]
    return [*text, *images, *videos, *elements]


def _snapshot(task: Mapping[str, Any]) -> Snapshot:
    word = text_of(task, "status")
    state = state_of(word)
    return Snapshot(
        state=state,
        vendor_state=word,
        outputs=(_output(task),) if state is State.SUCCEEDED else (),
        error=failure_of(task.get("message")) if state is State.FAILED else None,
        units=_units(task.get("billing")),
    )


def _output(task: Mapping[str, Any]) -> Output:
    """A marked file stands beside the clean one when it was asked for."""
    outputs = task.get("outputs")
    videos = [one for one in outputs if isinstance(one, dict) and one.get("type") == "video"] if isinstance(outputs, list) else []
    if not videos:
        raise UnexpectedReply("Kling says that the task succeeded but gives no video.")
    video = videos[0]
    url = text_of(video, "watermark_url" if video.get("watermark_url") else "url")
    return Output(url=url, expires_in=RESULT_LIFE, duration_s=seconds_of(video.get("duration")))


def _units(billing: object) -> str:
    """What was charged, in the vendor's words: `10 unit`."""
    charges = [one for one in billing if isinstance(one, dict)] if isinstance(billing, list) else []
    return ", ".join(f"{one.get('amount')} {one.get('currency') or one.get('charge_type')}" for one in charges)

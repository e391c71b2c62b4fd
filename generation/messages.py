"""Sentences for people: what is wrong with a field, why a task failed and what to do about it. One table each, translated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from pydantic import ValidationError

from generation.lifecycle import Status
from generation.media.images import BadImage
from generation.models import GenerationTask, TaskNews
from generation.models.switch import Stop
from providers.core.catalog import ModelSpec
from providers.core.errors import ProviderError
from providers.labels import listed
from providers.models import ProviderAccount
from providers.stored_text import Sentence, in_full, say, tell

__all__ = [
    "BUSY",
    "FAILURES",
    "FULL_DISK",
    "MODEL_GONE",
    "PYDANTIC",
    "REVIEWS",
    "STORAGE_AWAY",
    "failure_sentence",
    "field_errors",
    "image_error",
    "review_sentence",
    "stop_sentence",
    "too_large_together",
    "trouble",
    "waits_because",
    "why_unstartable",
]

BUSY = gettext_lazy(
    "Somebody else is changing this just now. What you asked for was not finished; look at it again in a moment, and repeat it if need be."
)
FULL_DISK = gettext_lazy("The storage is full, so nothing was saved. Ask an administrator to make room, then try again.")
STORAGE_AWAY = gettext_lazy("The media storage does not answer. Try again in a few minutes.")

FAILURES: dict[str, tuple[str | Promise, str | Promise]] = {
    "content_rejected": (
        gettext_lazy("The vendor's safety check refused it."),
        gettext_lazy("Change the prompt or the image, then try again."),
    ),
    "invalid_params": (
        gettext_lazy("The vendor does not take one of the settings."),
        gettext_lazy("Change the setting that the vendor names, then try again."),
    ),
    "auth_failed": (
        gettext_lazy("The vendor refused our credentials."),
        gettext_lazy("An administrator must check the provider account; then retry."),
    ),
    "out_of_credit": (
        gettext_lazy("The account at the vendor has no credit left."),
        gettext_lazy("An administrator must top it up; then retry."),
    ),
    "refused": (
        gettext_lazy("The vendor refused the request."),
        gettext_lazy("Read the vendor's words below, change the request, then retry."),
    ),
    "wrong_endpoint": (
        gettext_lazy("The account's address does not answer as this vendor does."),
        gettext_lazy("An administrator must check the account's base URL; then retry."),
    ),
    "generation_failed": (gettext_lazy("The vendor could not render it."), gettext_lazy("Retry; if it fails again, change the prompt.")),
    "out_of_memory": (
        gettext_lazy("The renderer ran out of memory."),
        gettext_lazy("Ask for fewer frames or a smaller picture, then try again."),
    ),
    "render_timeout": (gettext_lazy("The renderer took too long and stopped."), gettext_lazy("Retry; if it fails again, ask for less.")),
    "cancelled_by_vendor": (gettext_lazy("The render was cancelled at the vendor."), gettext_lazy("Retry if you still want it.")),
    "submission_gone": (
        gettext_lazy("The vendor no longer knows this render."),
        gettext_lazy("It may have been charged. Retry makes, and pays for, a new one."),
    ),
    "deadline": (
        gettext_lazy("The vendor did not finish in time."),
        gettext_lazy("It may still be charged. Retry makes, and pays for, a new one."),
    ),
    "result_gone": (
        gettext_lazy("The finished video could not be fetched before the vendor removed it."),
        gettext_lazy("Retry makes, and pays for, a new one."),
    ),
    "bad_media": (
        gettext_lazy("What the vendor delivered is not a whole video."),
        gettext_lazy("Ask the vendor about the charge. Retry makes, and pays for, a new one."),
    ),
    "ends_ingest": (
        gettext_lazy("The process that saves its video ended again and again."),
        gettext_lazy("The render is paid and at the vendor. An administrator should read the worker's log, then ask for it again."),
    ),
    "ends_submit": (
        gettext_lazy("The process that was to send it ended again and again."),
        gettext_lazy("Nothing was charged. An administrator should read the worker's log; try other images."),
    ),
    "abandoned": (gettext_lazy("It was given up after a review."), gettext_lazy("Retry makes, and pays for, a new one.")),
    "input_missing": (gettext_lazy("An image of this task is no longer in storage."), gettext_lazy("Choose the image again and retry.")),
    "model_gone": (
        gettext_lazy("The portal no longer has this model."),
        gettext_lazy("Nothing was charged. Ask for it with another model."),
    ),
    "too_large": (
        gettext_lazy("Its images together are larger than the vendor takes."),
        gettext_lazy("Nothing was charged. Edit and retry, with smaller or fewer images."),
    ),
    "settings_gone": (
        gettext_lazy("The model no longer takes the settings of this task."),
        gettext_lazy("Nothing was charged. Edit and retry, and choose them anew."),
    ),
    "gave_up": (gettext_lazy("It could not be sent after many tries."), gettext_lazy("Nothing was charged. Retry later.")),
}


ASK_AGAIN = gettext_lazy("Ask the vendor again: that costs nothing. Submitting it again pays for a second render.")
REVIEWS: dict[str, tuple[str | Promise, str | Promise]] = {
    "deadline": (
        gettext_lazy("The vendor accepted it, but did not finish before our deadline."),
        gettext_lazy("The portal asks the vendor once an hour and saves the video when it is ready. You can also ask now, or give up."),
    ),
    "submission_gone": (
        gettext_lazy("The vendor accepted it, but now denies the task id that it gave."),
        gettext_lazy("Look for the render in the vendor's console, by our reference or by the time, and adopt its id."),
    ),
    "file_denied": (gettext_lazy("The video is rendered, but the vendor does not hand out its file."), ASK_AGAIN),
    "bad_media": (gettext_lazy("The video is rendered, but the portal cannot use the file that the vendor delivers."), ASK_AGAIN),
    "ends_ingest": (
        gettext_lazy("The video is rendered, but saving it crashed the worker several times."),
        gettext_lazy("An administrator should read the worker's log, then ask the vendor again: that costs nothing."),
    ),
    "blocked_address": (
        gettext_lazy("The video is rendered, but our network policy blocks its address."),
        gettext_lazy("An administrator should allow the address with OUTBOUND_ALLOW_CIDRS, restart, then ask the vendor again."),
    ),
    "plain_http": (
        gettext_lazy("The video is rendered, but its address is plain http, which our network policy blocks."),
        gettext_lazy("An administrator should allow the address with OUTBOUND_ALLOW_CIDRS, restart, then ask the vendor again."),
    ),
    "too_large": (
        gettext_lazy("The video is rendered, but it is larger than this portal takes."),
        gettext_lazy("An administrator should raise PORTAL_MAX_VIDEO_MB, restart, then ask the vendor again."),
    ),
}
"""Reviews of renders that the vendor accepted. Any other code means that the outcome of the request is unknown."""
NO_ANSWER = (
    gettext_lazy("The request was sent, but no answer came: the vendor may have accepted it."),
    gettext_lazy("Look it up at the vendor: adopt its task id if it is there, or send it again."),
)
UNKNOWN_OUTCOMES: dict[str, tuple[str | Promise, str | Promise]] = {
    "duplicate_reference": (
        gettext_lazy("The vendor says that it already has our reference: the render may be there, and paid."),
        gettext_lazy("Look for the render in the vendor's console, by our reference or by the time, and adopt its id."),
    ),
}
"""Reviews of requests that the vendor did answer, whose outcome is unknown all the same."""


TROUBLES = {
    "unreachable": gettext_noop("Nothing answers at the vendor's address. (%(words)s)"),
    "rate_limited": gettext_noop("The vendor asks for fewer requests just now. (%(words)s)"),
    "plan_used_up": gettext_noop("What the account's plan allows is used up for now; it waits until more is allowed. (%(words)s)"),
    "auth_failed": gettext_noop("The vendor refuses the account's credentials. (%(words)s)"),
    "out_of_credit": gettext_noop("The account has no credit left at the vendor. (%(words)s)"),
}


def trouble(error: ProviderError) -> Sentence:
    """Why an account rests or a task waits; with the vendor's words."""
    template = TROUBLES.get(error.code)
    return say(template, words=str(error)) if template else in_full(error)


def failure_sentence(code: str) -> tuple[str, str]:
    """What happened, and what to do."""
    happened, advice = FAILURES.get(code, (gettext_lazy("It failed."), gettext_lazy("Retry, or ask an administrator.")))
    return str(happened), str(advice)


def review_sentence(code: str) -> tuple[str, str]:
    """Say why a person has to decide, and what an administrator can do."""
    happened, advice = REVIEWS.get(code) or UNKNOWN_OUTCOMES.get(code, NO_ANSWER)
    return str(happened), str(advice)


def stop_sentence(stop: Stop) -> str:
    """Why new renders wait, for a card and for the API."""
    if stop.by_environment:
        return _("New renders wait: paid submits are stopped by the server's environment.")
    if stop.restored:
        return _("New renders wait: the database was restored from a backup, and an administrator has to confirm it.")
    return _("New renders wait: %(reason)s") % {"reason": stop.reason}


MODEL_GONE = gettext_noop("The portal no longer has the model %(model)s.")
ACCOUNT_OFF = gettext_noop("Only “%(account)s” may send it again, and it is off or no longer takes this model.")


def why_unstartable(task: GenerationTask | TaskNews, account: ProviderAccount | None) -> Sentence:
    """Why a waiting task with this account cannot start by itself (`submitting/unstartable.py` ends the wait); empty when it can."""
    if task.spec is None:
        return say(MODEL_GONE, model=task.model)
    if task.is_bound and account is not None and not account.takes(task.spec):
        return say(ACCOUNT_OFF, account=account.label)
    return say("")


def waits_because(task: GenerationTask, stop: Stop | None) -> str:
    """For programs: why it has not started or is not saved; empty when it just waits its turn."""
    if task.state is Status.INGESTING:
        return tell(task.wait_reason, task.wait_parts)
    if task.state is not Status.QUEUED:
        return ""
    return stop_sentence(stop) if stop else tell(why_unstartable(task, task.account)) or tell(task.wait_reason, task.wait_parts)


PYDANTIC = {
    "extra_forbidden": gettext_lazy("This model has no such setting."),
    "missing": gettext_lazy("This is needed."),
    "literal_error": gettext_lazy("Choose one of: %(expected)s."),
    "greater_than_equal": gettext_lazy("At least %(ge)s."),
    "less_than_equal": gettext_lazy("At most %(le)s."),
    "greater_than": gettext_lazy("More than %(gt)s."),
    "less_than": gettext_lazy("Less than %(lt)s."),
    "multiple_of": gettext_lazy("Use a multiple of %(multiple_of)s."),
    "string_too_long": gettext_lazy("At most %(max_length)s characters."),
    "int_parsing": gettext_lazy("Write a whole number."),
    "int_parsing_size": gettext_lazy("Write a whole number."),
    "int_type": gettext_lazy("Write a whole number."),
    "int_from_float": gettext_lazy("Write a whole number."),
    "float_parsing": gettext_lazy("Write a number."),
    "float_type": gettext_lazy("Write a number."),
    "finite_number": gettext_lazy("Write a number."),
    "bool_parsing": gettext_lazy("Write true or false."),
    "bool_type": gettext_lazy("Write true or false."),
    "string_type": gettext_lazy("Write text."),
    "string_too_short": gettext_lazy("This is needed."),
    "string_pattern_mismatch": gettext_lazy("This does not have the form that is needed."),
    "too_long": gettext_lazy("At most %(max_length)s of them."),
    "too_short": gettext_lazy("At least %(min_length)s of them."),
    "tuple_type": gettext_lazy("Write a list."),
    "model_type": gettext_lazy("Write all its parts."),
}


def field_errors(error: ValidationError, spec: ModelSpec) -> dict[str, str]:
    """`params.<field>` -> a sentence, for every field that is wrong. A rule across fields stands at `params`.

    Of a list it is the first item that is wrong, named by its number.
    """
    found: dict[str, str] = {}
    for item in error.errors():
        field, *place = item["loc"] or ("",)
        template = PYDANTIC.get(item["type"])
        message = str(template) % item.get("ctx", {}) if template else _(item["msg"].removeprefix("Value error, "))
        if place:
            message = _("Item %(place)s: %(message)s") % {"place": _place(spec, str(field), place), "message": message}
        elif item["type"] == "extra_forbidden":
            message = _("%(model)s has no setting “%(field)s”.") % {"model": spec.label, "field": str(field)[:60]}
        found.setdefault(f"params.{field}" if field else "params", message)
    return found


def _place(spec: ModelSpec, field: str, place: Sequence[int | str]) -> str:
    """The item's number, counted from one, and the part of it: `2, Duration`."""
    parts = spec.json_schema()["properties"].get(field, {}).get("items", {}).get("properties", {})
    words = (str(one + 1) if isinstance(one, int) else _(parts.get(one, {}).get("title", one)) for one in place)
    return listed(words)


IMAGES = {
    "busy": gettext_lazy("Other images are being checked. Try again in a moment."),
    "not_an_image": gettext_lazy("This file is not an image that can be opened."),
    "unsupported_type": gettext_lazy("This kind of image is not taken here. Use one of: %(kinds)s."),
    "too_large_bytes": gettext_lazy("The image is too large: at most %(max_mb)s MB are taken here."),
    "too_many_pixels": gettext_lazy("The image has too many pixels. Make it smaller, 40 megapixels at most."),
    "too_small": gettext_lazy(
        "The image is too small for this model: %(width_px)s × %(height_px)s px; each side needs %(min_side_px)s px."
    ),
    "too_big_side": gettext_lazy(
        "A side of the image is too long for this model: %(width_px)s × %(height_px)s px; a side may have %(max_side_px)s px."
    ),
    "wrong_ratio": gettext_lazy(
        "The image is too wide or too tall for this model: %(width_px)s × %(height_px)s px; "
        "its width may be %(narrowest)s to %(widest)s times its height."
    ),
    "transparent": gettext_lazy("This model does not take transparent images. Save it without transparency."),
}


TOO_LARGE = gettext_noop(
    "As they are sent, a third larger than their files, the images together have %(sum)s MB; %(model)s takes %(limit)s MB. "
    "Use smaller or fewer images."
)


def too_large_together(spec: ModelSpec, image_bytes: int) -> Sentence:
    """What is wrong when so many bytes of base64 are more than the model's vendor reads; empty when they are not."""
    limit = spec.max_images_bytes
    if limit is None or image_bytes <= limit:
        return say("")
    return say(TOO_LARGE, model=spec.label, sum=f"{ceil(image_bytes / 100_000) / 10:g}", limit=f"{limit // 100_000 / 10:g}")


def image_error(bad: BadImage) -> str:
    """What is wrong with an image, with the figures where they help."""
    return str(IMAGES.get(bad.code, IMAGES["not_an_image"])) % _figures(bad.facts)


def _figures(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts, and those that are not said as they are stored: image/jpeg is JPEG."""
    figures = dict(facts)
    if "formats" in facts:
        figures["kinds"] = ", ".join(name.removeprefix("image/").upper() for name in facts["formats"])
    if "min_ratio" in facts:
        figures |= {"narrowest": f"{facts['min_ratio']:.3g}", "widest": f"{facts['max_ratio']:.3g}"}
    return figures

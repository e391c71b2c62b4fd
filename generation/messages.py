"""Sentences for people: what is wrong with a field, why a task failed and what to do. One table each, translated."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_noop as _
from pydantic import ValidationError

from generation.lifecycle import Status
from generation.media.images import BadImage
from generation.models import GenerationTask, TaskNews
from generation.models.switch import Stop
from generation.places import serves
from providers.core.catalog import ModelSpec
from providers.core.errors import ProviderError
from providers.core.messages import SENTENCES, Message, say
from providers.labels import listed
from providers.messages import translated
from providers.models import ProviderAccount

__all__ = [
    "BUSY",
    "FAILURES",
    "FULL_DISK",
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

BUSY = gettext_lazy("Someone else is editing this, so your change may be incomplete. Reload and try again.")
FULL_DISK = gettext_lazy("The storage is full, so nothing was saved. Ask an administrator to free some space, then try again.")
STORAGE_AWAY = gettext_lazy("The media storage does not respond. Try again in a few minutes.")

FAILURES: dict[str, tuple[str, str]] = {
    "content_rejected": (_("The vendor's safety check rejected your request."), _("Change the prompt or the image, then retry.")),
    "invalid_params": (_("The vendor rejected one of the settings."), _("Change the setting named below, then retry.")),
    "auth_failed": (
        _("The vendor rejected the account's credentials."),
        _("Ask an administrator to check the provider account, then retry."),
    ),
    "clock_off": (
        _("The vendor rejects the time of the portal's signature."),
        _("Ask an administrator to set the clock of this server, then retry."),
    ),
    "out_of_credit": (_("The vendor account has no credit left."), _("Ask an administrator to top it up, then retry.")),
    "holder_off": (
        _("Only the account that made the earlier render can continue it, and it is disabled."),
        _("Ask an administrator to enable the account, then retry."),
    ),
    "refused": (_("The vendor rejected the request."), _("Read the vendor's message below, change the request, then retry.")),
    "wrong_endpoint": (
        _("The account's base URL does not lead to this vendor's API."),
        _("Ask an administrator to check the base URL, then retry."),
    ),
    "generation_failed": (_("The vendor could not render this video."), _("Retry. If it fails again, change the prompt.")),
    "out_of_memory": (_("The graphics card ran out of memory."), _("Choose fewer frames or a smaller size, then retry.")),
    "render_timeout": (_("Rendering took too long and was stopped."), _("Retry. If it fails again, choose a shorter or smaller video.")),
    "cancelled_by_vendor": (_("The vendor cancelled the render."), _("Retry if you still need it.")),
    "submission_gone": (_("The vendor no longer has this render."), _("You may have been charged. A retry is charged again.")),
    "deadline": (_("The vendor did not finish in time."), _("You may still be charged. A retry is charged again.")),
    "result_gone": (_("The vendor removed the video before it could be downloaded."), _("A retry is charged again.")),
    "bad_media": (_("The vendor delivered an incomplete video."), _("Ask the vendor about a refund. A retry is charged again.")),
    "ends_ingest": (
        _("Saving the video crashed the worker several times."),
        _("The paid video is still at the vendor. Ask an administrator to read the worker's log, then to check with the vendor again."),
    ),
    "ends_submit": (
        _("Sending the request crashed the worker several times."),
        _("You were not charged. Try other images, or ask an administrator to read the worker's log."),
    ),
    "abandoned": (_("An administrator gave up this task after a review."), _("A retry is charged again.")),
    "input_missing": (_("An image of this task is no longer in storage."), _("Upload the image again, then retry.")),
    "model_gone": (_("This model is no longer available."), _("You were not charged. Choose another model.")),
    "too_large": (
        _("The images are too large in total for this vendor."),
        _("You were not charged. Use “Edit and retry” with smaller or fewer images."),
    ),
    "settings_gone": (
        _("The model no longer accepts the settings of this task."),
        _("You were not charged. Use “Edit and retry” to choose the settings again."),
    ),
    "gave_up": (_("The request could not be sent after many attempts."), _("You were not charged. Retry later.")),
}


ASK_AGAIN = _("Ask the vendor again, which is free. Submitting again is charged again.")
REVIEWS: dict[str, tuple[str, str]] = {
    "deadline": (
        _("The vendor accepted the task but did not finish before the deadline."),
        _("The portal checks every hour and saves the video when it is ready. You can also ask now or give up."),
    ),
    "submission_gone": (
        _("The vendor accepted the task but no longer finds the id it returned."),
        _("Find the render in the vendor's console by our reference or by time, then adopt its id."),
    ),
    "file_denied": (_("The video is ready, but the vendor does not let us download it."), ASK_AGAIN),
    "bad_media": (_("The video is ready, but the vendor's file is unusable."), ASK_AGAIN),
    "ends_ingest": (
        _("The video is ready, but saving it crashed the worker several times."),
        _("Read the worker's log, then ask the vendor again, which is free."),
    ),
    "blocked_address": (
        _("The video is ready, but the network policy blocks its address."),
        _("Allow the address with OUTBOUND_ALLOW_CIDRS and restart, then ask the vendor again."),
    ),
    "plain_http": (
        _("The video is ready, but the network policy blocks its plain http address."),
        _("Allow the address with OUTBOUND_ALLOW_CIDRS and restart, then ask the vendor again."),
    ),
    "too_large": (
        _("The video is ready, but it is larger than this portal accepts."),
        _("Raise PORTAL_MAX_VIDEO_MB and restart, then ask the vendor again."),
    ),
}
"""Reviews of renders that the vendor accepted. Any other code means that the outcome of the request is unknown."""
NO_ANSWER = (
    _("No answer from the vendor. The request may have been accepted and charged."),
    _("Look for it in the vendor's console. If it is there, adopt its task id; if not, submit it again."),
)
UNKNOWN_OUTCOMES: dict[str, tuple[str, str]] = {
    "duplicate_reference": (
        _("The vendor already has our reference. The render may exist and be charged."),
        _("Find the render in the vendor's console by our reference or by time, then adopt its id."),
    ),
}
"""Reviews of requests that the vendor did answer, whose outcome is unknown all the same."""


GENERATION_SENTENCES = {
    "account_unreachable": _("The vendor's address does not respond. (%(words)s)"),
    "account_rate_limited": _("The vendor's rate limit was reached. (%(words)s)"),
    "account_plan_used_up": _("The account's plan quota is used up until it renews. (%(words)s)"),
    "account_auth_failed": _("The vendor rejected the account's credentials. (%(words)s)"),
    "account_clock_off": _("The vendor rejects the time of the portal's signature. (%(words)s)"),
    "account_out_of_credit": _("The vendor account has no credit left. (%(words)s)"),
    "failed_in_a_row": _("%(n)s submits failed in a row."),
    "failed_often": _("%(bad)s of the last %(all)s submits failed."),
    "last_failure": _("Last error: %(words)s"),
    "stands_in": _("%(model)s replaces %(asked)s, because no account can start %(away)s now."),
    "model_gone": _("The model %(model)s is no longer available."),
    "account_off": _("Only “%(account)s” may send this, but it is disabled or no longer offers this model."),
    "settings_gone": _("%(model)s no longer accepts the settings of this task."),
    "image_gone": _("The image in %(slot)s is no longer in storage."),
    "too_large_together": _("Encoded, the images are %(sum)s MB; %(model)s accepts %(limit)s MB. Use smaller or fewer images."),
    "batch_paused": _("Its batch is paused."),
    "saved_from_link": _("Saved from a link. Nothing was bought."),
    "stored_before": _("This task got the stored videos of task %(task)s. Nothing was bought."),
    "cancelled_before_start": _("Cancelled before it started."),
    "submits_stopped": _("Paid submits were stopped before the request was sent."),
    "held_up": _("This server was too slow to send the request. It will be retried."),
    "not_recorded": _("The request was not sent because the media storage could not record it. It will be retried."),
    "restored_unconfirmed": _("The database was restored from a backup. Nothing is sent until an administrator confirms this."),
    "send_crashes": _("Sending the request crashed the worker %(n)s times. An image may be damaged."),
    "account_changed": _("The address or credentials of “%(account)s” changed after this task was queued again."),
    "answer_late": _("The vendor's answer arrived late: it had accepted the request."),
    "followed_by_another": _("The vendor returned the id %(id)s, which belongs to another task."),
    "sender_lost": _("The worker stopped before it stored the vendor's answer."),
    "not_listed": _("The vendor has no render with our reference. The request was probably not accepted."),
    "known_not_shown": _("The vendor has our reference but shows no render for it."),
    "earlier_may_be_accepted": _("An earlier request of this task may have been accepted."),
    "not_asked": _("The vendor could not be asked about our reference."),
    "cannot_ask_without_model": _("The model is no longer available, so the vendor cannot be asked."),
    "sent_after_backup": _("The request was sent after the backup, so the restored database does not have the answer."),
    "sent_account_gone": _("The request was sent after the backup with the account “%(account)s”, which no longer exists."),
    "cancelled_there": _("The vendor cancelled the render."),
    "deadline_passed": _("The vendor had not finished when the deadline passed."),
    "id_denied": _("The vendor has no render with the id %(id)s. (%(words)s)"),
    "no_reason": _("The vendor gave no reason."),
    "save_crashes": _("Saving this video crashed the worker %(n)s times. The file may be damaged."),
    "budget_full_everyone": _("The budget of everyone together has no room for this, and starts again at %(at)s. Sent when there is room."),
    "budget_full_team": _("The budget of the team that pays has no room for this, and starts again at %(at)s. Sent when there is room."),
    "budget_full_user": _("The owner's budget has no room for this, and starts again at %(at)s. Sent when there is room."),
    "budget_full_token": _("The budget of the API token has no room for this, and starts again at %(at)s. Sent when there is room."),
    "price_unknown": _("A budget counts this, and the cost of %(model)s is not known. It will be sent when a price and its rate are set."),
    "storage_away_send": _("The media storage does not respond. The task will be sent when it does."),
    "storage_away_save": _("The media storage does not respond. The video will be saved when it does."),
    "disk_full": _("The disk is full. The video will be saved when there is space."),
    "limited": _("%(words)s. Ask an administrator to change %(setting)s."),
    "limited_until_changed": _("%(words)s. The video will be saved after an administrator changes %(setting)s."),
    "adopted": _("%(name)s adopted the vendor's task %(id)s"),
    "sent_again": _("%(name)s submitted it again and accepted that it may be charged twice"),
    "given_up": _("%(name)s gave it up after a review"),
    "asked_again_done": _("%(name)s checked again: the vendor has the video"),
    "asked_again_renders": _("%(name)s checked again: the vendor is still rendering"),
    "asked_again_ended": _("%(name)s checked again: the render failed or was cancelled"),
}
"""The sentences that rows of the engine keep by code. To reword one keep its code: old rows then show the new text."""
SENTENCES |= GENERATION_SENTENCES


def trouble(error: ProviderError) -> Message:
    """Return why an account is in cooldown or a task waits, with the vendor's words."""
    code = f"account_{error.code}"
    return say(code, words=str(error.quoted)) + error.advice if code in GENERATION_SENTENCES else error.in_full


def failure_sentence(code: str) -> tuple[str, str]:
    """Return what happened, and what to do."""
    happened, advice = FAILURES.get(code, (_("The task failed."), _("Retry, or ask an administrator for help.")))
    return gettext(happened), gettext(advice)


def review_sentence(code: str) -> tuple[str, str]:
    """Return why a person has to decide, and what an administrator can do."""
    happened, advice = REVIEWS.get(code) or UNKNOWN_OUTCOMES.get(code, NO_ANSWER)
    return gettext(happened), gettext(advice)


def stop_sentence(stop: Stop) -> str:
    """Return why new renders wait, for a card and for the API."""
    if stop.by_environment:
        return gettext("New renders wait: paid submits are stopped by the server's environment.")
    if stop.restored:
        return gettext("New renders wait: the database was restored from a backup, and an administrator has to confirm it.")
    return gettext("New renders wait: %(reason)s") % {"reason": stop.reason}


def why_unstartable(task: GenerationTask | TaskNews, account: ProviderAccount | None) -> Message:
    """Return why a waiting task with this account can never start (`submitting/unstartable.py` ends the wait); empty if it can."""
    if task.spec is None:
        return say("model_gone", model=task.model)
    if task.is_bound and account is not None and not (account.takes(task.spec) and serves(account, task.only)):
        return say("account_off", account=account.label)
    return Message()


def waits_because(task: GenerationTask, stop: Stop | None) -> str:
    """Return, for programs, why a task has not started, is not asked about or not saved; empty if it only waits its turn."""
    if task.state in {Status.RUNNING, Status.INGESTING}:
        return translated(task.wait_reason)
    if task.state is not Status.QUEUED:
        return ""
    return stop_sentence(stop) if stop else translated(why_unstartable(task, task.account) or task.wait_reason)


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
    "int_parsing": gettext_lazy("Enter a whole number."),
    "int_parsing_size": gettext_lazy("Enter a whole number."),
    "int_type": gettext_lazy("Enter a whole number."),
    "int_from_float": gettext_lazy("Enter a whole number."),
    "float_parsing": gettext_lazy("Enter a number."),
    "float_type": gettext_lazy("Enter a number."),
    "finite_number": gettext_lazy("Enter a number."),
    "decimal_type": gettext_lazy("Enter a number."),
    "decimal_parsing": gettext_lazy("Enter a number."),
    "decimal_max_digits": gettext_lazy("At most %(max_digits)s digits."),
    "decimal_max_places": gettext_lazy("At most %(decimal_places)s digits after the point."),
    "decimal_whole_digits": gettext_lazy("At most %(whole_digits)s digits before the point."),
    "bool_parsing": gettext_lazy("Enter true or false."),
    "bool_type": gettext_lazy("Enter true or false."),
    "string_type": gettext_lazy("Enter text."),
    "string_too_short": gettext_lazy("This is needed."),
    "string_pattern_mismatch": gettext_lazy("The format is not valid."),
    "too_long": gettext_lazy("At most %(max_length)s of them."),
    "too_short": gettext_lazy("At least %(min_length)s of them."),
    "tuple_type": gettext_lazy("Enter a list."),
    "model_type": gettext_lazy("Fill in all parts."),
}


def field_errors(error: ValidationError, spec: ModelSpec) -> dict[str, str]:
    """Return `params.<field>` -> a sentence, for every field that is wrong. Errors of several fields together are at `params`.

    For a list the sentence names the first wrong item by its number.
    """
    found: dict[str, str] = {}
    for item in error.errors():
        field, *place = item["loc"] or ("",)
        template = PYDANTIC.get(item["type"])
        facts = item.get("ctx", {})
        if "expected" in facts:  # "5, 8 or 10"
            facts = {**facts, "expected": facts["expected"].replace(" or ", gettext(" or "))}
        message = str(template) % facts if template else gettext(item["msg"].removeprefix("Value error, "))
        if place:
            message = gettext("Item %(place)s: %(message)s") % {"place": _place(spec, str(field), place), "message": message}
        elif item["type"] == "extra_forbidden":
            message = gettext("%(model)s has no setting “%(field)s”.") % {"model": spec.label, "field": str(field)[:60]}
        found.setdefault(f"params.{field}" if field else "params", message)
    return found


def _place(spec: ModelSpec, field: str, place: Sequence[int | str]) -> str:
    """Return the item's number, counted from one, and the part of it: `2, Duration`."""
    parts = spec.json_schema()["properties"].get(field, {}).get("items", {}).get("properties", {})
    return listed(str(one + 1) if isinstance(one, int) else gettext(parts.get(one, {}).get("title", one)) for one in place)


IMAGES = {
    "busy": gettext_lazy("Other images are being checked. Try again in a moment."),
    "not_an_image": gettext_lazy("This file cannot be opened as an image."),
    "unsupported_type": gettext_lazy("%(kind)s images are not supported. Use one of: %(kinds)s."),
    "too_large_bytes": gettext_lazy("The image is too large. The limit is %(max_mb)s MB."),
    "too_many_pixels": gettext_lazy("The image has too many pixels. The limit is 40 megapixels."),
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
    "transparent": gettext_lazy("This model does not accept transparent images. Save it without transparency."),
}


def too_large_together(spec: ModelSpec, image_bytes: int) -> Message:
    """Return the error if the model's vendor does not read so many bytes of base64; otherwise an empty message."""
    limit = spec.max_images_bytes
    if limit is None or image_bytes <= limit:
        return Message()
    return say("too_large_together", model=spec.label, sum=f"{ceil(image_bytes / 100_000) / 10:g}", limit=f"{limit // 100_000 / 10:g}")


def image_error(bad: BadImage) -> str:
    """Return what is wrong with an image, with its figures."""
    figures: dict[str, Any] = dict(bad.facts)
    if "formats" in figures:
        figures["kind"] = figures["type"].removeprefix("image/").upper()
        figures["kinds"] = ", ".join(name.removeprefix("image/").upper() for name in figures["formats"])
    if "min_ratio" in figures:
        figures |= {"narrowest": f"{figures['min_ratio']:.3g}", "widest": f"{figures['max_ratio']:.3g}"}
    return str(IMAGES.get(bad.code, IMAGES["not_an_image"])) % figures

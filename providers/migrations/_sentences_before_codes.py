"""Sentences as rows kept them before they had codes, and how they become codes. Frozen: do not reword."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

CODES: dict[str, str] = {
    "The credentials of this account cannot be opened with the keys in CREDENTIAL_KEYS. Restore the key they were sealed with, or type the credentials in again.": "seal_unreadable",
    "These sealed credentials belong to another account. Type them in again.": "seal_of_another",
    "The portal no longer knows the vendor or surface of this account. Delete or disable the account.": "vendor_removed",
    "%(vendor)s accepts the credentials.": "test_accepted",
    "%(vendor)s answers.": "test_answers",
    "Left: %(balance)s.": "test_balance",
    "%(vendor)s accepts the credentials, but nothing is left of the balance. Top it up at the vendor.": "test_nothing_left",
    "No host is called %(host)s. Check the spelling and the region in the base URL; usually it is %(usual)s.": "test_unknown_host",
    "Nothing answers at %(url)s. Check the base URL and this machine's way out. (%(words)s)": "test_unreachable",
    "%(vendor)s answers, but refuses the key: it is mistyped, revoked or not allowed here. Type it in again. (%(words)s)": "test_auth_failed",
    "%(vendor)s accepts the key, but the account has no credit left. (%(words)s)": "test_out_of_credit",
    "%(vendor)s accepts the key, but what the account's plan allows is used up for now. (%(words)s)": "test_plan_used_up",
    "%(vendor)s answers, but asks for fewer requests just now. Test again in a minute. (%(words)s)": "test_rate_limited",
    "%(url)s gives no good answer just now. Test again later. (%(words)s)": "test_provider_down",
    "%(vendor)s answers, but has nothing at %(url)s. Check the path of the base URL; usually it is %(usual)s. (%(words)s)": "test_wrong_path",
    "%(url)s answers, but not as %(vendor)s does. Check the base URL; usually it is %(usual)s. (%(words)s)": "test_wrong_endpoint",
    "The address is of another region: the key is good at %(own)s. Set the base URL to that region's, usually %(usual)s.": "test_other_address",
    "The key is of another region: %(other)s accepts it, %(own)s does not. Add an account of %(other)s with it, or type in a key of this region.": "test_other_key",
    "Nothing answers at the vendor's address. (%(words)s)": "account_unreachable",
    "The vendor asks for fewer requests just now. (%(words)s)": "account_rate_limited",
    "What the account's plan allows is used up for now; it waits until more is allowed. (%(words)s)": "account_plan_used_up",
    "The vendor refuses the account's credentials. (%(words)s)": "account_auth_failed",
    "The account has no credit left at the vendor. (%(words)s)": "account_out_of_credit",
    "%(n)s submits failed in a row.": "failed_in_a_row",
    "%(bad)s of the last %(all)s submits failed.": "failed_often",
    "Last: %(words)s": "last_failure",
    "%(model)s stands in for %(asked)s: no account may start %(away)s now": "stands_in",
    "The portal no longer has the model %(model)s.": "model_gone",
    "Only “%(account)s” may send it again, and it is off or no longer takes this model.": "account_off",
    "%(model)s no longer takes the settings that this task was made with.": "settings_gone",
    "The image in %(slot)s is no longer in storage.": "image_gone",
    "As they are sent, a third larger than their files, the images together have %(sum)s MB; %(model)s takes %(limit)s MB. Use smaller or fewer images.": "too_large_together",
    "Before it started": "cancelled_before_start",
    "Paid submits were stopped right before it was sent.": "submits_stopped",
    "It was held up on this server, so it was not sent. It is tried again.": "held_up",
    "The media storage could not record this request, so it was not sent. It is tried again.": "not_recorded",
    "The database was restored from a backup. Nothing is sent until an administrator confirms it.": "restored_unconfirmed",
    "The process that was to send it ended %(n)d times before it was sent; it may be an image.": "send_crashes",
    "Address or credentials of “%(account)s” were changed after it was decided to send this again.": "account_changed",
    "The vendor's answer came late: it had accepted it.": "answer_late",
    "The vendor names %(id)s, which another task follows already.": "followed_by_another",
    "The process that was sending ended before the vendor's answer was stored.": "sender_lost",
    "The vendor shows no render under our reference: it was probably not accepted.": "not_listed",
    "The vendor says that it has our reference, but shows no render under it.": "known_not_shown",
    "An earlier request of this task may have been accepted.": "earlier_may_be_accepted",
    "The vendor could not be asked about our reference.": "not_asked",
    "The catalog no longer has the model, so the vendor cannot be asked.": "cannot_ask_without_model",
    "It was sent after the backup was made; the restored database does not have the answer.": "sent_after_backup",
    "It was sent after the backup from which the database was restored, with the account “%(account)s”, which is gone.": "sent_account_gone",
    "The vendor reports it as cancelled.": "cancelled_there",
    "Still not finished at the vendor when our deadline passed.": "deadline_passed",
    "The vendor says that it has no render with the id %(id)s. (%(words)s)": "id_denied",
    "The vendor gave no reason.": "no_reason",
    "Saving this video crashed the worker %(n)d times. The file may be damaged.": "save_crashes",
    "The media storage does not answer. The task is sent as soon as it does.": "storage_away_send",
    "The media storage does not answer. The video is saved as soon as it does.": "storage_away_save",
    "The portal's disk is full. The video is saved as soon as there is room.": "disk_full",
    "%(words)s. Ask an administrator to change %(setting)s.": "limited",
    "%(words)s. Ask an administrator to change %(setting)s; the video is then saved.": "limited_until_changed",
    "%(name)s adopted the vendor's task %(id)s": "adopted",
    "Sent again by %(name)s, who knows that it may be paid twice": "sent_again",
    "Given up after review by %(name)s": "given_up",
    "%(name)s asked again: the vendor has the video": "asked_again_done",
    "%(name)s asked again: the vendor still renders it": "asked_again_renders",
    "%(name)s asked again: the render failed or was cancelled": "asked_again_ended",
}


def parts_of(stored: Iterable[Any], words: str) -> list[Any]:
    """Return a message's parts from `[[msgid, facts], ...]`, or from the text of a row without them. What is not known stays as English."""
    return [_part(*item) for item in (stored or ([[words, {}]] if words else []))]


def _part(msgid: str, facts: dict[str, Any]) -> Any:
    if msgid in CODES:
        return {"code": CODES[msgid], "args": facts}
    return msgid % facts if facts else msgid


def convert(model: Any, columns: dict[str, str]) -> None:
    """Fill each JSON column from itself and from the text column that it replaces."""
    rows, last = model.objects.order_by("pk").only(*columns, *columns.values()), None
    while chunk := list((rows.filter(pk__gt=last) if last else rows)[:500]):
        for row in chunk:
            for parts, text in columns.items():
                setattr(row, parts, parts_of(getattr(row, parts), getattr(row, text)))
        model.objects.bulk_update([row for row in chunk if any(getattr(row, text) for text in columns.values())], [*columns])
        last = chunk[-1].pk

"""Sentences that rows of this room keep by their codes, and those for the codes of tries."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_noop as _

from providers.core.messages import SENTENCES, Message, say

__all__ = ["TRIES", "WEBHOOK_SENTENCES", "budget_words"]

WEBHOOK_SENTENCES = {
    "endpoint_gone": _("“%(name)s” was disabled: its receiver answered that it is gone (410). Enable it when the receiver is back."),
    "endpoint_dead": _("“%(name)s” was disabled: it failed for five days. Repair the receiver, enable the endpoint and send again."),
    "endpoint_unreadable": _("Deliveries to “%(name)s” are waiting: its secret cannot be decrypted. Open the endpoint to see what to do."),
    "run_failed": _("“%(name)s” made no videos: %(words)s"),
    "video_approved": _("“%(name)s” was approved by %(by)s."),
    "video_rejected": _("“%(name)s” was rejected by %(by)s."),
    "review_wanted": _("%(by)s asks for a review."),
    "review_approved": _("Approved by %(by)s."),
    "review_rejected": _("Rejected by %(by)s."),
    "review_none": _("%(by)s took the review back."),
    "budget_of_everyone_day": _("The daily budget of everyone together:"),
    "budget_of_everyone_month": _("The monthly budget of everyone together:"),
    "budget_of_team_day": _("The daily budget of your team “%(name)s”:"),
    "budget_of_team_month": _("The monthly budget of your team “%(name)s”:"),
    "budget_of_user_day": _("Your daily budget:"),
    "budget_of_user_month": _("Your monthly budget:"),
    "budget_of_token_day": _("The daily budget of your token “%(name)s”:"),
    "budget_of_token_month": _("The monthly budget of your token “%(name)s”:"),
    "budget_warning": _("%(percent)s %% are used."),
    "budget_refused": _("An order did not fit. %(held)s of %(limit)s %(currency)s are used."),
}
TRIES = {
    "status": _("The receiver did not answer with success (2xx)."),
    "redirected": _("The receiver answered with another address. Enter that address: redirects are not followed."),
    "gone": _("The receiver answered that it is gone (410)."),
    "refused": _("The service did not accept the message. Its answer says why."),
    "host_unknown": _("The host of the address is not known."),
    "address_blocked": _("The address leads to a network that the portal must not reach (OUTBOUND_ALLOW_CIDRS)."),
    "address_invalid": _("The address is not valid."),
    "no_connection_in_time": _("The receiver did not take the connection in time."),
    "no_answer_in_time": _("The receiver did not answer within 20 seconds."),
    "connection_broke": _("The connection broke before an answer came."),
    "connection_refused": _("The receiver refused the connection."),
    "tls_failed": _("The receiver's certificate cannot be trusted, or it does not speak TLS."),
    "header_unsendable": _("The address or a header has characters that cannot be sent."),
    "mail_failed": _("The mail server did not take the message."),
    "no_address": _("The owner has no e-mail address."),
    "unexpected": _("Something went wrong here; the log has it."),
}
"""By the code of a try; empty is success."""
SENTENCES |= WEBHOOK_SENTENCES


def budget_words(facts: Mapping[str, Any]) -> Message:
    """Return whose budget a `budget.warning` is about, and what happened. A refused order leaves it below 100 percent, whatever `percent`
    says.
    """
    kind, window = facts["kind"], facts["window"]
    whose = say(f"budget_of_{kind}_{window}", name=facts.get("name", ""))
    if facts.get("refused"):
        return whose + say("budget_refused", held=_short(facts["held"]), limit=_short(facts["limit"]), currency=facts["currency"])
    return whose + say("budget_warning", percent=str(facts.get("percent", "")))


def _short(amount: str) -> str:
    """Return a decimal without the zeros at its end."""
    return f"{Decimal(amount).normalize():f}"

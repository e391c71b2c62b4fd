"""Why a language model's answer was not used: sentences by their codes."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from providers.core.messages import SENTENCES

__all__ = ["PROMPT_SENTENCES"]

PROMPT_SENTENCES = {
    "chat_none": _("No language model is set up that prompts may be sent to. An administrator can add one."),
    "chat_blind": _("None of the language models here sees images. An administrator can add one that does."),
    "chat_busy": _("Too many prompts are with the language model at the moment. Try again in a few seconds."),
    "chat_key": _("The language model rejected the portal's key. Ask an administrator to enter it again."),
    "chat_key_unreadable": _("The language model's key cannot be decrypted. Ask an administrator to enter it again."),
    "chat_unreachable": _("The language model gave no answer."),
    "chat_too_large": _("The language model's answer is far too long."),
    "chat_unreadable": _("The language model's answer cannot be read. Ask an administrator to check its address."),
    "chat_status": _("The language model answered with an error (HTTP %(status)s)."),
    "chat_error": _("The language model answered with an error."),
    "chat_no_text": _("The language model's answer has no text."),
    "chat_tool_call": _("The language model asked for a tool and wrote no text."),
    "chat_refused": _("The language model refused this text."),
    "chat_cut": _("The language model's answer was cut off before its end."),
    "chat_over_limit": _("The language model wrote more than the %(most)s characters that the video model takes."),
    "captions_late": _(
        "A minute was enough for %(count)s of %(all)s captions. Write the others yourself, or plan fewer posts at one time."
    ),
    "chat_bad_image": _("The image cannot be read."),
}
SENTENCES |= PROMPT_SENTENCES

"""The captions of a video: one WebVTT file for each language, stored as its other files are."""

from __future__ import annotations

import re

from django.conf.locale import LANG_INFO
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.callers import Caller
from events import audit
from generation import store
from generation.actions.added_files import bytes_of, new_stem
from generation.actions.rights import require_rights
from generation.errors import Conflict, InvalidRequest, NotThere
from generation.media.webvtt import MOST_BYTES, BadCaptions, read_captions
from generation.models import Video

__all__ = ["delete_captions", "language_name", "set_captions"]

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
"""As of BCP 47 what people use: zh, zh-Hans, pt-BR."""
MOST_LANGUAGES = 20
WRONG = {
    "too_large": gettext_lazy("A caption file has at most %(kb)d kB."),
    "not_utf8": gettext_lazy("Line %(line)d is not UTF-8. Save the file as UTF-8."),
    "no_signature": gettext_lazy("This is not WebVTT: the first line has to be WEBVTT."),
    "wrong_time": gettext_lazy("Line %(line)d: write times as 00:01.000 --> 00:04.000."),
    "ends_too_early": gettext_lazy("Line %(line)d: the caption ends before it begins."),
    "wrong_setting": gettext_lazy("Line %(line)d has a setting that WebVTT does not know."),
    "wrong_block": gettext_lazy("Line %(line)d is neither a caption nor a comment. Captions have an empty line between them."),
    "no_cues": gettext_lazy("The file has no captions."),
    "too_many_cues": gettext_lazy("The file has too many captions."),
}


def language_name(language: str) -> str:
    """Return what the speakers of this language call it; the tag itself if Django does not know it."""
    return str(LANG_INFO.get(language.lower(), {}).get("name_local", language))


def set_captions(video: Video, *, language: str, content: bytes, by: Caller) -> str:
    """Store the captions of this language in place of earlier ones. Return the language as it is kept. Raises `NotAllowed`,
    `InvalidRequest`, `Conflict`, and as the store. Earlier files are deleted by the sweep.
    """
    require_rights(video, by)
    language = _kept(language)
    try:
        captions = read_captions(content)
    except BadCaptions as bad:
        words = str(WRONG[bad.code]) % {"line": bad.line, "kb": MOST_BYTES // 1024}
        raise InvalidRequest(words, code=bad.code, fields={"file": words}) from bad
    if len(video.captions) >= MOST_LANGUAGES and language not in video.captions:
        words = _("A video has captions in at most %(n)d languages.") % {"n": MOST_LANGUAGES}
        raise InvalidRequest(words, fields={"language": words})
    key = f"{new_stem(video, f'{language}-')}.vtt"
    stored = captions.text.encode()
    store.save(key, stored)
    if not _name(video, video.captions | {language: key}, len(stored), "video.captions_stored", language, by):
        store.discard([key])
        raise _changed()
    return language


def delete_captions(video: Video, *, language: str, by: Caller) -> None:
    """Take the captions of this language off the video. Raises `NotAllowed`, `NotThere`, `Conflict`."""
    require_rights(video, by)
    if language not in video.captions:
        raise NotThere(_("The video has no captions in this language."))
    left = {other: key for other, key in video.captions.items() if other != language}
    if not _name(video, left, 0, "video.captions_deleted", language, by):
        raise _changed()


@transaction.atomic
def _name(video: Video, captions: dict[str, str], added: int, action: str, language: str, by: Caller) -> bool:
    """Let the row name these. False: somebody was faster."""
    gone = bytes_of(set(video.captions.values()) - set(captions.values()))
    unchanged = Video.objects.kept().filter(pk=video.pk, captions=video.captions)
    if not unchanged.change(captions=captions, stored_bytes=Greatest(F("stored_bytes") + added - gone, 0)):
        return False
    audit.record(action, video, by=by, after={"language": language})
    video.captions = captions
    return True


def _kept(language: str) -> str:
    """Return the tag as RFC 5646 writes it: zh-Hans, pt-BR. Raises `InvalidRequest`."""
    if not LANGUAGE.fullmatch(language):
        words = _("Write a language as en, zh-Hans or pt-BR.")
        raise InvalidRequest(words, fields={"language": words})
    first, *others = language.split("-")
    cased = [part.title() if len(part) == 4 else part.upper() if len(part) == 2 else part.lower() for part in others]
    return "-".join([first.lower(), *cased])


def _changed() -> Conflict:
    return Conflict(_("Somebody else has just changed the captions or deleted the video. Reload the page."))

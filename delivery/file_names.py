"""What a downloaded video is called: a pattern that each person chooses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _

from access.models import Preference
from generation.errors import InvalidRequest
from generation.models import Video
from providers.labels import label_of
from providers.vendors import ALL_MODELS

__all__ = ["LONGEST_PATTERN", "PARTS", "checked_pattern", "named_by", "pattern_of"]

LONGEST_PATTERN = 100
PARTS: Mapping[str, Callable[[Video], str]] = {
    "title": lambda video: video.title,
    "date": lambda video: f"{timezone.localtime(video.created_at):%Y-%m-%d}",
    "time": lambda video: f"{timezone.localtime(video.created_at):%H%M%S}",
    "model": lambda video: label_of(spec) if (spec := ALL_MODELS.get(video.model)) else video.model,
    "resolution": lambda video: f"{min(video.width_px, video.height_px)}p",
    "person": lambda video: video.owner.get_username(),
    "content_id": lambda video: video.task.content_id,
    "id": lambda video: video.pk.hex[-8:],
}
"""What a pattern may have in braces."""
PART = re.compile(r"\{(\w*)\}")


def checked_pattern(text: str) -> str:
    """Return the pattern, stripped; empty for the usual name. Raises `InvalidRequest` about `file_names`."""
    pattern = text.strip()
    wrong = ""
    if len(pattern) > LONGEST_PATTERN:
        wrong = _("At most %(n)d characters.") % {"n": LONGEST_PATTERN}
    elif set(PART.findall(pattern)) - PARTS.keys() or any(brace in PART.sub("", pattern) for brace in "{}"):
        wrong = _("In braces may be: %(names)s.") % {"names": ", ".join(PARTS)}
    elif pattern and not PART.search(pattern):
        wrong = _("Write at least one part in braces, so that names differ.")
    if wrong:
        raise InvalidRequest(wrong, fields={"file_names": wrong})
    return pattern


def pattern_of(user: User) -> str:
    """Return the pattern that this person chose, or an empty text."""
    return Preference.objects.filter(user=user).values_list("file_names", flat=True).first() or ""


def named_by(pattern: str, video: Video) -> str:
    """Return the name without suffix; empty for the usual one. `stored_file.file_name` makes it safe for every system."""
    if not pattern:
        return ""
    name = PART.sub(lambda found: PARTS[found[1]](video) if found[1] in PARTS else "", pattern)
    return re.sub(r"[_\s-]*_[_\s-]*", "_", name).strip("_- ")  # where a part is empty

"""Small pieces of text that several pages need."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from generation.models import GenerationTask, Video
from generation.models.video import first_title
from providers.labels import label_of
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS, PROVIDERS
from web.formatting import duration

__all__ = [
    "account_label",
    "date_time",
    "day_name",
    "mark_of",
    "model_label",
    "name_of",
    "plain_number",
    "tile_size_words",
    "time_range",
    "title_and_language",
    "title_of",
    "vendor_label",
]

HAN = re.compile(r"[\u3400-\u9fff]")
MINUTE_S = 60
SHORT_S = 100


def title_and_language(task: GenerationTask) -> tuple[str, str]:
    """Return the prompt in one line, and its lang attribute for fonts and screen readers; without a prompt, a sentence and no lang."""
    text = task.prompt.text
    language = "zh-Hans" if HAN.search(text) else "en"
    return " ".join(text.split()) or _("From an image, no prompt"), language if text else ""


def title_of(video: Video) -> tuple[str, str]:
    """Return the title that a person gave the video, and its lang attribute; else those of its task."""
    if not video.title or video.title == first_title(video.task.prompt.text):
        return title_and_language(video.task)
    return video.title, "zh-Hans" if HAN.search(video.title) else "en"


def model_label(name: str) -> str:
    """Return the model's name for people, or its id if the catalog no longer has it."""
    spec = ALL_MODELS.get(name)
    return label_of(spec) if spec else name


def vendor_label(slug: str) -> str:
    provider = PROVIDERS.get(slug)
    return _(provider.label) if provider else slug


def account_label(account: ProviderAccount) -> str:
    """Return the account's label; that of a sandbox account in the reader's language, because the portal wrote it."""
    return " · ".join(_(part) for part in account.label.split(" · ")) if account.sandbox else account.label


def mark_of(slug: str) -> str:
    """Return the two letters of a vendor's mark, the same in every language."""
    provider = PROVIDERS.get(slug)
    return (provider.label if provider else slug)[:2].upper()


def name_of(user: User) -> str:
    return user.get_full_name() or user.get_username()


def time_range(low_s: float, high_s: float) -> str:
    """Format a range of seconds: 55 and 80 -> 55–80 s; 118 and 190 -> 2–3 min."""
    if high_s < SHORT_S:
        low, high = round(low_s), round(high_s)
        return _("%(low)d–%(high)d s") % {"low": low, "high": high} if low != high else _("%(s)d s") % {"s": high}
    low, high = max(1, round(low_s / MINUTE_S)), round(high_s / MINUTE_S)
    if low == high:
        return duration(high * MINUTE_S)
    return _("%(low)d–%(high)d min") % {"low": low, "high": high}


def day_name(day: date, today: date) -> tuple[str, str]:
    """Return Today, Yesterday or the weekday, and the date in full."""
    full = date_format(day, "DATE_FORMAT")
    if day == today:
        return _("Today"), full
    if day == today - timedelta(days=1):
        return _("Yesterday"), full
    return date_format(day, "l") if today - day < timedelta(days=7) else full, full


def tile_size_words() -> dict[str, str]:
    return {"small": _("Small tiles"), "medium": _("Medium tiles"), "large": _("Large tiles")}


def date_time(when: datetime) -> str:
    """Return the date and the time of day in the language's one form."""
    return date_format(timezone.localtime(when), "DATETIME_FORMAT")


def plain_number(value: float) -> str:
    """Format a number without needless digits: 5.0 -> 5, 23.976 -> 23.98."""
    return number_format(round(value, 2) if value % 1 else int(value), use_l10n=True)

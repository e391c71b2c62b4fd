"""Template words of the portal: icons, localised numbers and times, and the texts that page scripts show.

Pure presentation lives here: no query, no request, no rule of the business.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from generation.queries.tasks import COUNTED_MOST

register = template.Library()

CURRENCY_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "JP¥"}
SIZES = (("GB", 1_000_000_000, 1), ("MB", 1_000_000, 1), ("kB", 1_000, 0))
RATIO = re.compile(r"^(\d+(?:\.\d+)?)[:*x](\d+(?:\.\d+)?)$")

SCRIPT_TEXTS = {
    "copied": gettext_lazy("Copied."),
    "copy_failed": gettext_lazy("The browser refused to copy. Select the text and copy it by hand."),
    "image_type": gettext_lazy("This file type is not accepted here. Use JPEG, PNG, WebP, BMP, GIF or TIFF."),
    "image_large": gettext_lazy("This image is too large. The limit is {n} MB."),
    "image_pixels": gettext_lazy("This image has too many pixels. The limit is {n} megapixels."),
    "image_small": gettext_lazy("This image is too small. Each side needs at least {n} pixels."),
    "image_broken": gettext_lazy("This file cannot be read as an image."),
    "upload_failed": gettext_lazy("The image could not be uploaded. Try again."),
    "send_failed": gettext_lazy("No answer from the server. Your request may have arrived. Try again: nothing is ordered twice."),
    "still_sending": gettext_lazy("Still sending. Wait for the answer."),
    "server_error": gettext_lazy("The server answered with error {status}. Try again in a moment."),
    "task_done": gettext_lazy("Done: {title}"),
    "task_failed": gettext_lazy("Failed: {title}"),
    "no_contact": gettext_lazy("No contact with the server for {n} s."),
    "next_try": gettext_lazy("Trying again in {n} s."),
}


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """The icon `name` of icons.svg; it is decoration, so the word beside it or an aria-label has to say the meaning."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        f" {css}" if css else "",
        static("portal/icons.svg"),
        name,
    )


@register.simple_tag
def script_texts() -> SafeString:
    """The JSON block that net.js reads; scripts hold no words of their own."""
    return json_script({key: str(words) for key, words in SCRIPT_TEXTS.items()}, "strings")


@register.filter
def clock(seconds: float | None) -> str:
    """5.2 -> 0:05, as on the corner of a video."""
    if seconds is None:
        return ""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


@register.filter
def duration(seconds: float | None) -> str:
    """171 -> 2 min 51 s, the time something took."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    parts = {"h": whole // 3600, "min": whole % 3600 // 60, "s": whole % 60}
    if parts["h"]:
        return _("%(h)d h %(min)d min") % parts
    if parts["min"]:
        return _("%(min)d min %(s)d s") % parts if parts["s"] else _("%(min)d min") % parts
    return _("%(s)d s") % parts


@register.filter
def size(count_bytes: int | None) -> str:
    """6_200_000 -> 6.2 MB, in decimal units as disks and networks count."""
    if count_bytes is None:
        return ""
    for unit, factor, digits in SIZES:
        if count_bytes >= factor:
            return f"{number_format(count_bytes / factor, digits, use_l10n=True)} {unit}"
    return f"{count_bytes} B"


@register.filter
def capped(count: int) -> str:
    """128 -> 128; what was not counted to its end -> 1,000+."""
    more = "+" if count > COUNTED_MOST else ""
    return number_format(min(count, COUNTED_MOST), use_l10n=True, force_grouping=True) + more


@register.filter
def money(amount: Decimal | None, currency: str = "CNY", decimals: int = 2) -> str:
    """Decimal("7.3") -> ¥7.30; a currency without a sign of its own keeps its code."""
    if amount is None:
        return ""
    number = number_format(amount, decimals, use_l10n=True, force_grouping=True)
    sign = CURRENCY_SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{number} {currency}"


@register.filter
def ago(when: datetime | None) -> str:
    """How long since `when`, in words; after a day, the date."""
    if when is None:
        return ""
    seconds = (timezone.now() - when).total_seconds()
    if seconds < 60:
        return _("just now")
    if seconds < 3600:
        return _("%(n)d min ago") % {"n": seconds // 60}
    if seconds < 86400:
        return _("%(n)d h ago") % {"n": seconds // 3600}
    return date_format(timezone.localtime(when), "SHORT_DATE_FORMAT")


@register.filter
def initials(name: str) -> str:
    """Lin Yue -> LY, admin -> AD, 林悦 -> 林悦."""
    words = name.split()
    letters = "".join(word[0] for word in words[:2]) if len(words) > 1 else name[:2]
    return letters.upper()


@register.filter
def hue(name: str) -> int:
    """A colour angle that stays the same for a name, for avatars."""
    return sum(ord(letter) * (place + 7) for place, letter in enumerate(name)) * 47 % 360


@register.filter
def ratio(value: object) -> str:
    """16:9 -> 16/9, for CSS aspect-ratio; empty when `value` is no ratio."""
    match = RATIO.match(str(value))
    return f"{match[1]}/{match[2]}" if match else ""


@register.filter
def shape(value: object) -> str:
    """The class that fits a ratio's little rectangle into a line of text."""
    match = RATIO.match(str(value))
    if not match:
        return ""
    proportion = float(match[1]) / float(match[2])
    return "flat" if proportion > 2 else "wide" if proportion > 1.5 else "tall" if proportion < 0.7 else ""


@register.filter
def control(field: BoundField, css: str = "input") -> SafeString:
    """The form field's own widget with our class, so that its template decides nothing about HTML."""
    own = field.field.widget.attrs.get("class", "")
    return field.as_widget(attrs={"class": f"{css} {own}".strip()})


@register.filter
def attribute(field: BoundField, name: str) -> Any:
    """A widget attribute such as data-unit, min or max."""
    return field.field.widget.attrs.get(name, "")


@register.filter
def switched(field: BoundField) -> SafeString:
    """A checkbox that says to assistive technology that it is a switch."""
    return field.as_widget(attrs={"role": "switch"})


@register.filter
def counted(field: BoundField) -> SafeString:
    """A text area whose characters form.js counts into the label below it."""
    return field.as_widget(attrs={"data-count": f"{field.auto_id}_count", "rows": "4"})

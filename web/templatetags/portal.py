"""Tags and filters of the templates: icons, form controls, everything of `web.formatting`, and the texts that page scripts show."""

from functools import cache
from typing import Any

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from web import formatting

register = template.Library()

for name in formatting.__all__:
    register.filter(name, getattr(formatting, name))

SCRIPT_TEXTS = {
    "copied": gettext_lazy("Copied."),
    "copy_failed": gettext_lazy("Copying failed. Select the text and copy it yourself."),
    "image_type": gettext_lazy("{kind} files are not accepted here. Use JPEG, PNG, WebP, AVIF, BMP, GIF or TIFF."),
    "image_large": gettext_lazy("This image is too large. The limit is {n} MB."),
    "image_pixels": gettext_lazy("This image has too many pixels. The limit is {n} megapixels."),
    "image_small": gettext_lazy("This image is too small. Each side needs at least {n} pixels."),
    "image_ratio": gettext_lazy("This image is {width} × {height}. Here width ÷ height has to be between {low} and {high}."),
    "image_broken": gettext_lazy("This file is not a readable image."),
    "upload_failed": gettext_lazy("The upload failed. Try again."),
    "send_failed": gettext_lazy("No answer from the server. Your request may have arrived. Try again: nothing is ordered twice."),
    "still_sending": gettext_lazy("Still sending. Wait for the answer."),
    "not_there": gettext_lazy("This no longer exists. Reload the page."),
    "server_error": gettext_lazy("The server answered with error {status}. Try again in a moment."),
    "task_done": gettext_lazy("Done: {title}"),
    "task_failed": gettext_lazy("Failed: {title}"),
    "notice_done": gettext_lazy("A video is done"),
    "notice_failed": gettext_lazy("A video failed"),
    "notice_review": gettext_lazy("A task needs review"),
    "notices_on": gettext_lazy("This browser shows notifications of the portal."),
    "notices_off": gettext_lazy("This browser blocks notifications of the portal. Allow them in its settings for this site."),
    "notices_ask": gettext_lazy("This browser has not been asked yet."),
    "no_contact": gettext_lazy("No connection to the server for {n} s."),
    "passkey_failed": gettext_lazy("The passkey could not be used. Try again, or sign in another way."),
    "next_try": gettext_lazy("Trying again in {n} s."),
}


@register.simple_tag
@cache  # a page has hundreds of them
def icon(name: str, css: str = "") -> SafeString:
    """Return the icon `name` of icons.svg. It is decoration: the text beside it or an aria-label has to say the meaning."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        f" {css}" if css else "",
        static("portal/icons.svg"),
        name,
    )


@register.simple_tag
def parts(*names: str) -> SafeString:
    """Return the links to the sheets and scripts that a page needs beside those of every page: "gallery.css", "select.js"."""
    links = {"css": '<link rel="stylesheet" href="{}">', "js": '<script type="module" src="{}"></script>'}
    kinds = ((name, name.rpartition(".")[2]) for name in names)
    return format_html_join("\n    ", "{}", ((format_html(links[kind], static(f"portal/{kind}/{name}")),) for name, kind in kinds))


@register.simple_tag
def script_texts() -> SafeString:
    """Return the JSON block that net.js reads; scripts contain no texts themselves."""
    return json_script({key: str(words) for key, words in SCRIPT_TEXTS.items()}, "strings")


@register.filter
def control(field: BoundField, css: str = "input") -> SafeString:
    """Return the form field's widget with a CSS class, so that its template decides nothing about HTML."""
    own = field.field.widget.attrs.get("class", "")
    return field.as_widget(attrs={"class": f"{css} {own}".strip()})


@register.filter
def attribute(field: BoundField, name: str) -> Any:
    """Return a widget attribute such as data-unit, min or max."""
    return field.field.widget.attrs.get(name, "")


@register.filter
def switched(field: BoundField) -> SafeString:
    """Return a checkbox that is a switch to assistive technology."""
    return field.as_widget(attrs={"role": "switch"})


@register.filter
def counted(field: BoundField) -> SafeString:
    """Return a text area whose characters form.js counts into the label below it."""
    return field.as_widget(attrs={"data-count": f"{field.auto_id}_count", "rows": "4"})

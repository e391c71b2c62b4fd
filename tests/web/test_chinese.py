"""Chinese is whole: every text has its translation, the compiled catalog is that of the source, and no page falls back to English."""

from __future__ import annotations

import ast
import gettext
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from access.callers import Caller
from generation.lifecycle import Status
from generation.models import TaskInput
from generation.ordering.prices import current
from prompts.platforms import PLATFORMS
from providers.vendors import ALL_MODELS, PROVIDERS
from tests.task_rows import make_task
from tests.web.page_rows import WAN, fill_slots, make_asset, make_video
from web.catalog_strings import CHOICE_WORDS
from web.forms import form_for
from web.management.commands.makemessages import vendor_texts
from web.recipe_form import RecipeForm
from web.variations_form import VariationsForm
from web.views.compose import compose_context

FOLDER = Path(settings.BASE_DIR) / "locale/zh_Hans/LC_MESSAGES"
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
WORD = re.compile(r"[A-Za-z]{3,}")
OURS = (
    "Portal",
    "API",
    "Webhook",
    "English",
    "official-key",
    "beijing",
    "lin",
    "admin",
    "Ctrl",
    "Del",
    "curl",
    "Python",
    "JavaScript",
    "fps",
    "WAV",
    "MP3",
    "JPEG",
    "PNG",
    "WebP",
    "AVIF",
    "BMP",
    "GIF",
    "MOV",
    "TIFF",
    "MB",
    "character",
    "Shift",
    "WebVTT",
    "zh-Hans",
)
VENDORS = [provider.label for provider in PROVIDERS.values()] + [spec.label.split(", ")[0] for spec in ALL_MODELS.values()]
POSTED_ON = [platform.name["zh-hans"] for platform in PLATFORMS.values()]
NAMES = re.compile(
    "|".join(
        [
            r"\{\w+\}",
            r"[0-9a-f-]{12,}",
            r"vendor-\S+",
            r"https://files\.example/\S+",
            r"<<<\w+>>>",
            r"@\w+_\d",
            *map(re.escape, sorted([*OURS, *VENDORS, *PROVIDERS, *POSTED_ON], key=len, reverse=True)),
        ]
    )
)
SHOWN_ATTRIBUTES = ("title", "aria-label", "placeholder", "alt", "data-confirm", "data-template")
NO_TEXT = {"script", "style", "template", "code", "pre"}


@cache
def blocks() -> list[dict[str, str]]:
    """Return the entries of the .po file, by their keywords."""
    texts = (FOLDER / "django.po").read_text(encoding="utf-8").strip().split("\n\n")
    found = (dict(re.findall(r"^(msg[\w\[\]]+) (.*)$", text, re.MULTILINE)) for text in texts)
    read = ({name: ast.literal_eval(words) for name, words in parts.items()} for parts in found)
    return [parts for parts in read if parts["msgid"]]


def words_of(parts: dict[str, str]) -> str:
    return parts.get("msgstr", parts.get("msgstr[0]", ""))


@cache
def entries() -> dict[tuple[str, str], str]:
    """(context, msgid) -> msgstr of the .po file."""
    return {(parts.get("msgctxt", ""), parts["msgid"]): words_of(parts) for parts in blocks()}


def test_every_text_has_a_translation_with_the_same_places():
    untranslated = [msgid for (_context, msgid), words in entries().items() if not words]
    misplaced = [
        parts["msgid"]
        for parts in blocks()
        if set(PLACES.findall(words_of(parts))) - set(PLACES.findall(parts["msgid"] + parts.get("msgid_plural", "")))
    ]

    assert untranslated == []
    assert misplaced == []
    assert "fuzzy" not in (FOLDER / "django.po").read_text(encoding="utf-8")


def test_compiled_catalog_is_that_of_the_source():
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog

    stored = {}
    for key, words in compiled.items():
        msgid = key[0] if isinstance(key, tuple) else key
        context, mark, text = msgid.rpartition("\x04")
        if text:
            stored[context if mark else "", text] = words
    assert stored == entries()


def test_vendors_texts_are_all_in_the_catalog():
    """`make messages` collects them."""
    assert {text for text in vendor_texts() if not entries().get(("", text))} == set()


def test_choices_of_the_vendors_have_words():
    schemas = [schema for spec in ALL_MODELS.values() for schema in spec.json_schema()["properties"].values()]
    choices = {value for schema in schemas for value in [*schema.get("enum", []), schema.get("const")] if isinstance(value, str)}

    assert {choice for choice in choices if WORD.search(choice)} <= set(CHOICE_WORDS) <= choices


class Shown(HTMLParser):
    """Collects what a person reads or hears; text with its own lang attribute was written by somebody."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.hidden: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        foreign = "lang" in given and tag != "html"
        if tag in NO_TEXT or foreign or self.hidden:
            if tag not in {"img", "input", "meta", "link", "use", "hr", "br"}:
                self.hidden.append(tag)
            return
        self.texts += [given[name] for name in SHOWN_ATTRIBUTES if given.get(name)]

    def handle_endtag(self, tag):
        if self.hidden and self.hidden[-1] == tag:
            self.hidden.pop()

    def handle_data(self, data):
        if not self.hidden and data.strip():
            self.texts.append(data.strip())


def english(html: str, *allowed: str) -> list[str]:
    """Texts of a page that hold a Latin word which is no name."""
    parser = Shown()
    parser.feed(html)
    return [text for text in parser.texts if text not in allowed and WORD.search(NAMES.sub("", text))]


@pytest.fixture
def chinese(visitor):
    visitor.cookies["django_language"] = "zh-hans"
    return visitor


def test_the_form_of_every_model_is_chinese(user, accounts):
    """The page around it is the same for all, and so are the templates and variations beside a model's own settings."""
    prices, caller = current(), Caller(user=user)
    with translation.override("zh-hans"):
        beside = {"recipe": RecipeForm(caller=caller), "vary": VariationsForm(caller=caller, accounts=())}
        forms = {
            model: render_to_string("studio/_compose.html", beside | compose_context(form_for(spec)(owner=user), accounts, prices))
            for model, spec in ALL_MODELS.items()
        }

    assert {text: model for model, form in forms.items() for text in english(form)} == {}


def test_pages_with_tasks_in_every_state_are_chinese(chinese, user, kling):
    prompt = "一只小船"
    fill_slots(kling, user)
    for status in Status:
        make_task(user, status=status, prompt=prompt, account=kling)
    for code in ("content_rejected", "deadline", "auth_failed", "out_of_credit", "bad_media", "nonsense"):
        make_task(user, status=Status.FAILED, prompt=prompt, error_code=code)
    video = make_video(user, prompt=prompt)
    make_video(user, prompt=prompt)
    TaskInput.objects.create(task=video.task, slot="first_frame", asset=make_asset(user))
    pages = ["/templates/", "/templates/product-showcase/", "/templates/new", "/content-plan/", "/help/", "/find/", "/find/?q=x"]
    pages += ["/studio/", "/gallery/", "/gallery/?q=x", "/activity/", f"/videos/{video.pk}/", f"/tasks/{video.task_id}/"]
    without_account = make_video(user, prompt=prompt, task=make_task(user, status=Status.SUCCEEDED, prompt=prompt, model=WAN))
    pages += ["/again/", f"/again/?v={video.pk},{without_account.pk}"]

    found = {page: english(chinese.get(page).text, "a boat") for page in pages}

    assert found == {page: [] for page in pages}


def test_review_of_staff_is_chinese(staff_visitor, user, kling):
    task = make_task(user, status=Status.NEEDS_REVIEW, prompt="一只小船", account=kling)
    staff_visitor.cookies["django_language"] = "zh-hans"

    assert english(staff_visitor.get(f"/tasks/{task.pk}/").text) == []


def test_forms_of_accounts_are_chinese(staff_visitor):
    staff_visitor.cookies["django_language"] = "zh-hans"
    account = "/admin/providers/provideraccount/add/"

    assert "即梦，经网关" in staff_visitor.get(account).text
    form = staff_visitor.get(f"{account}?vendor=kling&surface=official-jwt").text
    assert "私有密钥（Secret Key）" in form
    assert "Access key" not in form
    assert "whsec_ 开头" in form


def test_empty_pages_are_chinese(chinese, db):
    for page in ("/gallery/", "/activity/", "/activity/?tab=done"):
        assert english(chinese.get(page).text) == []


def test_sign_in_is_chinese(client, db):
    assert english(client.get("/accounts/login/", headers={"Accept-Language": "zh-CN"}).text) == []


def test_bad_input_is_explained_in_chinese(chinese, accounts):
    reply = chinese.post("/studio/", {"model": "kling/kling-v2-6", "prompt": "", "count": "9", "with_audio": "on"})

    assert english(reply.text) == []
    assert dict(reply.context["form"].errors)["prompt"] == ["请写出视频里应该出现什么。"]

"""The components of templates/_components with examples of what they are given: what the style guide shows.

The examples are made of the presenters' own classes, so one that no longer fits its component is a type error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django import forms
from django.templatetags.static import static
from django.utils import timezone
from django.utils.safestring import SafeString

from web.presenters.actions import Action, Note
from web.presenters.cards import Card
from web.presenters.detail import Figure, Moment
from web.presenters.facts import Fact
from web.presenters.models import ModelCard, ModelItem, VendorGroup
from web.presenters.providers import ProviderCard
from web.presenters.videos import Poster, Take, Tile

__all__ = ["Part", "parts"]

TITLE = "A red fox walks through deep snow, slow pan, morning light"
TONES = ("bad", "warn", "info", "ok")
STATES = {"wait": "clock", "run": "spinner", "busy": "hourglass", "ok": "circle-check", "warn": "triangle-alert", "bad": "circle-x"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A component in its states: what each is called and is given. `tag` and `css` are what it lies in on pages. `is_once`: it has an id of
    its own, so it is shown in the page's theme only.
    """

    name: str
    states: Mapping[str, Mapping[str, Any]]
    tag: str = "div"
    css: str = ""
    is_once: bool = False


class Fields(forms.Form):
    """A field of every kind of control."""

    title = forms.CharField(help_text="Empty: the first words of the prompt.", widget=forms.TextInput(attrs={"placeholder": "Title"}))
    search = forms.CharField(widget=forms.TextInput(attrs={"data-icon": "search"}))
    length = forms.IntegerField(max_value=10, widget=forms.NumberInput(attrs={"data-unit": "s"}))
    seed = forms.IntegerField(widget=forms.NumberInput(attrs={"data-dice": "1", "placeholder": "Random"}))
    count = forms.IntegerField(min_value=1, max_value=4, widget=forms.NumberInput(attrs={"data-stepper": "1"}))
    model = forms.ChoiceField(choices=[("a", "Model 2 Pro"), ("b", "Model 1")])
    ratio = forms.ChoiceField(choices=[(one, one) for one in ("16:9", "1:1", "9:16", "21:9")], widget=forms.RadioSelect)
    sound = forms.BooleanField(required=False, help_text="Charged as well.")
    kinds = forms.MultipleChoiceField(choices=[("a", "Videos"), ("b", "Images")], widget=forms.CheckboxSelectMultiple)
    prompt = forms.CharField(widget=forms.Textarea)


VALUES = {
    "title": "Winter",
    "search": "fox",
    "length": 5,
    "seed": 7,
    "count": 2,
    "model": "a",
    "ratio": "16:9",
    "sound": True,
    "kinds": ["a"],
}
WRONG = {"length": "12", "count": "9"}


def parts(theme: str) -> list[Part]:
    """Return all components. Ids and names of fields have the theme in them, because both themes are on one page."""
    good = Fields(initial=VALUES | {"prompt": TITLE}, prefix=theme)
    bad = Fields({f"{theme}-bad-{name}": value for name, value in WRONG.items()}, prefix=theme + "-bad", auto_id="id_bad_%s")
    return [*_buttons(), *_fields(good, bad), *_messages(), *_media(), *_tasks()]


def _fields(good: Fields, bad: Fields) -> list[Part]:
    slot: dict[str, Any] = {"name": "first_frame", "label": "First frame", "max": 1, "types": "image/png,image/jpeg", "max_bytes": 10**7}
    full = slot | {"value": str(uuid4()), "src": static("portal/mark.svg")}
    slots: dict[str, Any] = {
        "optional": {"slot": slot},
        "required": {"slot": slot | {"required": True}},
        "filled": {"slot": full, "pickable": True},
    }
    plain: dict[str, Any] = {name: {"field": good[name]} for name in ("title", "search", "length", "seed", "model")}
    return [
        Part(
            name="field", states={**plain, "wrong": {"field": bad["length"]}, "optional": {"field": good["search"], "optional": "optional"}}
        ),
        Part(name="field_notes", states={"hint": {"field": good["title"]}, "error": {"field": bad["count"]}}, css="field"),
        Part(name="random", states={"": {"field": good["seed"]}}),
        Part(name="stepper", states={"": {"field": good["count"]}}),
        Part(name="segmented", states={"": {"field": good["ratio"]}, "wrong": {"field": bad["ratio"]}}),
        Part(name="switch", states={"on": {"field": good["sound"]}, "off": {"field": bad["sound"]}}),
        Part(name="checks", states={"": {"field": good["kinds"]}, "wrong": {"field": bad["kinds"]}}),
        Part(name="prompt", states={"": {"field": good["prompt"], "max": 800}, "wrong": {"field": bad["prompt"]}}),
        Part(name="slot", states={**slots, "reference": {"slot": slot | {"reference": True, "max": 4}}}, css="slots"),
        Part(name="slot_swap", states={"": {}}),
    ]


def _buttons() -> list[Part]:
    face: dict[str, Any] = {"label": "Generate", "icon": "wand-sparkles"}
    kinds = {kind or "plain": face | {"kind": kind} for kind in ("primary", "", "ghost", "danger")}
    sizes = {"small": face | {"small": True}, "large, with its key": face | {"large": True, "key": "r", "show_key": True}}
    item = ModelItem(name="a", label="Model 2 Pro", text="text, image, last frame", href="#", current=True, off=False, tag="")
    others = [replace(item, label="Model 2 Lite", current=False, tag="draft"), replace(item, label="Old", current=False, off=True)]
    picked = ModelCard(label="Model 2 Pro", mark="M2", facts=["¥2.50", "about 2 min"])
    return [
        Part(name="button", states=kinds | sizes | {"link": face | {"href": "#"}}),
        Part(name="button_face", states={"": face | {"key": "r", "show_key": True}}, css="btn"),
        Part(
            name="icon_link",
            states={"": {"label": "Open", "icon": "play", "href": "#"}, "large": {"icon": "x", "href": "#", "large": True}},
        ),
        Part(
            name="post_button", states={"": face | {"url": "#"}, "bare": {"url": "#", "label": "Retry", "icon": "rotate-cw", "bare": True}}
        ),
        Part(name="actions", states={"": {"actions": _actions()}}, css="acts"),
        Part(name="live_toggle", states={"": {}}),
        Part(name="model_button", states={"opens the list": {"model": picked}}),
        Part(
            name="model_list",
            states={"opened by the button above": {"models": [VendorGroup(vendor="Vendor", words="", items=[item, *others])]}},
            is_once=True,
        ),
    ]


def _messages() -> list[Part]:
    note = {"title": "The vendor is rate limited.", "text": "3 tasks continue by themselves at 10:52."}
    stop: dict[str, Any] = {"since": timezone.now(), "by": "Lin Yue", "reason": "the account is being moved"}
    empty = {
        "icon": "film",
        "title": "No videos yet",
        "text": "Finished videos appear here.",
        "action_label": "Make one",
        "action_href": "#",
    }
    toasts = {tone: {"tone": tone, "text": "3 videos moved to the bin"} for tone in TONES if tone != "warn"}
    stops = {"by a person": stop, "by the environment": {"by_environment": True}, "after a restore": {"restored": True}}
    return [
        Part(name="note", states={tone: note | {"tone": tone} for tone in TONES}),
        Part(name="toast", states={**toasts, "with Undo": {"tone": "info", "text": "Moved to the bin", "undo": "#"}}),
        Part(name="why", states={"bad": {"note": _note()}, "warn": {"note": replace(_note(), tone="warn", icon="hourglass")}}),
        Part(name="empty", states={"": empty, "primary": empty | {"action_kind": "primary"}}),
        Part(name="stop_banner", states={"": {"paid_stop": stop}}),
        Part(name="stop_words", states={name: {"paid_stop": words} for name, words in stops.items()}),
        Part(name="progress", states={"62 %": {"percent": 62, "label": TITLE}, "unknown": {"percent": None, "label": TITLE}}),
        Part(name="state", states={tone: {"tone": tone, "icon": icon, "label": tone} for tone, icon in STATES.items()}),
    ]


def _media() -> list[Part]:
    tile, at = _tile(), timezone.now()
    take = Take(
        prompt=TITLE,
        prompt_lang="en",
        at=at,
        facts=tile.facts,
        remix_url="#",
        run_again_url="#",
        tiles=[tile, replace(tile, starred=True)],
        tall=False,
    )
    flawed = replace(tile, warnings="The picture is black for 3.2 s.", starred=True)
    rows = [Fact(label="Model", value="Model 2 Pro"), Fact(label="Vendor's id", value="cgt-4711", mono=True, copy_text="cgt-4711")]
    history = [Moment(text="Sent", detail="Vendor 1", at=at, tone=""), Moment(text="Saved", detail="", at=at, tone="ok")]
    return [
        Part(name="poster", states={"": {"poster": tile.poster, "sizes": "9rem"}}),
        Part(name="tile", states={"on the wall": {"tile": tile, "pick": True}, "flawed": {"tile": flawed}}, css="wall"),
        Part(name="take", states={"": {"take": take}}),
        Part(name="thumb", states={"picture": {"card": {"thumb_url": static("portal/mark.svg")}}, "none": {"card": {}}}),
        Part(name="frame_tools", states={"": {"loop": True}, "of a video": {"loop": False, "video_id": tile.id, "may_act": True}}),
        Part(name="inputs", states={"": {"inputs": [Figure(url=static("portal/mark.svg"), label="First frame")]}}),
        Part(name="key_values", states={"": {"rows": rows}}),
        Part(name="timeline", states={"": {"events": history}}),
    ]


def _tasks() -> list[Part]:
    running = _card()
    cards = {
        "waiting": replace(running, label="Waiting", tone="wait", icon="clock", slim=True, live=False, text="2nd in line"),
        "rendering": running,
        "no percent": replace(running, percent=None),
        "failed": replace(running, label="Failed", tone="bad", icon="circle-x", live=False, note=_note()),
    }
    provider = ProviderCard(
        name="Vendor 1",
        mark="VO",
        text="3 of 5 slots, about 2 min",
        slots=["on", "on", "hold", "", ""],
        slots_text="3 of 5 slots",
        limited=False,
        off=False,
    )
    providers = {
        "": provider,
        "limited": replace(provider, limited=True, text="back at 10:52"),
        "off": replace(provider, off=True, slots=[]),
    }
    return [
        Part(name="job_row", states={name: {"card": card} for name, card in cards.items()}, tag="ol", css="card queue solo"),
        Part(name="task_table", states={"with task_row.html": {"cards": list(cards.values())}}),
        Part(name="provider_card", states={name: {"provider": one} for name, one in providers.items()}),
    ]


def _actions() -> list[Action]:
    return [Action(url="#", label="Retry", icon="rotate-cw"), Action(url="#", label="Details", icon="info", method="get")]


def _note() -> Note:
    return Note(
        title="The vendor's safety check refused the first frame.",
        text="Use another image, or remove it. Not charged.",
        code="InputImageRisk",
        icon="shield-alert",
        actions=_actions(),
        report="what the button copies",
    )


def _tile() -> Tile:
    url = static("portal/mark.svg")
    return Tile(
        id=uuid4(),
        href="#",
        title=TITLE,
        title_lang="en",
        marked=SafeString(""),
        poster=Poster(url=url, width=640, height=360, narrowest_url=url, widest_url=url, srcset=""),
        preview_url=static("portal/styles/cinematic.mp4"),
        ratio=16 / 9,
        tint="#335577",
        length_s=5.0,
        facts=["Model 2 Pro", "720p"],
        warnings="",
        starred=False,
        star_url="#",
        remix_url="#",
        like_url="#",
        download_url="#",
        delete_url="#",
    )


def _card() -> Card:
    return Card(
        id=str(uuid4()),
        href="#",
        card_url="#",
        state="running",
        label="Rendering",
        tone="run",
        icon="spinner",
        title=TITLE,
        title_lang="en",
        thumb_url=static("portal/mark.svg"),
        live=True,
        percent=62,
        text="about 26 s left",
        slim=False,
        facts=["Model 2 Pro", "5 s"],
        model="Model 2 Pro",
        owner="Lin Yue",
        settings="5 s, 720p, text only",
        actions=_actions(),
        note=None,
        sent_at=timezone.now() - timedelta(seconds=48),
        took_s=48.0,
        cost="¥2.50",
    )

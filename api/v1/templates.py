"""/templates, /styles and /platforms: what prompts are made from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from access.scopes import Scope
from api.auth import caller, needs
from api.fields import EXACT, Plain
from api.idempotency import idempotent
from api.paging import PageIn, page_of
from api.v1.preferences import Language
from api.v1.schemas import TEXT, ErrorOut, Page
from generation.actions.share import require_team
from prompts.models import Category, Template
from prompts.platforms import PLATFORMS
from prompts.styles import STYLES
from prompts.templates import own
from prompts.templates.built_in import BUILT_IN
from prompts.templates.rendering import TemplateVersion

__all__ = ["TemplateId", "asked_language", "looks", "router"]

router = Router(tags=["templates"])
looks = Router(tags=["templates"])

Text = Annotated[str, Field(max_length=own.TEXT_LONGEST, pattern=TEXT)]
Name = Annotated[str, Field(min_length=1, max_length=own.NAME_LONGEST, pattern=TEXT)]
Team = Annotated[str, Field(max_length=150, pattern=TEXT)]
Word = Annotated[str, Field(max_length=200, pattern=TEXT)]
TemplateId = Annotated[str, Field(max_length=40, pattern=TEXT, examples=["product-showcase"])]
Number = Annotated[int, Field(ge=1, le=1_000_000), EXACT]


class VariableIn(Schema):
    """A variable of a template. A name of the text that is not listed is one of kind `text`; an image has no place in the text."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\w+$")]
    label: Word = ""
    kind: Literal["text", "number", "choice", "image"] = "text"
    choices: Annotated[list[Word], Field(max_length=50)] = []
    default: Word = ""
    example: Word = ""


Variables = Annotated[list[VariableIn], Field(max_length=own.MOST_VARIABLES)]


class TemplateIn(Schema):
    """A template: `text` has variables in braces. A part in [square brackets] is left out while a variable in it is empty.

    In the category `style` it is a style: words that any prompt may get, without variables.
    """

    model_config = ConfigDict(extra="forbid")

    category: Category
    language: Language = "en"
    name: Name
    text: Text = Field(examples=["A video about {title}.[ {description}]"])
    negative_text: Text = ""
    variables: Variables = []
    team: Team = Field("", description="A team of yours, whose members then see and use it.")


class TemplatePatch(Schema):
    """What the next version changes; what is left out stays. `team` null ends the sharing."""

    model_config = ConfigDict(extra="forbid")

    category: Category | None = None
    language: Language | None = None
    name: Name | None = None
    text: Text | None = None
    negative_text: Text | None = None
    variables: Variables | None = None
    team: Team | None = None


class TemplateOut(Schema):
    """A version of a template. `owner` is null for those of the portal."""

    id: str
    version: int
    category: Category
    language: str
    name: str
    text: str
    negative_text: str
    variables: list[VariableIn]
    owner: str | None
    team: str | None


class TemplateFilter(PageIn):
    category: Category | None = None
    language: Language | None = None
    q: Plain = Field("", description="Words of the name or the text.")


class WhichIn(Schema):
    language: Language | None = Field(None, description="Of a template of the portal; otherwise yours.")
    version: Number | None = Field(None, description="An earlier version.")


class StyleOut(Schema):
    """A style: the words that it adds to a prompt."""

    id: str
    name: str
    words: str
    negative: str


class PlatformOut(Schema):
    """Where a video is published: its usual shape and length, and the words that it adds to a prompt."""

    id: str
    name: str
    ratio: str
    duration_s: int
    words: str


class LooksIn(Schema):
    language: Language | None = Field(None, description="Without one, yours.")


MAKES: Any = needs(Scope.GENERATE)
CHANGED: Any = {403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut}


@router.get("", response=Page[TemplateOut], summary="Templates: yours, your teams' and the portal's")
def list_templates(request: HttpRequest, wanted: Query[TemplateFilter]) -> Page[TemplateOut]:
    """List yours and those of your teams, newest first. The first page ends with those of the portal, in your language unless you name one.
    Styles of yours are here too, as the category `style`.
    """
    rows = Template.objects.filter(is_current=True).select_related("team", "owner")
    if wanted.category:
        rows = rows.filter(category=wanted.category)
    if wanted.language:
        rows = rows.filter(language=wanted.language)
    if wanted.q:
        rows = rows.filter(name__icontains=wanted.q) | rows.filter(text__icontains=wanted.q)
    found, cursor = page_of(rows, wanted, seen_by=caller(request))
    language, text = asked_language(wanted.language), wanted.q.casefold()
    built_in = [
        _out(one)
        for one in BUILT_IN.values()
        if one.language == language and wanted.category in {None, one.category} and text in f"{one.name} {one.text}".casefold()
    ]
    return Page[TemplateOut](items=[_row_out(row) for row in found] + ([] if wanted.cursor else built_in), next_cursor=cursor)


@router.post("", response={201: TemplateOut, 422: ErrorOut}, summary="Store a template or a style", auth=MAKES)
@idempotent
def post_template(request: HttpRequest, body: TemplateIn) -> Status[TemplateOut]:
    asking = caller(request)
    team = require_team(body.team, asking) if body.team else None
    return Status(201, _row_out(own.create(by=asking, team=team, **body.model_dump(exclude={"team"}))))


@router.get("/{template_id}", response={200: TemplateOut, 404: ErrorOut}, summary="One template")
def get_template(request: HttpRequest, template_id: str, which: Query[WhichIn]) -> TemplateOut:
    """Show the current version, or an earlier one: those of a deleted template too, by `version`."""
    asking = caller(request)
    if built_in := BUILT_IN.get((template_id, asked_language(which.language))):
        return _out(own.find(asking, template_id, built_in.language, version=which.version))
    return _row_out(own.the_row(asking, template_id, version=which.version))


@router.patch("/{template_id}", response={200: TemplateOut, **CHANGED}, summary="Store the next version", auth=MAKES)
def patch_template(request: HttpRequest, template_id: str, body: TemplatePatch) -> TemplateOut:
    """Change a template. Prompts that were made from earlier versions stay as they are."""
    asking = caller(request)
    row = own.the_row(asking, template_id)
    changes = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None and name != "team"}
    if "team" in body.model_fields_set:
        changes["team"] = require_team(body.team, asking) if body.team else None
    return _row_out(own.change(row, by=asking, **changes))


@router.delete("/{template_id}", response={204: None, **CHANGED}, summary="Delete a template", auth=MAKES)
def delete_template(request: HttpRequest, template_id: str) -> Status[None]:
    """Take it out of the lists. What was made from it stays."""
    asking = caller(request)
    own.delete(own.the_row(asking, template_id), by=asking)
    return Status(204, None)


@looks.get("/styles", response=list[StyleOut], summary="Styles of the portal")
def list_styles(request: HttpRequest, wanted: Query[LooksIn]) -> list[StyleOut]:  # noqa: ARG001 - a view
    language = asked_language(wanted.language)
    shown = ("name", "words", "negative")
    return [StyleOut(id=one.id, **{field: getattr(one, field)[language] for field in shown}) for one in STYLES.values()]


@looks.get("/platforms", response=list[PlatformOut], summary="Platforms that videos are made for")
def list_platforms(request: HttpRequest, wanted: Query[LooksIn]) -> list[PlatformOut]:  # noqa: ARG001 - a view
    language = asked_language(wanted.language)
    return [
        PlatformOut(id=one.id, name=one.name[language], ratio=one.ratio, duration_s=one.duration_s, words=one.words[language])
        for one in PLATFORMS.values()
    ]


def asked_language(wanted: str | None) -> str:
    """Return the language that was asked for, or that of the request."""
    return wanted or ("zh-hans" if (get_language() or "").startswith("zh") else "en")


def _row_out(row: Template) -> TemplateOut:
    return _out(own.value_of(row), owner=row.owner.get_username(), team=row.team.name if row.team else None)


def _out(one: TemplateVersion, owner: str | None = None, team: str | None = None) -> TemplateOut:
    kept = {name: getattr(one, name) for name in TemplateOut.model_fields if name not in {"variables", "owner", "team"}}
    variables = [VariableIn.model_validate(variable, from_attributes=True) for variable in one.variables]
    return TemplateOut(**kept, variables=variables, owner=owner, team=team)

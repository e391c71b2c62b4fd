"""/prompts: make a prompt from a template, a style and a platform, and look at it before it is paid for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import ConfigDict, Field, StrictBool

from access.scopes import Scope
from api.auth import caller, needs
from api.v1.preferences import Language
from api.v1.schemas import TEXT, ErrorOut, ModelName
from api.v1.templates import Number, TemplateId, asked_language
from generation.errors import InvalidRequest
from generation.ordering.aliases import meant_by
from prompts.history import refusals_of
from prompts.lint import Finding, lint
from prompts.making import make
from prompts.platforms import PLATFORMS
from prompts.signed import pack
from prompts.templates import own
from providers.core.catalog import ModelSpec
from providers.vendors import find_model

__all__ = ["router"]

router = Router(tags=["prompts"])

Id = Annotated[str, Field(max_length=40, pattern=TEXT)]
Prompt = Annotated[str, Field(max_length=20_000, pattern=TEXT)]


class RenderIn(Schema):
    """What to make a prompt from. With `model`, the answer has settings and images for it, and what the lint says."""

    model_config = ConfigDict(extra="forbid")

    template: TemplateId = ""
    version: Number | None = Field(None, description="An earlier version of the template.")
    values: dict[str, Any] = Field(default_factory=dict, max_length=60, examples=[{"name": "a walnut coffee grinder"}])
    text: Prompt = Field("", description="Your own words; beside a template they follow it.")
    style: Id = Field("", examples=["cinematic"])
    platform: Id = Field("", examples=["tiktok"])
    quality: StrictBool = Field(False, description="Add words of quality.")
    language: Language | None = Field(None, description="Of the template and the added words; without one, yours.")
    model: Annotated[str, Field(max_length=120, pattern=TEXT)] = ""


class FindingOut(Schema):
    """Something about a prompt: an `error` would be refused, a `warning` may make a poor video. `part` has the words that it is about."""

    code: str
    level: Literal["error", "warning"]
    message: str
    part: str


class RenderOut(Schema):
    """A prompt, and what goes with it into POST /tasks."""

    prompt: str
    negative_prompt: str
    params: dict[str, Any]
    inputs: dict[str, list[str]]
    made_from: dict[str, Any]
    signed: str = Field(description="How the prompt came to be, for `made_from` of POST /tasks; also after you edit the prompt.")
    findings: list[FindingOut]


class LintIn(Schema):
    """An order as POST /tasks takes it, as far as its prompt is concerned."""

    model_config = ConfigDict(extra="forbid")

    model: ModelName
    prompt: Prompt
    negative_prompt: Prompt = ""
    params: dict[str, Any] = Field(default_factory=dict, max_length=60, examples=[{}])


class LintOut(Schema):
    """What the lint found; `ok` is false if the order would be refused."""

    ok: bool
    findings: list[FindingOut]


@router.post(
    "/render", response={200: RenderOut, 404: ErrorOut, 422: ErrorOut}, summary="Make a prompt from a template", auth=needs(Scope.READ)
)
def render_prompt(request: HttpRequest, body: RenderIn) -> RenderOut:
    """Fill the template, and add the words of the style and the platform. Orders nothing.

    422 names each variable that is wrong as `values.NAME`. `made_from` says how the prompt came to be.
    """
    asking, language = caller(request), asked_language(body.language)
    spec = _spec(body.model) if body.model else None
    if not body.template and not body.text.strip():
        raise _unknown("template", _("Name a template, or give a text."))
    if body.platform and body.platform not in PLATFORMS:
        raise _unknown("platform", _("Choose a platform of GET /api/v1/platforms."))
    made = make(
        language=language,
        text=body.text.strip(),
        template=own.find(asking, body.template, language, version=body.version) if body.template else None,
        values=body.values,
        style=own.find_style(asking, body.style) if body.style else None,
        platform=PLATFORMS.get(body.platform),
        quality=body.quality,
        spec=spec,
    )
    found = (
        lint(
            spec,
            made.text,
            negative_text=made.negative_text,
            params=made.params,
            slots=tuple(made.inputs),
            refused=refusals_of(asking, spec),
        )
        if spec
        else []
    )
    return RenderOut(
        prompt=made.text,
        negative_prompt=made.negative_text,
        params=dict(made.params),
        inputs=dict(made.inputs),
        made_from=dict(made.made_from),
        signed=pack(made),
        findings=_out(found),
    )


@router.post("/lint", response={200: LintOut, 422: ErrorOut}, summary="Look at a prompt before it is paid for", auth=needs(Scope.READ))
def lint_prompt(request: HttpRequest, body: LintIn) -> LintOut:
    """Say what the model would refuse, and what it would render badly; also by what its vendor refused of yours before."""
    spec = _spec(body.model)
    history = refusals_of(caller(request), spec)
    found = lint(spec, body.prompt, negative_text=body.negative_prompt, params=body.params, refused=history)
    return LintOut(ok=all(one.level != "error" for one in found), findings=_out(found))


def _spec(name: str) -> ModelSpec:
    spec = find_model(meant_by(name))
    if spec is None:
        raise _unknown("model", _("Choose one of the listed models."))
    return spec


def _unknown(field: str, words: str) -> InvalidRequest:
    return InvalidRequest(_("Some fields cannot be used as they are."), fields={field: words})


def _out(findings: list[Finding]) -> list[FindingOut]:
    return [FindingOut.model_validate(one, from_attributes=True) for one in findings]

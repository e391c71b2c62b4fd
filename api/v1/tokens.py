"""/tokens: a program's own tokens and, for administrators, those of others. A token gives no more than it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, StrictBool

from access import tokens
from access.budget_changes import limits_of_lines, limits_of_token
from access.callers import Caller
from access.limits import Limits, Only, WrongLimits
from access.models import ApiToken, TokenState
from access.money import decimal, micro
from access.rights import may
from access.scopes import USUAL_SCOPES, Scope
from access.two_keys import secret_key
from api.auth import caller, needs
from api.fields import EXACT, Amount
from api.paging import PageIn, page_of
from api.v1.schemas import TEXT, ErrorOut, Page
from database.errors import is_taken
from generation.errors import Conflict, InvalidRequest, NotThere
from providers.vendors import ALL_MODELS

__all__ = ["router"]

router = Router(tags=["tokens"], auth=needs(Scope.MANAGE_TOKENS))

Place = Annotated[str, Field(max_length=20, json_schema_extra={"enum": ["", *Only.values]})]
"""`Limits.checked` judges it: a union of types would name each of its members as a field."""
Words = Annotated[str, Field(max_length=120, pattern=TEXT)]
Label = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$", examples=["product pages"])]
PerMinute = Annotated[int, Field(ge=1, le=100_000), EXACT]
Rate = Annotated[PerMinute | None, Field(description="Requests per minute; null is without a limit.", examples=[600])]
ROLL_REFUSALS = {
    "already_rolled": gettext_lazy("This token was replaced already."),
    "token_ended": gettext_lazy("This token no longer works. Make a new one."),
}
Cached = Annotated[
    StrictBool,
    Field(description="Whether stored videos will do: an order that equals an earlier one buys nothing, unless it says otherwise."),
]
COLUMNS = {"models": "models_allowed"}
"""Names of the API that differ from the columns'."""


class TokenBudgets(Schema):
    """What the token and the others of its line may spend in a day and in a month, in the portal's currency; null: no limit. What is left
    out stays as it is.
    """

    model_config = ConfigDict(extra="forbid")

    day: Amount | None = None
    month: Amount | None = None

    def in_micro(self) -> dict[str, int | None]:
        """Return the given ones, as `access.tokens.limit` takes them."""
        given = self.model_dump(exclude_unset=True)
        return {window: None if amount is None else micro(amount) for window, amount in given.items()}


class TokenBudgetsOut(Schema):
    day: Decimal | None = None
    month: Decimal | None = None


class TokenIn(Schema):
    """A new token. Empty lists mean any; `only` is where orders may be rendered. `expires_in_days: null`: without an end, if allowed."""

    model_config = ConfigDict(extra="forbid")

    label: Label
    scopes: list[Scope] = Field(default=list(USUAL_SCOPES), min_length=1, max_length=5)
    models: list[Words] = Field([], max_length=200, examples=[["vendor/model"]])
    networks: list[Words] = Field([], max_length=50, description="Addresses and networks (CIDR).", examples=[["192.0.2.0/24"]])
    rate_per_minute: Rate = None
    only: Place = ""
    cache: Cached = False
    expires_in_days: Annotated[int, Field(ge=1, le=3650), EXACT] | None = Field(default_factory=tokens.usual_days, examples=[30])
    budgets: TokenBudgets = Field(default_factory=TokenBudgets, examples=[{"month": "500"}])


class TokenChangeIn(Schema):
    """What changes; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    label: Label = Field(default_factory=str)
    scopes: list[Scope] = Field(default_factory=list, min_length=1, max_length=5)
    models: list[Words] = Field([], max_length=200)
    networks: list[Words] = Field([], max_length=50)
    rate_per_minute: Rate = None
    only: Place = ""
    cache: Cached = False
    budgets: TokenBudgets = Field(default_factory=TokenBudgets, examples=[{"month": "500"}])


class RollIn(Schema):
    """For how long the token that is replaced goes on working."""

    model_config = ConfigDict(extra="forbid")

    overlap_hours: Annotated[int, Field(ge=0, le=168), EXACT] = 24


class TokenOut(Schema):
    """A token without its text. `state`: good; rolled (replaced, and works until `expires_at`); expired; revoked."""

    id: UUID
    owner: str
    label: str
    prefix: str
    state: TokenState
    scopes: list[Scope]
    models: list[str]
    networks: list[str]
    rate_per_minute: int | None
    only: Place
    cache: bool
    budgets: TokenBudgetsOut
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_ip: str
    rolled_to: UUID | None


class TokenIssuedOut(TokenOut):
    """A token with its text, which is shown in this answer and never again. `access_key` and `secret_key` are the same token for clients
    of other APIs that sign a JSON Web Token with two keys.
    """

    token: str
    access_key: str
    secret_key: str


class TokenFilter(PageIn):
    owner: str = Field("", max_length=150, pattern=TEXT, description="For administrators: the tokens of this user.")


@router.get("", response={200: Page[TokenOut], 404: ErrorOut}, summary="Your tokens, newest first")
def list_tokens(request: HttpRequest, wanted: Query[TokenFilter]) -> Page[TokenOut]:
    """List also the tokens that no longer work."""
    asking = caller(request)
    rows = ApiToken.objects.select_related("owner").filter(owner=asking.user)
    if wanted.owner and wanted.owner != asking.user.get_username():
        if not may(asking, "see", ApiToken):
            raise NotThere(_("There is no such user."))
        rows = ApiToken.objects.select_related("owner").filter(owner__username=wanted.owner)
    found, cursor = page_of(rows, wanted)
    limits = limits_of_lines(row.line_id for row in found)
    return Page[TokenOut](items=[token_out(row, limits.get(row.line_id, {})) for row in found], next_cursor=cursor)


@router.post("", response={201: TokenIssuedOut, 422: ErrorOut}, summary="Make a token")
def post_token(request: HttpRequest, response: HttpResponse, body: TokenIn) -> Status[TokenIssuedOut]:
    """Make a token of yours. Its text is in this answer only, so a repeat makes another one: it takes no Idempotency-Key.

    A token cannot make one that may do more or lives longer than itself. They share rate and budget: `budgets` count what both spend.
    """
    asking = caller(request)
    life = timedelta(days=body.expires_in_days) if body.expires_in_days else None
    if life and "expires_in_days" not in body.model_fields_set and asking.token and asking.token.expires_at:
        life = min(life, asking.token.expires_at - timezone.now() - timedelta(seconds=1))
    with _by_the_apis_names(), transaction.atomic():
        limits = Limits.checked(**_columns_of(body, "label", "expires_in_days", "budgets"), known_models=ALL_MODELS)
        issued = tokens.issue(asking.user, body.label.strip(), by=asking, limits=limits, expires_in=life)
        tokens.limit(issued[0], body.budgets.in_micro(), by=asking)
    return _issued(response, *issued)


@router.get("/self", response={200: TokenOut, 404: ErrorOut}, summary="What this token may do", auth=needs(*Scope))
def get_own_token(request: HttpRequest) -> TokenOut:
    """Show the token that this request was sent with, whatever its scopes."""
    token = caller(request).token
    if token is None:
        raise NotThere(_("This request was sent without a token."))
    return token_out(token)


@router.get("/{token_id}", response={200: TokenOut, 404: ErrorOut}, summary="One token")
def get_token(request: HttpRequest, token_id: UUID) -> TokenOut:
    return token_out(_known(caller(request), token_id))


@router.patch("/{token_id}", response={200: TokenOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut}, summary="Change a token")
def patch_token(request: HttpRequest, token_id: UUID, body: TokenChangeIn) -> TokenOut:
    """Change the label and what the token may do and spend, from its next request on. A token can give no more than it has."""
    asking = caller(request)
    row = _known(asking, token_id)
    wanted = row.limits.as_columns() | _columns_of(body, "label", "budgets", unset=True)
    label = body.label.strip() if "label" in body.model_fields_set else row.label
    with _by_the_apis_names(), transaction.atomic():
        limits = Limits.checked(**wanted, known_models={*ALL_MODELS, *row.models_allowed})
        tokens.change(row, by=asking, label=label, limits=limits, expires_at=row.expires_at)
        tokens.limit(row, body.budgets.in_micro(), by=asking)
    return token_out(row)


@router.post(
    "/{token_id}/roll", response={201: TokenIssuedOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut}, summary="Replace a token by a new one"
)
def roll_token(request: HttpRequest, response: HttpResponse, token_id: UUID, body: RollIn) -> Status[TokenIssuedOut]:
    """Make a token with the same limits and length of life. The old one works for `overlap_hours` more, or to its end if that is sooner.

    409 `already_rolled` or `token_ended`: it was replaced before, or no longer works.
    """
    asking = caller(request)
    row = _known(asking, token_id)
    with _by_the_apis_names():
        try:
            issued = tokens.roll(row, by=asking, overlap=timedelta(hours=body.overlap_hours))
        except tokens.CannotRoll as refusal:
            raise Conflict(str(ROLL_REFUSALS[refusal.code]), code=refusal.code) from refusal
    return _issued(response, *issued)


@router.delete("/{token_id}", response={204: None, 404: ErrorOut}, summary="Revoke a token")
def revoke_token(request: HttpRequest, token_id: UUID) -> Status[None]:
    """Refuse the token from now on, everywhere and for good. A repeat changes nothing."""
    asking = caller(request)
    tokens.revoke(_known(asking, token_id), by=asking)
    return Status(204, None)


def _known(asking: Caller, token_id: UUID) -> ApiToken:
    """Return the caller's token with this id; for administrators also that of another. Raises `NotThere`."""
    rows: QuerySet[ApiToken] = ApiToken.objects.select_related("owner")
    row = (rows if may(asking, "see", ApiToken) else rows.filter(owner=asking.user)).filter(pk=token_id).first()
    if row is None:
        raise NotThere(_("There is no such token."))
    return row


def _columns_of(body: Schema, *others: str, unset: bool = False) -> dict[str, Any]:
    given = body.model_dump(exclude={*others}, exclude_unset=unset)
    return {COLUMNS.get(name, name): value for name, value in given.items()}


@contextmanager
def _by_the_apis_names() -> Iterator[None]:
    """Turn wrong limits into a refusal whose fields are those of the body, and a budget that another request has just set into a 409."""
    names = {column: name for name, column in COLUMNS.items()} | {"expires_at": "expires_in_days"}
    try:
        yield
    except WrongLimits as wrong:
        fields = {names.get(name, name): words for name, words in wrong.fields.items()}
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=fields) from wrong
    except IntegrityError as error:
        if not is_taken(error):
            raise
        raise Conflict(_("Someone else is setting a budget of this token. Send the request again."), code="budget_exists") from error


def _issued(response: HttpResponse, row: ApiToken, text: str) -> Status[TokenIssuedOut]:
    response["Location"] = f"/api/v1/tokens/{row.pk}"
    shown = token_out(row).model_dump()
    return Status(201, TokenIssuedOut(**shown, token=text, access_key=row.public_id, secret_key=secret_key(row)))


def token_out(row: ApiToken, limits: Mapping[str, int] | None = None) -> TokenOut:
    """Return the token as the API shows it. `limits` are those of its line, if they are known."""
    limits = limits_of_token(row) if limits is None else limits
    facts = {
        "budgets": {window: decimal(limit) for window, limit in limits.items()},
        "owner": row.owner.get_username(),
        "prefix": f"vp_{row.public_id}_…",
        "state": row.state(timezone.now()),
        "models": row.models_allowed,
        "rolled_to": row.rolled_to_id,
    }
    return TokenOut(**facts, **{name: getattr(row, name) for name in TokenOut.model_fields.keys() - facts.keys()})

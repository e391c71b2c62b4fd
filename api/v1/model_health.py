"""/models/{provider}/{model}/health: whether a model can be ordered now, and how its renders went today."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from api.auth import caller
from api.v1.models import known_model
from api.v1.schemas import ErrorOut
from database import clock
from generation.queries.model_health import health_of
from providers.accounts.circuit_breaker import BreakerState

__all__ = ["router"]

router = Router(tags=["models"])


class AccountHealth(Schema):
    """`closed`: renders start here. `open`: it rests until `resting_until`. `half_open`: a free call is to find out whether it answers."""

    label: str
    state: BreakerState
    resting_until: datetime | None
    reason: str


class HealthOut(Schema):
    """Whether a render would be sent now. The counts are of all people's tasks since midnight in the portal's time zone."""

    available: bool
    reason: str = Field(description="Why not, in the language of the request; empty while it is available.")
    resting_until: datetime | None = Field(description="When the first account is tried again, while all of them rest.")
    usual_s: tuple[float, float] = Field(description="From accepted to rendered, in seconds: the middle half of recent renders here.")
    is_measured: bool = Field(description="False while there are too few renders, and `usual_s` is the catalog's.")
    succeeded_today: int
    failed_today: int
    accounts: list[AccountHealth] | None = Field(description="The enabled accounts that take the model; null unless you are staff.")


@router.get("/{provider}/{path:model}/health", response={200: HealthOut, 404: ErrorOut}, summary="Can a model be ordered now?")
def get_model_health(request: HttpRequest, provider: str, model: str) -> HealthOut:
    """Say whether a render would be sent now, how long it usually takes, and how the renders of today ended."""
    health, now = health_of(known_model(request, provider, model)), clock.now()
    breakers = [(account.label, account.breaker(now)) for account in health.accounts]
    shown = [AccountHealth(label=label, state=one.state, resting_until=one.until, reason=one.reason) for label, one in breakers]
    return HealthOut(
        available=not health.reason,
        reason=health.reason,
        resting_until=health.resting_until,
        usual_s=(health.usual.low_s, health.usual.high_s),
        is_measured=health.usual.measured,
        succeeded_today=health.succeeded_today,
        failed_today=health.failed_today,
        accounts=shown if caller(request).user.is_staff else None,
    )

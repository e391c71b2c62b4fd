"""Whether a model can be ordered now, and how its renders went today. Read only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from database import clock
from generation.lifecycle import Status
from generation.messages import stop_sentence
from generation.models import GenerationTask
from generation.ordering.estimate import Usual, usual_seconds
from generation.scheduling.stop_switch import shown_stop
from providers.core.catalog import ModelSpec
from providers.models import ProviderAccount

__all__ = ["ModelHealth", "health_of"]


@dataclass(frozen=True, kw_only=True)
class ModelHealth:
    """`accounts` are the enabled ones that take the model. `reason` says for everybody why nothing would be sent now; empty if it would.
    `resting_until` is when the first account is tried again, while all of them rest. The counts are of all people's tasks since midnight.
    """

    accounts: Sequence[ProviderAccount]
    reason: str
    resting_until: datetime | None
    usual: Usual
    succeeded_today: int
    failed_today: int


def health_of(spec: ModelSpec) -> ModelHealth:
    """Read the health of a model, in four queries."""
    now = clock.now()
    accounts = [account for account in ProviderAccount.objects.enabled() if account.takes(spec)]
    resting = [account.cooldown_until for account in accounts if account.cooldown_until is not None]
    all_rest = bool(accounts) and len(resting) == len(accounts)
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    today = GenerationTask.objects.filter(model=spec.name, updated_at__gte=midnight, finished_at__gte=midnight)
    counts = today.aggregate(
        succeeded=Count("pk", filter=Q(status=Status.SUCCEEDED)),
        failed=Count("pk", filter=Q(status=Status.FAILED)),
    )
    return ModelHealth(
        accounts=accounts,
        reason=_why_not(accounts, all_rest=all_rest),
        resting_until=min(resting) if all_rest else None,
        usual=usual_seconds([spec.name])[spec.name],
        succeeded_today=counts["succeeded"],
        failed_today=counts["failed"],
    )


def _why_not(accounts: Sequence[ProviderAccount], *, all_rest: bool) -> str:
    if not accounts:
        return _("No enabled account offers this model.")
    if (stop := shown_stop()) and not any(account.sandbox for account in accounts):
        return stop_sentence(stop)
    return _("Every account that offers this model is resting after errors.") if all_rest else ""

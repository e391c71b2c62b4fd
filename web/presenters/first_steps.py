"""What an administrator does once in a new portal, and how far that has come."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _

from access.ledger_models import Budget
from database import clock
from generation.models import LiveWorker, Video
from generation.queries.unpriced import unpriced
from providers.models import ProviderAccount

__all__ = ["Step", "first_steps", "sets_up"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing to do, and where; `done` is read from what is there."""

    title: str
    text: str
    done: bool
    action: str
    href: str


def sets_up(user: User) -> bool:
    """Return whether this person may connect vendors."""
    return user.is_staff and user.has_perm("providers.add_provideraccount")


def first_steps() -> list[Step]:
    """Return the steps in their order. A fixed number of queries, each for one row."""
    has_account = ProviderAccount.objects.enabled().exists()
    return [
        Step(
            title=_("Connect a vendor"),
            text=_("An account is one set of keys of a vendor. The form says which keys are needed and tests them for free."),
            done=has_account,
            action=_("Add an account"),
            href=reverse("admin:providers_provideraccount_add"),
        ),
        Step(
            title=_("Start a worker"),
            text=_("It sends orders, follows renders and saves videos: manage.py worker, beside the web process or on another machine."),
            done=LiveWorker.objects.alive(clock.now()).exists(),
            action=_("See the workers"),
            href=reverse("activity"),
        ),
        Step(
            title=_("Check the prices"),
            text=_("Costs and budgets are counted with them. Vendors change their list prices, and yours may differ."),
            done=has_account and not unpriced().models,
            action=_("See prices"),
            href=reverse("admin:providers_modelprice_changelist"),
        ),
        Step(
            title=_("Set a budget"),
            text=_("For everyone, a team or a person, each day or month. An order that does not fit is refused before anything is bought."),
            done=Budget.objects.exists(),
            action=_("Add a budget"),
            href=reverse("admin:access_budget_add"),
        ),
        Step(
            title=_("Make the first video"),
            text=_("Write a prompt in the Studio and press Generate. The video appears there and in the gallery."),
            done=Video.objects.exists(),
            action=_("Open the Studio"),
            href=reverse("studio"),
        ),
        Step(
            title=_("Invite people"),
            text=_("Add people and put them into teams, or connect your company's sign-in. Programs get tokens in Settings."),
            done=User.objects.filter(is_active=True)[:2].count() > 1,
            action=_("Add a person"),
            href=reverse("admin:auth_user_add"),
        ),
    ]

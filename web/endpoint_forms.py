"""The forms of endpoints. `webhooks.actions` judges what is entered; its refusals appear at the fields."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from access.callers import Caller
from generation.errors import InvalidRequest
from web.presenters.webhooks import kind_words, type_choices
from webhooks.catalog import USUAL_TYPES
from webhooks.kinds import offered_kinds
from webhooks.models import Endpoint, Kind

__all__ = ["EndpointForm", "SinceForm"]


class EndpointForm(forms.Form):
    """A new endpoint, or one to change: then its kind and team stay."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"))
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=2_000,
        required=False,
        widget=forms.URLInput(attrs={"placeholder": "https://shop.example/hooks", "autocomplete": "off"}),
    )
    key = forms.CharField(
        label=gettext_lazy("Signing secret or chat id"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Feishu and DingTalk: the bot's signing secret, if it has one. Telegram: the id of the chat."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    label = forms.CharField(
        label=gettext_lazy("Label"), max_length=100, required=False, help_text=gettext_lazy("What it is for, in lists and notices.")
    )
    team = forms.ChoiceField(
        label=gettext_lazy("Tasks"),
        required=False,
        help_text=gettext_lazy("A team's endpoint gets the events of tasks that are shared with the team, and its members see it."),
    )
    types = forms.MultipleChoiceField(label=gettext_lazy("Events"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, caller: Caller, endpoint: Endpoint | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["types"].choices = type_choices(caller.user)  # type: ignore[attr-defined]
        self.fields["types"].initial = endpoint.types if endpoint else list(USUAL_TYPES)
        kinds = [kind for kind in offered_kinds() if kind != Kind.CALLBACK]
        self.fields["kind"].choices = [(kind, kind_words(kind)) for kind in kinds]  # type: ignore[attr-defined]
        self.fields["team"].choices = [("", gettext_lazy("My own tasks")), *((str(pk), name) for pk, name in caller.teams.items())]  # type: ignore[attr-defined]
        if endpoint is not None:
            self._keep_what_stays(endpoint)
        if len(kinds) == 1:
            self._drop("kind", "key")
        if not caller.teams:
            self._drop("team")

    def _keep_what_stays(self, endpoint: Endpoint) -> None:
        self._drop("kind", "key", "team", *(() if endpoint.kind == Kind.WEBHOOK else ("url",)))
        if endpoint.kind == Kind.CALLBACK:
            self._drop("types")
        for name in ("url", "label"):
            if name in self.fields:
                self.fields[name].initial = getattr(endpoint, name)

    def _drop(self, *names: str) -> None:
        for name in names:
            self.fields.pop(name, None)

    def refuse(self, refusal: InvalidRequest) -> None:
        """Show a refusal at its fields."""
        for name, words in refusal.fields.items():
            self.add_error(name if name in self.fields else None, words)


class SinceForm(forms.Form):
    """Since when to send again, on the reader's clock."""

    since = forms.DateTimeField(
        label=gettext_lazy("Since"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )

    def clean_since(self) -> datetime:
        """Return it in UTC. The first and the last hours of the calendar have no time there."""
        since: datetime = self.cleaned_data["since"]
        try:
            return since.astimezone(UTC)
        except OverflowError as error:
            raise ValidationError(gettext_lazy("Choose a day and a time.")) from error

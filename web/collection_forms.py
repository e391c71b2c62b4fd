"""The form in which people change a collection."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from access.callers import Caller
from access.rights import may
from generation.errors import InvalidRequest
from library.collections import DESCRIPTION_LONGEST, NAME_LONGEST
from library.models import Collection

__all__ = ["CollectionForm"]


class CollectionForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=NAME_LONGEST)
    description = forms.CharField(
        label=_("Description"), max_length=DESCRIPTION_LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    parent = forms.ModelChoiceField(Collection.objects.none(), label=_("Inside"), required=False, empty_label=_("No other collection"))
    team = forms.ModelChoiceField(
        Group.objects.none(),
        label=_("Share with"),
        required=False,
        empty_label=_("Nobody"),
        help_text=_("Members see the collection, and can add and remove videos that they see."),
    )
    is_hidden = forms.BooleanField(
        label=_("Hidden from the gallery"), required=False, help_text=_("The gallery does not show its videos. Find them here.")
    )

    def __init__(self, data: QueryDict | None, *, by: Caller, collection: Collection | None = None) -> None:
        first = {name: getattr(collection, name) for name in ("name", "description", "parent", "team", "is_hidden")} if collection else {}
        super().__init__(data, initial=first, label_suffix="")
        mine = Collection.objects.filter(owner=collection.owner if collection else by.user)
        self.fields["parent"].queryset = mine.exclude(pk=collection.pk) if collection else mine  # type: ignore[attr-defined]
        if collection is not None and not may(by, "share", collection):
            offered: list[int | None] = [collection.team_id]  # who is not its owner may only end the sharing
        else:
            offered = [*by.teams, collection.team_id if collection else None]
        teams = Group.objects.filter(pk__in=[pk for pk in offered if pk])
        if teams:
            self.fields["team"].queryset = teams.order_by("name")  # type: ignore[attr-defined]
        else:
            del self.fields["team"]

    def show(self, wrong: InvalidRequest) -> None:
        """Show a refusal beside its fields."""
        for name, words in wrong.fields.items():
            self.add_error(name if name in self.fields else None, words)

    def changes(self) -> dict[str, Any]:
        """Return what `collections.create` and `change` take."""
        return dict(self.cleaned_data)

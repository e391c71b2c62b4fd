"""The admin site. Its lists accept look-ups in an address only for filters that the page shows, and actions only on ids of rows.

Django accepts any look-up on a row's own columns, so `?digest__startswith=a` would reveal a secret letter by letter.
"""

from __future__ import annotations

from typing import Any

from allauth.account import views as account
from django.contrib.admin import AdminSite, ModelAdmin, SimpleListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import AdminSplitDateTime
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db.models import DateTimeField, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

__all__ = ["PortalAdminSite"]

OF_FILTERS = frozenset({"exact", "in", "isnull", "gte", "lt", "gt", "lte", "id", "pk", "isempty"})
"""What Django's own list filters put behind the field's name in their addresses."""


class _NamedParts(AdminSplitDateTime):
    """A date and a time, whose names Django only shows beside them: a screen reader does not say them."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for part, label in zip(context["widget"]["subwidgets"], (context["date_label"], context["time_label"]), strict=True):
            part["attrs"]["aria-label"] = str(label).rstrip(":：")
        return context


class _Strict:
    """A mixin that the site puts in front of every ModelAdmin."""

    list_filter: Any
    date_hierarchy: str | None

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:  # noqa: ARG002
        """Return whether a filter of this page has this look-up."""
        shown = self.get_list_filter(request)  # type: ignore[attr-defined]
        names = filter(None, [*(_name_of(one) for one in shown), self.date_hierarchy])
        return any(_has(name, lookup) for name in names)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase | None:
        """Run the action. Answers 400 for what cannot be the id of a row, where Django would answer 500."""
        try:
            for pk in request.POST.getlist(ACTION_CHECKBOX_NAME):
                queryset.model._meta.pk.to_python(pk)  # noqa: SLF001 - Django's own admin reads it so
        except ValidationError as error:
            raise BadRequest("One of the selected ids cannot be the id of a row.") from error
        return super().response_action(request, queryset)  # type: ignore[misc, no-any-return]


def _name_of(one: Any) -> str:
    """Return the name of an entry of `list_filter`: a field, a field with its filter's class, or a filter with its own parameter."""
    if isinstance(one, type) and issubclass(one, SimpleListFilter):
        return str(one.parameter_name)
    return one[0] if isinstance(one, tuple) else str(one)


def _has(name: str, lookup: str) -> bool:
    before = f"{name}{LOOKUP_SEP}"
    return lookup == name or (lookup.startswith(before) and OF_FILTERS.issuperset(lookup.removeprefix(before).split(LOOKUP_SEP)))


class PortalAdminSite(AdminSite):
    """Django's admin site, where every ModelAdmin refuses other look-ups, behind the portal's own sign-in.

    Django's forms for the sign-in and the password would let anybody guess without a limit.
    """

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002
        """Send who is not signed in to the sign-in; refuse who is, but may not use the admin."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index", current_app=self.name))
        if not self.has_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("admin:index", current_app=self.name))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:  # noqa: ARG002
        return account.logout(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:  # noqa: ARG002
        return HttpResponseRedirect(reverse("account_change_password"))

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        plain = admin_class or ModelAdmin
        widgets = {DateTimeField: {"widget": _NamedParts}, **plain.formfield_overrides}
        facts = {"__module__": plain.__module__, "formfield_overrides": widgets}
        super().register(model_or_iterable, type(plain.__name__, (_Strict, plain), facts), **options)

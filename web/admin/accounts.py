"""Provider accounts in the admin: choose a surface, enter its credentials, test them, see their health and why videos do not start."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from access.audited_admin import AuditedAdmin
from access.callers import caller_of
from database import clock
from generation.queries.accounts_overview import overview_of
from generation.queries.suggested_slots import Reason, suggested_slots
from generation.queries.unpriced import unpriced
from generation.tariff import price_for, tariff_of
from providers.accounts.forms import PriceForm, account_form, credential_names
from providers.accounts.health_test import Finding, probe
from providers.core.base import Provider, Surface
from providers.core.catalog import Tier
from providers.models import ModelPrice, ProviderAccount
from providers.vendors import ALL_MODELS, PROVIDERS
from web.presenters.accounts import account_card, account_cards, overview_notes, overview_summary
from web.presenters.words import model_label

LIST_PAGE, CHANGE_PAGE = "admin:providers_provideraccount_changelist", "admin:providers_provideraccount_change"
LIMITS = ("max_in_flight", "submits_per_second", "submits_per_minute", "polls_per_second", "connect_timeout_s", "read_timeout_s")

SUGGESTIONS = {
    Reason.REFUSED: gettext_lazy(
        "%(n)d. With more at one time the vendor refused a part of the requests (%(count)d renders of two weeks)."
    ),
    Reason.SLOWER: gettext_lazy(
        "%(n)d. More at one time took longer in proportion, so no more were rendered (%(count)d renders of two weeks)."
    ),
    Reason.FULL: gettext_lazy("Try %(n)d, if your plan allows. All slots were taken most of the time (%(count)d renders of two weeks)."),
}


@admin.register(ProviderAccount)
class ProviderAccountAdmin(AuditedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """Accounts with their health. Encrypted text is on no page: in no field, no list and no history."""

    audited_as = "account"
    readonly_fields = ("suggestion", "cooldown", "last_ok", "last_trouble")
    actions = ("enable", "disable", "end_cooldown", "test_connection")
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    change_form_template = "admin/providers/provideraccount/change_form.html"
    change_list_template = "admin/providers/provideraccount/change_list.html"
    list_per_page = 200
    search_fields = ("label", "vendor", "base_url")

    @admin.display(description=gettext_lazy("Suggested slots"))
    def suggestion(self, account: ProviderAccount) -> str:
        found = suggested_slots(account, clock.now())
        return SUGGESTIONS[found.reason] % {"n": found.slots, "count": found.renders} if found else _("None: too few renders, or as it is.")

    @admin.display(description=gettext_lazy("Paused"))
    def cooldown(self, account: ProviderAccount) -> str:
        if account.cooldown_until is None or not account.is_cooling_down(clock.now()):
            return "–"
        until = date_format(timezone.localtime(account.cooldown_until), "H:i:s")
        return _("until %(time)s: %(reason)s") % {"time": until, "reason": account.breaker(clock.now()).reason}

    @admin.display(description=gettext_lazy("Last good answer"), ordering="last_ok_at")
    def last_ok(self, account: ProviderAccount) -> str:
        return _("%(time)s ago") % {"time": timesince(account.last_ok_at)} if account.last_ok_at else "–"

    @admin.display(description=gettext_lazy("Last error"), ordering="last_error_at")
    def last_trouble(self, account: ProviderAccount) -> str:
        if account.last_error_at is None:
            return "–"
        return _("%(time)s ago: %(words)s") % {"time": timesince(account.last_error_at), "words": account.last_error[:160]}

    def get_urls(self) -> list[URLPattern]:
        test = path("<path:object_id>/test/", self.admin_site.admin_view(self.test_view), name="providers_provideraccount_test")
        return [test, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        reply = super().changelist_view(request, {"title": _("Provider accounts"), **(extra_context or {})})
        shown = getattr(reply, "context_data", None) or {}
        if "cl" in shown:
            accounts, now = list(shown["cl"].result_list), timezone.now()
            overview = overview_of(accounts, now)
            cards = account_cards(accounts, overview, now)
            shown |= {"cards": cards, "notes": overview_notes(overview, accounts), "summary": overview_summary(cards, overview)}
            shown["may_test"] = self.has_change_permission(request)
        return reply

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if _asked_surface(request, None) is not None or not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Which vendor, and by which way in?"),
            "opts": self.opts,
            "vendors": [(vendor.slug, _(vendor.label), list(vendor.surfaces.values())) for vendor in PROVIDERS.values()],
        }
        return TemplateResponse(request, "admin/providers/provideraccount/choose_surface.html", context)

    def get_form(self, request: HttpRequest, obj: ProviderAccount | None = None, change: bool = False, **kwargs: Any) -> Any:
        found = _asked_surface(request, obj)
        if found is not None and self.has_change_permission(request, obj):
            kwargs["form"] = account_form(*found)
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: ProviderAccount | None = None) -> Any:
        found = _asked_surface(request, obj)
        may_type = found is not None and (obj is None or self.has_change_permission(request, obj))
        secrets = credential_names(found[1]) if found and may_type else []
        names = ["model_names"] if found and found[1].takes_names else []
        expiry = ["credentials_expire_on"] if found and found[1].credentials else []
        sets = [
            (_(found[1].label) if found else None, {"fields": ("label", "base_url", *secrets, *expiry)}),
            (_("Use"), {"fields": ("enabled", "sandbox", "on_our_machines", "models_allowed", *names, "priority", "weight")}),
            (_("Limits"), {"fields": LIMITS if obj is None else ("max_in_flight", "suggestion", *LIMITS[1:])}),
        ]
        return sets if obj is None else [*sets, (_("Health"), {"fields": ("cooldown", "last_ok", "last_trouble")})]

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: ProviderAccount, form: Any, change: bool) -> None:
        """Store what the form changes; keep what the portal recorded about the account since it was read."""
        obj.save(update_fields=form.columns() if change else None)
        if change and "enabled" in form.changed_data:
            obj.report_switch(obj.enabled, clock.now())
        self.audit_save(request, obj, form, change)

    def audit_action(self, form: Any) -> str:
        """Return the action for the audit log. Replaced credentials decide it; other changes are among its facts."""
        if form.replaces_credentials:
            return "account.credentials_replaced"
        if "enabled" in form.changed_data:
            return "account.enabled" if form.instance.enabled else "account.disabled"
        return "account.changed"

    @method_decorator(require_POST)
    def test_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Test the account with free calls; answer the list's script with a new card, a form with its page and a message."""
        account = self.get_object(request, object_id)
        if account is None:
            raise Http404
        if not self.has_change_permission(request, account):
            self.message_user(request, _("You may not test this account."), messages.ERROR)
            return _back(request, account)
        finding = probe(account, in_other_regions=True)
        if request.headers.get("X-Requested-With") == "fetch":
            account.refresh_from_db()
            now = timezone.now()
            card = account_card(account, overview_of([account], now), now, finding)
            return render(request, "admin/providers/provideraccount/_card.html", {"card": card, "may_test": True})
        self._say(request, account, finding)
        return _back(request, account)

    def _say(self, request: HttpRequest, account: ProviderAccount, finding: Finding) -> None:
        words = _("“%(account)s”: %(finding)s") % {"account": account, "finding": finding.message}
        self.message_user(request, words, messages.SUCCESS if finding.ok else messages.ERROR)

    @admin.action(description=gettext_lazy("Test connection (free)"), permissions=["change"])
    def test_connection(self, request: HttpRequest, accounts: QuerySet[ProviderAccount]) -> None:
        for account in accounts:
            self._say(request, account, probe(account, in_other_regions=True))

    @admin.action(description=gettext_lazy("Enable"), permissions=["change"])
    def enable(self, request: HttpRequest, accounts: QuerySet[ProviderAccount]) -> None:
        self._change(request, accounts, ["enabled"], partial(ProviderAccount.switch, enabled=True))

    @admin.action(description=gettext_lazy("Disable (running renders are still tracked)"), permissions=["change"])
    def disable(self, request: HttpRequest, accounts: QuerySet[ProviderAccount]) -> None:
        self._change(request, accounts, ["enabled"], partial(ProviderAccount.switch, enabled=False))

    @admin.action(description=gettext_lazy("End the cooldown"), permissions=["change"])
    def end_cooldown(self, request: HttpRequest, accounts: QuerySet[ProviderAccount]) -> None:
        self._change(request, accounts, ["cooldown_until"], ProviderAccount.end_cooldown)

    def _change(self, request: HttpRequest, accounts: QuerySet[ProviderAccount], fields: list[str], change: Callable[..., bool]) -> None:
        count = 0
        for account in accounts:
            if change(account, by=caller_of(request)):
                self.log_change(request, account, [{"changed": {"fields": fields}}])
                count += 1
        words = ngettext("%(count)d account changed.", "%(count)d accounts changed.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)


def _back(request: HttpRequest, account: ProviderAccount) -> HttpResponse:
    """Redirect to the page whose button was pressed."""
    on_the_list = request.GET.get("from") == "list"
    return HttpResponseRedirect(reverse(LIST_PAGE) if on_the_list else reverse(CHANGE_PAGE, args=[account.pk]))


def _asked_surface(request: HttpRequest, account: ProviderAccount | None) -> tuple[type[Provider], Surface] | None:
    """Return the account's surface, or for a new account the one that the address asks for."""
    if account is not None:
        return (account.provider_class, account.known_surface) if account.known_surface else None
    provider = PROVIDERS.get(request.GET.get("vendor", ""))
    surface = provider.surfaces.get(request.GET.get("surface", "")) if provider else None
    return (provider, surface) if provider and surface else None


@admin.register(ModelPrice)
class ModelPriceAdmin(AuditedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """What models cost this installation, next to the list prices."""

    audited_as = "price"
    form = PriceForm
    list_display = ("model", "when", "costs", "list_price", "updated_at")
    search_fields = ("model", "when")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the prices, and below them the models that accounts offer and that have no price."""
        names = [model_label(spec.name) for spec in unpriced().without_price]
        return super().changelist_view(request, {**(extra_context or {}), "unpriced": names})

    @admin.display(description=gettext_lazy("Costs here"))
    def costs(self, row: ModelPrice) -> str:
        return _price_words(row.tier, row.currency)

    @admin.display(description=gettext_lazy("List price"))
    def list_price(self, row: ModelPrice) -> str:
        spec = ALL_MODELS.get(row.model)
        tariff = tariff_of(spec) if spec else None
        tier = price_for(tariff, row.tier.when) if row.unit != ModelPrice.Unit.TOKEN else None
        return _price_words(tier, tariff.currency) if tariff and tier else _("not published")


def _price_words(tier: Tier, currency: str) -> str:
    return f"{tier.amount.normalize():f} {currency} {ModelPrice.Unit(tier.unit).label}"

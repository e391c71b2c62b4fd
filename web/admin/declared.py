"""Models declared without code, in the admin: their form, what happens to one that has tasks, and the list that a gateway gives."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from access.audited_admin import AuditedAdmin
from access.callers import caller_of
from database import clock
from events import audit
from generation.models import GenerationTask
from providers.accounts.clients import free_client_for
from providers.accounts.health_test import probe
from providers.accounts.sealing import SealBroken
from providers.core.declared import FACTS, Declaration
from providers.core.errors import ProviderError, Unsupported
from providers.declared.current import forget
from providers.declared.forms import DeclaredModelForm, vendors_to_declare_at
from providers.labels import listed
from providers.models import DeclaredModel, ProviderAccount
from providers.vendors import PROVIDERS
from web.presenters.words import vendor_label

LIST_PAGE = "admin:providers_declaredmodel_changelist"


@admin.register(DeclaredModel)
class DeclaredModelAdmin(AuditedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """What models at gateways are called and can do."""

    audited_as = "model"
    form = DeclaredModelForm
    list_display = ("label", "model_id", "vendor_name", "durations_words", "inputs_words", "retired")
    search_fields = ("label", "model_id")
    change_list_template = "admin/providers/declaredmodel/change_list.html"

    @admin.display(description=gettext_lazy("Vendor"), ordering="vendor")
    def vendor_name(self, row: DeclaredModel) -> str:
        return vendor_label(row.vendor)

    @admin.display(description=gettext_lazy("Seconds"))
    def durations_words(self, row: DeclaredModel) -> str:
        return ", ".join(map(str, row.durations)) or "–"

    @admin.display(description=gettext_lazy("Images"))
    def inputs_words(self, row: DeclaredModel) -> str:
        words = [_("first frame")] * row.first_frame + [_("last frame")] * row.last_frame
        if row.references:
            words.append(ngettext("%(n)d reference", "%(n)d references", row.references) % {"n": row.references})
        return listed(words) or "–"

    def get_urls(self) -> list[URLPattern]:
        read = path("read/<uuid:account_id>/", self.admin_site.admin_view(self.read_view), name="providers_declaredmodel_read")
        return [read, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        accounts = ProviderAccount.objects.filter(vendor__in=dict(vendors_to_declare_at())) if self.has_add_permission(request) else []
        return super().changelist_view(request, {"accounts": accounts, **(extra_context or {})})

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if _vendor(request, None) or not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)
        context = {
            **self.admin_site.each_context(request),
            "title": _("At which vendor?"),
            "opts": self.opts,
            "vendors": vendors_to_declare_at(),
        }
        return TemplateResponse(request, "admin/providers/declaredmodel/choose_vendor.html", context)

    def get_form(self, request: HttpRequest, obj: DeclaredModel | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        vendor = _vendor(request, obj)

        class FormOfVendor(form):  # type: ignore[valid-type, misc]
            """The form for a row of this vendor."""

            def __init__(self, *args: Any, **facts: Any) -> None:
                super().__init__(*args, **facts)
                self.instance.vendor = vendor

        return FormOfVendor

    def get_fieldsets(self, request: HttpRequest, obj: DeclaredModel | None = None) -> Any:
        provider = PROVIDERS.get(_vendor(request, obj))
        facts = [name for name in FACTS if provider and name in provider.declarable]
        return [
            (_(provider.label) if provider else None, {"fields": ("model_id", "label")}),
            (_("What it can do"), {"fields": (*facts, "max_prompt_chars")}),
            (_("Price"), {"fields": ("amount", "unit", "currency")}),
            *([(_("Use"), {"fields": ("retired",)})] if obj else []),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: DeclaredModel | None = None) -> Any:  # noqa: ARG002
        return ("model_id",) if obj else ()

    def delete_model(self, request: HttpRequest, obj: DeclaredModel) -> None:
        self.delete_queryset(request, DeclaredModel.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[DeclaredModel]) -> None:
        """Delete those that no task names; retire the others, so that their tasks and videos keep their model."""
        with transaction.atomic():
            used = [row for row in queryset.select_for_update() if GenerationTask.objects.filter(model=row.name).exists()]
            for row in used:
                self._retire(request, row)
            super().delete_queryset(request, queryset.exclude(pk__in=[row.pk for row in used]))
        for row in used:
            words = _("“%(model)s” has tasks, so it was retired instead of deleted. It can no longer be ordered.")
            self.message_user(request, words % {"model": row}, messages.WARNING)

    def _retire(self, request: HttpRequest, row: DeclaredModel) -> None:
        row.retired = row.retired or clock.now().date()
        row.save(update_fields=["retired"])
        audit.record("model.changed", row, by=caller_of(request), after={"retired": row.retired})

    def read_view(self, request: HttpRequest, account_id: Any) -> HttpResponse:
        """Show the models that an account's gateway lists, and declare those that were ticked. The call costs nothing."""
        account = ProviderAccount.objects.filter(pk=account_id, vendor__in=dict(vendors_to_declare_at())).first()
        if account is None or not self.has_add_permission(request):
            raise Http404
        listed = self._listed(request, account)
        if listed is None:
            return HttpResponseRedirect(reverse(LIST_PAGE))
        known = {*DeclaredModel.objects.filter(vendor=account.vendor).values_list("model_id", flat=True), *account.provider_class.models}
        new = [row for model in listed if model.id not in known and (row := DeclaredModel.of(account.vendor, model)).is_fit]
        if request.method == "POST":
            ticked = set(request.POST.getlist("model"))
            self._declare(request, [row for row in new if row.model_id in ticked])
            return HttpResponseRedirect(reverse(LIST_PAGE))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Models at “%(account)s”") % {"account": account},
            "opts": self.opts,
            "models": new,
            "known": sum(model.id in known for model in listed),
        }
        return TemplateResponse(request, "admin/providers/declaredmodel/read.html", context)

    def _listed(self, request: HttpRequest, account: ProviderAccount) -> list[Declaration] | None:
        """Return what the gateway lists, or say why there is no list and return None."""
        try:
            return sorted(free_client_for(account).list_models(), key=lambda model: model.id)
        except (Unsupported, SealBroken) as error:
            self.message_user(request, str(error), messages.ERROR)
        except ProviderError:
            words = _("“%(account)s”: %(finding)s") % {"account": account, "finding": probe(account).message}
            self.message_user(request, words, messages.ERROR)
        return None

    @transaction.atomic
    def _declare(self, request: HttpRequest, rows: list[DeclaredModel]) -> None:
        DeclaredModel.objects.bulk_create(rows, ignore_conflicts=True)  # the button may have been pressed twice
        forget()
        for row in DeclaredModel.objects.filter(vendor__in={row.vendor for row in rows}, model_id__in={row.model_id for row in rows}):
            audit.record("model.created", row, by=caller_of(request), after={"model_id": row.model_id})
        words = ngettext("%(count)d model declared. Check what it can do.", "%(count)d models declared. Check what they can do.", len(rows))
        self.message_user(request, words % {"count": len(rows)}, messages.SUCCESS if rows else messages.WARNING)


def _vendor(request: HttpRequest, row: DeclaredModel | None) -> str:
    """Return the row's vendor, or for a new row the one that the address asks for, or the only one."""
    if row is not None:
        return row.vendor
    slugs = [slug for slug, _label in vendors_to_declare_at()]
    asked = request.GET.get("vendor", slugs[0] if len(slugs) == 1 else "")
    return asked if asked in slugs else ""

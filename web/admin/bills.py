"""Bills in the admin: their uploader and the result of their check. The pages of Usage read them and take their amounts over."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy

from access.callers import caller_of
from generation.bills.bills import seen_bills
from generation.models import Bill
from web.admin.tasks import ReadOnly
from web.presenters.bills import bill_row
from web.presenters.words import vendor_label


@admin.register(Bill)
class BillAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Bills, newest first."""

    list_display = ("file_name", "vendor_words", "first", "last", "rows", "verdict", "owner", "created_at", "page")
    list_filter = ("vendor", "first")
    search_fields = ("file_name", "sha256", "owner__username")
    fields = (
        *("file_name", "vendor_words", "account", "first", "last", "rows", "verdict"),
        *("owner", "created_at", "checked_at", "encoding", "page"),
    )
    readonly_fields = ("vendor_words", "verdict", "page")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Bill]:
        return seen_bills(caller_of(request))

    @admin.display(description=gettext_lazy("vendor"), ordering="vendor")
    def vendor_words(self, bill: Bill) -> str:
        return vendor_label(bill.vendor)

    @admin.display(description=gettext_lazy("Result"))
    def verdict(self, bill: Bill) -> str:
        return bill_row(bill).verdict

    @admin.display(description=gettext_lazy("Page"))
    def page(self, bill: Bill) -> str:
        return format_html('<a href="{}">{}</a>', reverse("bill", args=[bill.pk]), bill.file_name)

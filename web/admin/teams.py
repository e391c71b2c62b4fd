"""The rules of teams in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from access.audited_admin import AuditedAdmin
from access.models import TeamRules


@admin.register(TeamRules)
class TeamRulesAdmin(AuditedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """What teams demand of their videos."""

    audited_as = "team_rules"
    list_display = ("team", "approved_by_another", "shares_approved_only")
    list_select_related = ("team",)
    fieldsets = (
        (
            None,
            {
                "fields": ("team", "approved_by_another", "shares_approved_only"),
                "description": gettext_lazy("A team without rules demands nothing of the videos that are shared with it."),
            },
        ),
    )

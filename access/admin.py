"""Users and groups in the admin. Tokens are in web/admin/tokens.py, because their form knows the models."""

from __future__ import annotations

from access.people_admin import PeopleAdmin, RightsOfGroupsAdmin

__all__ = ["PeopleAdmin", "RightsOfGroupsAdmin"]

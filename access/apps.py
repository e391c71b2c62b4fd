from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class AccessConfig(AppConfig):
    name = "access"
    verbose_name = _("Access")

    def ready(self) -> None:
        from access import checks, preferences, sign_in_records  # noqa: F401 - registers the system checks and receivers of signals


class PortalAdminConfig(AdminConfig):
    default_site = "access.site.PortalAdminSite"

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProvidersConfig(AppConfig):
    name = "providers"
    verbose_name = _("Providers")

    def ready(self) -> None:
        from django.db.models.signals import post_delete, post_save

        from providers.accounts import system_checks  # noqa: F401 - registers the system checks
        from providers.accounts.given import reading
        from providers.declared.current import declared_models, forget
        from providers.models import DeclaredModel
        from providers.vendors import ALL_MODELS

        reading()  # at the start of each process, so that a file that changes later is not read half
        ALL_MODELS.declared = declared_models
        for changed in (post_save, post_delete):
            changed.connect(lambda **_: forget(), DeclaredModel, weak=False)

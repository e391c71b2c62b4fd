from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GenerationConfig(AppConfig):
    name = "generation"
    verbose_name = _("Generation")

    def ready(self) -> None:
        from django.db.models.signals import post_delete, post_save

        from generation import messages  # noqa: F401 - adds the sentences of this room
        from generation.ordering.prices import forget
        from providers.models import ModelPrice

        for changed in (post_save, post_delete):
            changed.connect(lambda **_: forget(), ModelPrice, weak=False)

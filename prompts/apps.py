from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PromptsConfig(AppConfig):
    name = "prompts"
    verbose_name = _("Prompts")

    def ready(self) -> None:
        import prompts.messages  # noqa: F401 - adds the sentences of this room

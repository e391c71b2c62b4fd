from django.apps import AppConfig


class StoragesConfig(AppConfig):
    name = "videoportal.storages"
    label = "media_storages"

    def ready(self) -> None:
        from videoportal.storages import checks  # noqa: F401 - registers the system checks

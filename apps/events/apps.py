from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class EventsConfig(AppConfig):
    name = "apps.events"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Handlers and subscribers of every installed application register themselves.
        autodiscover_modules("tasks", "subscribers")
        # They register themselves by being imported.
        from apps.events import checks  # noqa: F401

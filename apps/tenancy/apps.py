from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "apps.tenancy"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # They register themselves by being imported.
        from apps.tenancy import checks  # noqa: F401

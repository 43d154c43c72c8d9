from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # They register themselves by being imported.
        from apps.accounts import checks, openapi  # noqa: F401

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Registers itself with the OpenAPI generator by being imported.
        from apps.accounts import openapi  # noqa: F401

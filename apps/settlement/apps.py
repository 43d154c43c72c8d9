from importlib import import_module

from django.apps import AppConfig


class SettlementConfig(AppConfig):
    name = "apps.settlement"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The ledger proof joins the checks of the books.
        import_module("apps.settlement.invariants")

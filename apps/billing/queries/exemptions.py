"""Why a document charges no tax: texts and codes from the table, by country and day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from apps.billing.models import TaxExemption


@dataclass(frozen=True, slots=True)
class Exemptions:
    """The table's rows, the latest first; a country's own stand before the general ones."""

    rows: Sequence[TaxExemption]

    def on(self, day: date) -> "Exemptions":
        """What is in force on the day."""
        return Exemptions([row for row in self.rows if row.valid_from <= day])

    def reason(self, country: str, category: str, language: str) -> tuple[str, str]:
        """Text and VATEX code; both empty for a category that needs no reason."""
        found = [row for row in self.rows if row.category == category]
        for place in (country, ""):
            for row in found:
                if row.country == place:
                    return row.text(language), row.code
        return "", ""


def exemptions() -> Exemptions:
    """One query: a dozen rows."""
    return Exemptions(list(TaxExemption.objects.order_by("-valid_from", "country", "category")))

"""Tax by country and date: rates, and why none is charged. Data."""

from typing import Any, ClassVar

from django.db import models


class TaxRate(models.Model):
    """A country's standard (S) or reduced (AA) rate from a date on. Data, read-mostly, exempt from the fence."""

    id = models.AutoField(primary_key=True)
    country = models.CharField(max_length=2)
    category = models.CharField(max_length=2)
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    valid_from = models.DateField()

    class Meta:
        ordering = ["country", "category", "valid_from"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["country", "category", "valid_from"], name="billing_tax_rate_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.category} {self.percent}"


class TaxExemption(models.Model):
    """Why a category (UNCL 5305) charges no tax, from a date on: the text the law wants, and its code.

    A seller's country may have a text of its own; without country it holds everywhere. Data,
    read-mostly, exempt from the fence.
    """

    id = models.AutoField(primary_key=True)
    country = models.CharField(max_length=2, blank=True)
    category = models.CharField(max_length=2)
    # A code of the VATEX list (EN 16931, BT-121); empty where the list has none that always fits.
    code = models.CharField(max_length=30, blank=True)
    text_en = models.CharField(max_length=200)
    text_de = models.CharField(max_length=200)
    valid_from = models.DateField()

    class Meta:
        ordering = ["category", "country", "valid_from"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["country", "category", "valid_from"], name="billing_tax_exemption_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.category} {self.code}".strip()

    def text(self, language: str) -> str:
        return self.text_de if language.startswith("de") else self.text_en

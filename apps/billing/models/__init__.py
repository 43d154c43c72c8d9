"""Billing runs, invoices with lines and taxes, number series, signing keys, tax rates."""

from apps.billing.models.corrections import Correction
from apps.billing.models.documents import Invoice, InvoiceLine, InvoiceTax, NumberSeries
from apps.billing.models.evidence import EvidenceFile, SigningKey
from apps.billing.models.runs import BillingRun, RunItem
from apps.billing.models.taxes import TaxRate

__all__ = [
    "BillingRun",
    "Correction",
    "EvidenceFile",
    "Invoice",
    "InvoiceLine",
    "InvoiceTax",
    "NumberSeries",
    "RunItem",
    "SigningKey",
    "TaxRate",
]

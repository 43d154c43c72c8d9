"""Billing runs, invoices with lines and taxes, what is owed on them, disputes, signing keys."""

from apps.billing.models.archives import DocumentArchive
from apps.billing.models.corrections import Correction
from apps.billing.models.disputes import DisputeAnswer, LineDispute
from apps.billing.models.documents import Invoice, InvoiceLine, InvoiceTax, NumberSeries
from apps.billing.models.dunning import ReferenceRate, Reminder
from apps.billing.models.evidence import EvidenceFile, SigningKey
from apps.billing.models.files import DocumentFile
from apps.billing.models.incoming import IncomingAnswer, IncomingDocument
from apps.billing.models.orders import PurchaseOrder
from apps.billing.models.receivables import Allocation, CreditMove, CustomerCredit, Receivable
from apps.billing.models.runs import BillingRun, RunItem
from apps.billing.models.settling import NotedPayment, WriteOff
from apps.billing.models.taxes import TaxExemption, TaxRate

__all__ = [
    "Allocation",
    "BillingRun",
    "Correction",
    "CreditMove",
    "CustomerCredit",
    "DisputeAnswer",
    "DocumentArchive",
    "DocumentFile",
    "EvidenceFile",
    "IncomingAnswer",
    "IncomingDocument",
    "Invoice",
    "InvoiceLine",
    "InvoiceTax",
    "LineDispute",
    "NotedPayment",
    "NumberSeries",
    "PurchaseOrder",
    "Receivable",
    "ReferenceRate",
    "Reminder",
    "RunItem",
    "SigningKey",
    "TaxExemption",
    "TaxRate",
    "WriteOff",
]

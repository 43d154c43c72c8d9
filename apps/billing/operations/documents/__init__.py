"""Documents as files: rendered from the value, whoever built it, and stored once."""

from apps.billing.operations.documents.approving import broken_rules
from apps.billing.operations.documents.letters import letter_context, store_letter
from apps.billing.operations.documents.picture import first_page
from apps.billing.operations.documents.rendering import (
    Files,
    NoRenderer,
    render_files,
    render_pdf,
)
from apps.billing.operations.documents.storing import store_document_files, store_invoice_files

__all__ = [
    "Files",
    "NoRenderer",
    "broken_rules",
    "first_page",
    "letter_context",
    "render_files",
    "render_pdf",
    "store_document_files",
    "store_invoice_files",
    "store_letter",
]

"""Documents as files: rendered from the value, whoever built it."""

from apps.billing.operations.documents.rendering import (
    Files,
    NoRenderer,
    render_files,
    render_pdf,
)

__all__ = ["Files", "NoRenderer", "render_files", "render_pdf"]

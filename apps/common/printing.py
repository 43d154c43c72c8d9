"""Pages as PDF: WeasyPrint, set up once a process, that fetches nothing."""

from functools import cache
from pathlib import Path
from typing import Any

from apps.common.fonts import font_faces


class NoRenderer(RuntimeError):
    """WeasyPrint finds no Pango on this machine; the text says what to install."""


@cache
def renderer() -> tuple[Any, Any]:
    """WeasyPrint and one set of fonts for the life of the process. Raises NoRenderer."""
    try:
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration
    except OSError as problem:
        raise NoRenderer(
            "Documents are rendered with Pango, which is missing. On Debian and Ubuntu: "
            f"apt-get install libpango-1.0-0 libpangoft2-1.0-0. ({problem})"
        ) from problem
    return weasyprint, FontConfiguration()


@cache
def style_sheet(path: Path) -> Any:
    """Parsed once: fonts and the style sheet at the path."""
    weasyprint, fonts = renderer()
    return weasyprint.CSS(string=font_faces() + path.read_text("utf-8"), font_config=fonts)


def load_nothing(url: str, *_: Any, **__: Any) -> Any:
    """A document fetches nothing: neither from the network nor from the disk."""
    raise ValueError(f"a document loads nothing, asked for {url[:80]}")


def laid_out(html: str, style: Path) -> Any:
    """The page with its style sheet, ready to be written. Raises NoRenderer."""
    weasyprint, fonts = renderer()
    page = weasyprint.HTML(string=html, url_fetcher=load_nothing)
    return page.render(font_config=fonts, stylesheets=[style_sheet(style)])


def pdf_of(html: str, style: Path) -> bytes:
    """PDF/A-3b of a page. Raises NoRenderer."""
    written: bytes = laid_out(html, style).write_pdf(pdf_variant="pdf/a-3b")
    return written

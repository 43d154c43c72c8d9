"""The first page of a stored PDF as a picture."""

import io
from threading import Lock

# 110 dots an inch: readable beside the page, about 60 KB.
SCALE = 110 / 72
# PDFium is not made for several threads at once.
_one_at_a_time = Lock()


def first_page(pdf: bytes) -> bytes:
    """PNG of the first page, in grey levels and few colours."""
    import pypdfium2

    with _one_at_a_time:
        document = pypdfium2.PdfDocument(pdf)
        try:
            picture = document[0].render(scale=SCALE).to_pil()
        finally:
            document.close()
    target = io.BytesIO()
    picture.quantize(64).save(target, "PNG", optimize=True)
    return target.getvalue()

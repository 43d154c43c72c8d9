"""The mark on an asset: its identification link as a QR code in a frame, drawn as SVG."""

from collections.abc import Iterator, Sequence

import segno

# The measures of IEC 61406-1, in modules: the quiet zone between code and frame (2D-5), the frame's
# line, and the legs of the triangle within the frame's lower right corner, which tells a link to this
# very thing from any other code (2D-10). It asks for modules of at least 0.25 mm, better 0.35 (2D-4),
# and recommends error correction Q (2D-6).
QUIET, FRAME, CORNER = 4, 1, 6
MODULE_MM = 0.35
CORRECTION = "q"
# White around the frame, so that it is seen on any ground.
MARGIN = 2


def mark_of(link: str) -> str:
    """An SVG of black on white, whatever is around it, as wide in print as its modules ask for."""
    rows = segno.make(link, error=CORRECTION, micro=False).matrix
    edge = FRAME + QUIET
    size = len(rows) + 2 * edge
    whole = size + 2 * MARGIN
    runs = "".join(_runs(rows, edge))
    inner = size - 2 * FRAME
    frame = f"M0 0h{size}v{size}h-{size}zM{FRAME} {FRAME}v{inner}h{inner}v-{inner}z"
    corner = f"M{size - FRAME} {size - FRAME}v-{CORNER}l-{CORNER} {CORNER}z"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole * MODULE_MM:.2f}mm" '
        f'height="{whole * MODULE_MM:.2f}mm" viewBox="-{MARGIN} -{MARGIN} {whole} {whole}" '
        f'shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M-{MARGIN}-{MARGIN}h{whole}v{whole}h-{whole}z"/>'
        f'<path fill="#000" d="{frame}{runs}"/><path fill="#000" d="{corner}"/></svg>'
    )


def _runs(rows: Sequence[Sequence[int]], edge: int) -> Iterator[str]:
    """Each run of dark modules of a row as one box."""
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            wide = next((n for n, module in enumerate(row[x:]) if not module), len(row) - x)
            if wide:
                yield f"M{x + edge} {y + edge}h{wide}v1h-{wide}z"
            x += wide + 1

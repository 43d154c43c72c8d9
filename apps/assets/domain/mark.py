"""The mark on an asset: its identification link as a QR code in a frame, drawn as SVG."""

from collections.abc import Iterator, Sequence

import segno

# Modules: the quiet zone around the code, the frame, and the legs of the triangle in its corner that
# tell a link to this very thing from any other code (IEC 61406-1).
QUIET, FRAME, CORNER = 4, 1, 6


def mark_of(link: str) -> str:
    """An SVG of black on white, whatever is around it."""
    rows = segno.make(link, error="m", micro=False).matrix
    edge = FRAME + QUIET
    size = len(rows) + 2 * edge
    runs = "".join(_runs(rows, edge))
    frame = f"M0 0h{size}v{size}h-{size}zM1 1v{size - 2}h{size - 2}v-{size - 2}z"
    corner = f"M{size} {size}v-{CORNER}l-{CORNER} {CORNER}z"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 {size + 4} {size + 4}" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M-2-2h{size + 4}v{size + 4}h-{size + 4}z"/>'
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

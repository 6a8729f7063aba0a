"""Draws a page of a PDF with a proof marked, in a process of its own: the file may be hostile.

python -m pipelines.sandbox.page_pictures PATH PAGE WIDTH < boxes.json > page.png
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from pipelines.errors import SourceUnreadable
from pipelines.types import Box

MARK = (255, 196, 0, 80)
EDGE = (214, 120, 0, 255)
MAX_HEIGHT = 8000


def draw_page(path: Path, page: int, width: int, boxes: Sequence[Box]) -> bytes:
    """PNG of page `page` (from 1), `width` pixels wide, `boxes` (fractions) marked.

    Raises SourceUnreadable.
    """
    import pypdfium2
    from PIL import Image, ImageDraw

    try:
        document = pypdfium2.PdfDocument(path)
        try:
            shown = document[page - 1]
            seen_width, seen_height = shown.get_size()
            # pdfium rounds sizes up: a hair less gives the width that was asked for.
            scale = min((width - 0.01) / seen_width, MAX_HEIGHT / seen_height)
            picture = shown.render(scale=scale).to_pil().convert("RGBA")
        finally:
            document.close()
    except (pypdfium2.PdfiumError, IndexError, ZeroDivisionError, MemoryError) as error:
        raise SourceUnreadable(f"Page {page} can't be drawn.") from error
    marks = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(marks)
    for x0, y0, x1, y1 in boxes:
        corners = (
            x0 * picture.width - 2,
            y0 * picture.height - 2,
            x1 * picture.width + 2,
            y1 * picture.height + 2,
        )
        pen.rectangle(corners, fill=MARK, outline=EDGE, width=2)
    out = io.BytesIO()
    Image.alpha_composite(picture, marks).convert("RGB").save(out, "PNG")
    return out.getvalue()


def main() -> int:
    path, page, width = sys.argv[1:]
    boxes = json.load(sys.stdin)
    try:
        sys.stdout.buffer.write(draw_page(Path(path), int(page), int(width), boxes))
    except SourceUnreadable as error:
        sys.stderr.write(str(error))
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())

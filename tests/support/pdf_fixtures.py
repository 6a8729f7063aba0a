"""PDFs made for the tests, page by page, with text at known places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PROSE = (
    "The pump moves coolant from the tank through the filter and on to the heat exchanger. "
    "Its speed follows the temperature that the sensor at the outlet reports every second. "
    "When the reading stays above the limit for more than a minute the valve opens fully. "
    "An operator can close it by hand after the pressure has fallen below the marked value. "
)

Draw = Callable[[Any], None]


def draw_pdf(path: Path, pages: Sequence[Draw], **options: Any) -> Path:
    """A PDF of letter size (612 x 792 points), one callable per page drawing on its canvas."""
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), pagesize=(612, 792), invariant=True, **options)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return path


def lines(
    x: float, top: float, texts: Sequence[str], size: float = 10, font: str = "Times-Roman"
) -> Draw:
    """Lines of text from the left edge `x`, the first baseline `top` points below the top."""

    def draw(canvas: Any) -> None:
        canvas.setFont(font, size)
        for index, text in enumerate(texts):
            canvas.drawString(x, 792 - top - index * size * 1.2, text)

    return draw


def together(*draws: Draw) -> Draw:
    """Everything on one page, in this order."""

    def draw(canvas: Any) -> None:
        for one in draws:
            one(canvas)

    return draw


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` characters."""
    import textwrap

    return textwrap.wrap(text, width)


def change_pages(path: Path, change: Callable[[Any], None]) -> Path:
    """The same file with `change` applied to each pypdfium2 page (rotation, boxes)."""
    import pypdfium2 as pdfium

    document = pdfium.PdfDocument(path.read_bytes())
    for index in range(len(document)):
        page = document[index]
        change(page)
        page.close()
    document.save(path)
    document.close()
    return path


def raw_pdf(path: Path, objects: dict[int, bytes]) -> Path:
    """A PDF of the given objects (number -> body); object 1 is the catalogue."""
    data = b"%PDF-1.7\n"
    offsets = {}
    for number, body in objects.items():
        offsets[number] = len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(data), max(objects) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        if number in offsets:
            data += b"%010d 00000 n \n" % offsets[number]
        else:
            data += b"0000000000 65535 f \n"
    data += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    path.write_bytes(data)
    return path


def stream(content: bytes, extra: bytes = b"") -> bytes:
    """The body of a stream object."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), extra, content)


def page_objects(
    content: bytes, extra: dict[int, bytes] | None = None, xobjects: bytes = b""
) -> dict[int, bytes]:
    """Objects of a file with one page that draws `content` in Helvetica (/F1)."""
    return {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> /XObject << %s >> >> >>" % xobjects,
        4: stream(content),
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        **(extra or {}),
    }

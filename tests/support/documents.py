"""Small documents made for tests."""

from __future__ import annotations

import io


def pdf(*pages: str) -> bytes:
    """A PDF of one page per text; lines are parted by newlines."""
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842), invariant=True)
    for text in pages:
        writer = canvas.beginText(60, 780)
        writer.setFont("Helvetica", 11)
        for line in text.splitlines():
            writer.textLine(line)
        canvas.drawText(writer)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def picture(*lines: str) -> bytes:
    """A PNG with printed lines."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (900, 120 + 70 * len(lines)), "white")
    pen = ImageDraw.Draw(image)
    for i, line in enumerate(lines):
        pen.text((60, 60 + 70 * i), line, fill="black", font=ImageFont.load_default(40))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


NOTES = b"""# Aurora mixer

The Aurora mixer was built in Trondheim in 2019.

## Cleaning

Rinse the steel bowl with warm water after every batch. Never use chlorine on the seals.

## Limits

The motor draws 450 watts. The bowl holds 6.5 litres.
"""
"""A Markdown document whose facts stand nowhere else."""

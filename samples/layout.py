"""The manual's look: page templates, paragraph styles, and its building blocks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import reportlab
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor, white
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    ListFlowable,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus.tableofcontents import TableOfContents

from samples.figures import INK, PALE, SHADE, TEAL

WIDTH, HEIGHT = A4
MARGIN = 2.2 * cm
BODY_WIDTH = WIDTH - 2 * MARGIN

# Bitstream Vera comes with reportlab under a licence that allows embedding; an embedded font
# looks the same on every machine, the standard fonts of PDF do not.
for name, file in (("Vera", "Vera"), ("Vera-Bold", "VeraBd"), ("Vera-Italic", "VeraIt")):
    font_file = Path(reportlab.__file__).parent / "fonts" / f"{file}.ttf"
    pdfmetrics.registerFont(TTFont(name, str(font_file)))
pdfmetrics.registerFontFamily("Vera", normal="Vera", bold="Vera-Bold", italic="Vera-Italic")


def _style(name: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
    settings: dict[str, Any] = {"fontName": "Vera", "textColor": INK, **more}
    return ParagraphStyle(name, fontSize=size, leading=leading, **settings)


BODY = _style("body", 10, 15, spaceAfter=7)
STEP = _style("step", 10, 15)
CELL = _style("cell", 8.5, 11.5)
CELL_HEAD = _style("cell head", 8.5, 11.5, fontName="Vera-Bold", textColor=white)
CAPTION = _style("caption", 8, 11, fontName="Vera-Italic", spaceBefore=3, spaceAfter=9)
FIGURE_CAPTION = ParagraphStyle("figure caption", parent=CAPTION, alignment=TA_CENTER)
WARNING = _style("warning", 10, 14.5)
TITLE = _style("title", 30, 36, fontName="Vera-Bold")
SUBTITLE = _style("subtitle", 14, 20, textColor=TEAL)
HEADINGS = (
    _style("heading 1", 17, 22, fontName="Vera-Bold", textColor=TEAL, spaceAfter=9),
    _style("heading 2", 12, 16, fontName="Vera-Bold", spaceBefore=11, spaceAfter=5),
)


class Heading(Paragraph):
    """A heading that enters the outline and the table of contents."""

    def __init__(self, text: str, level: int) -> None:
        super().__init__(text, HEADINGS[level])
        self.level, self.text = level, text


class Manual(BaseDocTemplate):
    """A4 pages: `cover`, `single` column and `double` column, with running head and foot."""

    def __init__(self, path: Path, *, title: str, running_head: str, **meta: Any) -> None:
        super().__init__(
            str(path),
            pagesize=A4,
            title=title,
            invariant=1,
            lang="en-GB",
            pageCompression=1,
            **meta,
        )
        self.running_head = running_head
        bottom, height = 2.3 * cm, HEIGHT - 4.9 * cm
        gap = 0.8 * cm
        column = (BODY_WIDTH - gap) / 2

        def frame(x: float, width: float) -> Frame:
            return Frame(x, bottom, width, height, 0, 0, 0, 0)

        self.addPageTemplates(
            [
                PageTemplate("cover", [frame(MARGIN, BODY_WIDTH)], onPage=_cover_page),
                PageTemplate("single", [frame(MARGIN, BODY_WIDTH)], onPage=_inner_page),
                PageTemplate(
                    "double",
                    [frame(MARGIN, column), frame(MARGIN + column + gap, column)],
                    onPage=_inner_page,
                ),
            ]
        )

    def afterFlowable(self, flowable: Flowable) -> None:
        if isinstance(flowable, Heading):
            key = f"section-{self.page}-{flowable.text}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.text, key, flowable.level)
            self.notify("TOCEntry", (flowable.level, flowable.text, self.page, key))


def _cover_page(canvas: Any, _document: Manual) -> None:
    canvas.setFillColor(TEAL)
    canvas.rect(0, HEIGHT - 1.1 * cm, WIDTH, 1.1 * cm, stroke=0, fill=1)
    canvas.rect(0, 0, WIDTH, 0.5 * cm, stroke=0, fill=1)


def _inner_page(canvas: Any, document: Manual) -> None:
    canvas.saveState()
    canvas.setFont("Vera", 7.5)
    canvas.setFillColor(HexColor("#5b6a72"))
    canvas.drawString(MARGIN, HEIGHT - 1.6 * cm, document.running_head)
    canvas.drawRightString(WIDTH - MARGIN, HEIGHT - 1.6 * cm, "Operating manual")
    canvas.drawString(MARGIN, 1.3 * cm, "Document OM-C24-EN, edition 3")
    canvas.drawRightString(WIDTH - MARGIN, 1.3 * cm, f"Page {document.page}")
    canvas.setStrokeColor(TEAL)
    canvas.setLineWidth(0.6)
    canvas.line(MARGIN, HEIGHT - 1.8 * cm, WIDTH - MARGIN, HEIGHT - 1.8 * cm)
    canvas.line(MARGIN, 1.75 * cm, WIDTH - MARGIN, 1.75 * cm)
    canvas.restoreState()


def contents() -> TableOfContents:
    """The table of contents, filled while the document is built."""
    paddings = TableStyle(
        [
            ("TOPPADDING", (0, 0), (-1, -1), 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ]
    )
    table = TableOfContents(dotsMinLevel=0, tableStyle=paddings)
    table.levelStyles = [
        _style("contents 1", 9, 12, fontName="Vera-Bold", spaceBefore=4),
        _style("contents 2", 8.5, 11, leftIndent=14),
    ]
    return table


def text(*paragraphs: str) -> list[Flowable]:
    return [Paragraph(paragraph, BODY) for paragraph in paragraphs]


def steps(*items: str) -> Flowable:
    return ListFlowable(
        [Paragraph(item, STEP) for item in items],
        bulletType="1",
        bulletFormat="%s.",
        bulletFontName="Vera",
        bulletFontSize=10,
        leftIndent=18,
        spaceAfter=7,
    )


def bullets(*items: str) -> Flowable:
    return ListFlowable(
        [Paragraph(item, STEP) for item in items],
        bulletType="bullet",
        start="•",
        bulletFontName="Vera",
        bulletFontSize=10,
        leftIndent=14,
        spaceAfter=7,
    )


def warning(word: str, message: str, width: float = BODY_WIDTH) -> list[Flowable]:
    """A framed warning with its signal word."""
    box = Table([[Paragraph(f"<b>{word}</b>  {message}", WARNING)]], colWidths=[width])
    box.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), HexColor("#fdf3e1")),
                ("LINEBEFORE", (0, 0), (0, -1), 4, HexColor("#d98a1f")),
                ("LEFTPADDING", (0, 0), (-1, -1), 10),
                ("TOPPADDING", (0, 0), (-1, -1), 6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ]
        )
    )
    return [box, Spacer(1, 9)]


def table(caption: str, rows: str, widths: Sequence[float]) -> Flowable:
    """A table with ruling lines under its caption; `widths` are shares of the body's width.

    `rows` has one row a line, the header first, cells parted by bars.
    """
    cells = [
        [Paragraph(cell.strip(), CELL if number else CELL_HEAD) for cell in row.split("|")]
        for number, row in enumerate(rows.strip().splitlines())
    ]
    share = BODY_WIDTH / sum(widths)
    grid = Table(cells, colWidths=[width * share for width in widths], repeatRows=1)
    grid.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), TEAL),
                ("ROWBACKGROUNDS", (0, 1), (-1, -1), [white, SHADE]),
                ("GRID", (0, 0), (-1, -1), 0.5, HexColor("#8fa3a9")),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 4),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 5.5),
            ]
        )
    )
    return KeepTogether([Paragraph(caption, CAPTION), grid, Spacer(1, 10)])


def figure(drawing: Drawing, caption: str, width: float = BODY_WIDTH) -> Flowable:
    """A drawing on a pale ground, centred, with its caption below."""
    holder = Table([[drawing]], colWidths=[width])
    holder.setStyle(
        TableStyle(
            [
                ("ALIGN", (0, 0), (-1, -1), "CENTER"),
                ("BOX", (0, 0), (-1, -1), 0.5, PALE),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
            ]
        )
    )
    return KeepTogether([Spacer(1, 3), holder, Paragraph(caption, FIGURE_CAPTION)])

"""Pictures beside the text of a PDF page: told where they are not read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.parsed_pdf import parse
from tests.support.pdf_fixtures import PROSE, Draw, draw_pdf, lines, together, wrap

TEXT = lines(72, 72, wrap(PROSE * 3, 80))


def picture(box: tuple[float, float, float, float], *, in_form: bool = False) -> Draw:
    """A grey picture of 300 x 200 pixels: left, bottom, width and height in points."""

    def draw(canvas: Any) -> None:
        from PIL import Image
        from reportlab.lib.utils import ImageReader

        image = ImageReader(Image.new("RGB", (300, 200), "grey"))
        if not in_form:
            canvas.drawImage(image, *box)
            return
        canvas.beginForm("drawing", 0, 0, 1, 1)
        canvas.drawImage(image, 0, 0, 1, 1)
        canvas.endForm()
        canvas.translate(*box[:2])
        canvas.scale(*box[2:])
        canvas.doForm("drawing")

    return draw


@pytest.mark.parametrize(
    ("draws", "is_told"),
    [
        ((TEXT, picture((72, 72, 250, 150))), True),
        ((TEXT, picture((72, 72, 250, 150), in_form=True)), True),
        ((TEXT, *(picture((72, 72 + 70 * n, 400, 60)) for n in range(3))), True),
        ((TEXT, picture((72, 72, 90, 60))), False),
        ((picture((0, 0, 612, 792)), TEXT), False),
        ((*(picture((0, 264 * n, 612, 264)) for n in range(3)), TEXT), False),
        ((picture((0, 0, 612, 792)), TEXT, picture((72, 72, 250, 150))), True),
    ],
    ids=["figure", "in a form", "strips", "logo", "background", "scan in strips", "on background"],
)
def test_pictures_beside_text_are_told(
    tmp_path: Path, draws: tuple[Draw, ...], is_told: bool
) -> None:
    plain, part = parse(draw_pdf(tmp_path / "page.pdf", [TEXT, together(*draws)]))
    assert plain.warnings == ()
    assert [(w.code, w.place) for w in part.warnings] == (
        [("pictures_not_read", "page 2")] if is_told else []
    )
    assert part.counts["pages_read"] == 1
    assert "pages_ocr" not in part.counts

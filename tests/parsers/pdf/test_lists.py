"""Boxes and signs that begin the items of a checklist."""

from __future__ import annotations

import pytest

from pipelines.parsers.pdf.line_pieces import Piece
from pipelines.parsers.pdf.list_items import ITEM, join_markers


def piece(text: str, x: float) -> Piece:
    box = (x, 100.0, x + 6 * len(text), 112.0)
    return Piece(text, box, box, 0, 10.0, False, b"DejaVuSans", 0, False)


@pytest.mark.parametrize("sign", "☐☑☒✓✗◆★")
def test_a_sign_that_begins_a_line_marks_an_item(sign: str) -> None:
    assert ITEM.match(f"{sign} Oil level checked")
    (joined,) = join_markers([piece(sign, 72), piece("Oil level checked", 90)])
    assert joined.text == f"{sign} Oil level checked"

"""PDFs that are broken, locked, too large or hostile: what goes wrong is told kindly."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pipelines.errors import PasswordRequired, SourceTooLarge, SourceUnreadable, WrongPassword
from tests.support.parsed_pdf import CORPUS, book, corpus, parse, segments
from tests.support.pdf_fixtures import draw_pdf, lines, page_objects, raw_pdf, stream


def test_a_picture_that_would_fill_the_memory_is_not_drawn(tmp_path: Path) -> None:
    objects = page_objects(
        b"q 612 0 0 792 0 0 cm /X Do Q BT /F1 12 Tf 72 700 Td (Seen in spite of it) Tj ET",
        {
            6: stream(
                b"\0" * 64,
                b"/Type /XObject /Subtype /Image /Width 100000 /Height 100000 "
                b"/ColorSpace /DeviceGray /BitsPerComponent 1",
            )
        },
        b"/X 6 0 R",
    )
    (part,) = parse(raw_pdf(tmp_path / "bomb.pdf", objects))
    assert [s.text for s in part.segments] == ["Seen in spite of it"]
    (warning,) = part.warnings
    assert warning.code == "page_not_drawn"
    assert warning.place == "page 1"
    assert "10,000 million pixels" in warning.message


def test_a_page_that_fails_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    objects = page_objects(b"BT /F1 12 Tf 72 700 Td (Still here) Tj ET")
    objects[2] = b"<< /Type /Pages /Kids [3 0 R 9 0 R 3 0 R] /Count 3 >>"
    first, second, third = parse(raw_pdf(tmp_path / "gap.pdf", objects))
    assert [s.text for s in first.segments] == ["Still here"]
    assert [s.text for s in third.segments] == ["Still here"]
    assert second.segments == ()
    assert [(w.code, w.place) for w in second.warnings] == [("page_unreadable", "page 2")]


def test_passwords(tmp_path: Path) -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption

    path = draw_pdf(
        tmp_path / "locked.pdf",
        [lines(72, 100, ["Behind the lock"])],
        encrypt=StandardEncryption("open sesame", "owner", strength=128),
    )
    with pytest.raises(PasswordRequired, match="password"):
        parse(path)
    with pytest.raises(WrongPassword, match="does not open"):
        parse(path, password="guess")
    assert [s.text for s in segments(path, password="open sesame")] == ["Behind the lock"]


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7\n%%EOF", b"\x89PNG no PDF at all", b"%PDF-1.4\n1 0 obj <<"]
)
def test_a_broken_file_says_so(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(data)
    with pytest.raises(SourceUnreadable, match="upload"):
        parse(path)


def test_a_file_without_pages_says_so(tmp_path: Path) -> None:
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [] /Count 0 >>",
    }
    with pytest.raises(SourceUnreadable, match="upload"):
        parse(raw_pdf(tmp_path / "none.pdf", objects))


def test_too_many_pages_are_refused(tmp_path: Path) -> None:
    path = draw_pdf(tmp_path / "three.pdf", [lines(72, 100, ["Page"])] * 3)
    with pytest.raises(SourceTooLarge, match="3 pages"):
        parse(path, max_pages=2)


def test_damaged_files_end_in_parts_or_in_one_kind_of_error(tmp_path: Path) -> None:
    good = bytearray(book(tmp_path / "good.pdf", 3).read_bytes())
    rng = random.Random(7)
    read = 0
    for attempt in range(40):
        data = bytearray(good)
        for _ in range(rng.randint(1, 60)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path = tmp_path / f"{attempt}.pdf"
        path.write_bytes(data)
        try:
            read += len(parse(path)) > 0
        except SourceUnreadable:
            continue
    assert read > 0


@pytest.mark.corpus
@pytest.mark.parametrize(
    "path", sorted((CORPUS / "hostile").glob("*.pdf")) or [CORPUS / "hostile"], ids=lambda p: p.name
)
def test_hostile_files_end_in_parts_or_in_one_kind_of_error(path: Path) -> None:
    corpus(f"hostile/{path.name}" if path.suffix else "hostile")
    try:
        parts = parse(path)
    except SourceUnreadable:
        return
    assert [part.start for part in parts] == list(range(len(parts)))
    assert parts[0].facts["pages"] == len(parts)

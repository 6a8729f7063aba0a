"""Every citation of the demo's answers opens on the very lines: what the viewer marks is drawn,
read back by OCR, and is the quote."""

from __future__ import annotations

import difflib
import io
import re
from functools import cache
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from PIL import Image

from deploy.demo import QUESTIONS, Question
from pipelines.ocr import read_picture
from tests.support.client import Client

SAMPLES = Path(__file__).parents[2] / "samples"
WIDTH = 2000
ALIKE = 0.95
"""Of a quote's characters that OCR must give back, in order."""


@pytest.fixture(scope="module")
def demo(admin: Client) -> dict[str, list[dict[str, Any]]]:
    """The citations of each question's answer."""
    instrument = admin.instrument("Demo")
    for name in dict.fromkeys(question.filename for question in QUESTIONS):
        admin.add(instrument, SAMPLES / name)
    return {q.text: admin.ask(instrument, q.text)["citations"] for q in QUESTIONS}


def letters(text: str) -> str:
    return "".join(re.findall(r"\w", text.casefold()))


def carried(quote: str, text: str) -> float:
    """Share of the quote's characters that stand in `text`, in order."""
    wanted, there = letters(quote), letters(text)
    blocks = difflib.SequenceMatcher(None, wanted, there, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(wanted)


def assert_boxes_hold(picture: Image.Image, boxes: list[list[float]], quote: str) -> None:
    """Read together the boxes are the quote; none of them is beside it."""
    assert boxes
    lines = [read(picture, box) for box in boxes]
    assert carried(quote, " ".join(lines)) >= ALIKE, (quote, lines)
    numbers = set(re.findall(r"\d+", quote))
    assert numbers <= set(re.findall(r"\d+", " ".join(lines))), (quote, lines)
    for line in lines:
        match = difflib.SequenceMatcher(
            None, letters(quote), letters(line), autojunk=False
        ).find_longest_match()
        assert match.size >= min(4, len(letters(line))), (quote, line)


def read(picture: Image.Image, box: list[float]) -> str:
    """What stands in the box, with a little paper around it."""
    x0, y0, x1, y1 = (round(part * size) for part, size in zip(box, picture.size * 2, strict=True))
    pad = max(3, (y1 - y0) // 6)
    piece = picture.crop((x0 - pad, y0 - pad, x1 + pad, y1 + pad))
    paper = Image.new("RGB", (piece.width + 80, piece.height + 80), piece.getpixel((0, 0)))
    paper.paste(piece, (40, 40))
    return " ".join(line.text for line in read_picture(paper, "rapidocr", threads=1))


def page_picture(client: Client, cited: dict[str, Any], **query: Any) -> Image.Image:
    page = cited["locator"]["page"]
    path = f"/api/viewer/pdf/{cited['source_id']}/pages/{page}.png"
    answer = client.get(path, params={"width": WIDTH, **query})
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content)).convert("RGB")


@cache
def fetched(url: str) -> bytes:
    return httpx.get(url).raise_for_status().content


def frame_at(data: bytes, seconds: float) -> Image.Image:
    """The picture of a film at that time."""
    with av.open(io.BytesIO(data)) as film:
        shown = None
        for frame in film.decode(video=0):
            if shown is not None and frame.time > seconds:
                break
            shown = frame
        assert shown is not None
        return shown.to_image()


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.filename)
def test_the_fact_is_cited_from_its_own_file(
    demo: dict[str, list[dict[str, Any]]], question: Question
) -> None:
    first = demo[question.text][0]
    assert first["filename"] == question.filename
    assert first["locator"]["type"] == question.locator
    assert letters(question.fact) in letters(first["quote"])


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.filename)
def test_each_citation_opens_on_the_very_lines(
    admin: Client, demo: dict[str, list[dict[str, Any]]], question: Question
) -> None:
    for citation in demo[question.text]:
        view = admin.get(
            f"/api/viewer/{citation['type']}/{citation['source_id']}",
            params={"citation": citation["id"]},
        ).json()
        _CHECKS[citation["locator"]["type"]](admin, citation, view)


def deciding(citation: dict[str, Any]) -> str:
    """What a reader sees marked."""
    focus = citation["focus"]
    return citation["quote"][focus["start"] : focus["end"]]


def _check_page(admin: Client, citation: dict[str, Any], view: dict[str, Any]) -> None:
    assert (view["page"], view["boxes"]) == (
        citation["focus"]["locators"][0]["page"],
        citation["focus"]["locators"][0]["boxes"],
    )
    plain = page_picture(admin, citation)
    marked = page_picture(admin, citation, citation=citation["id"])
    assert_boxes_hold(plain, view["boxes"], deciding(citation))
    changed = (np.asarray(plain) != np.asarray(marked)).any(axis=2)
    within = np.zeros_like(changed)
    for x0, y0, x1, y1 in view["boxes"]:
        columns, rows = np.array([x0, x1]) * plain.width, np.array([y0, y1]) * plain.height
        area = changed[int(rows[0]) : int(rows[1]) + 1, int(columns[0]) : int(columns[1]) + 1]
        # Black letters may stay black.
        assert area.mean() > 0.5
        near = plain.width // 100
        within[
            max(0, int(rows[0]) - near) : int(rows[1]) + near,
            max(0, int(columns[0]) - near) : int(columns[1]) + near,
        ] = True
    assert not (changed & ~within).any()


def _check_region(_: Client, citation: dict[str, Any], view: dict[str, Any]) -> None:
    picture = Image.open(io.BytesIO(fetched(view["file_url"]))).convert("RGB")
    assert picture.size == (view["width"], view["height"])
    assert_boxes_hold(picture, view["boxes"], deciding(citation))


def _check_time(_: Client, citation: dict[str, Any], view: dict[str, Any]) -> None:
    start, end = view["t_start"], view["t_end"]
    assert 0 <= start < end <= view["duration"]
    if citation["locator"]["frame"]:
        picture = frame_at(fetched(view["file_url"]), (start + end) / 2)
        boxes = [place["frame"] for place in citation["focus"]["locators"]]
        assert_boxes_hold(picture, boxes, deciding(citation))
        return
    cues = [cue for cue in view["transcript"] if cue["t_start"] < end and cue["t_end"] > start]
    said = " ".join(cue["text"] for cue in cues)
    assert letters(deciding(citation)) in letters(said)
    # Not a cue too many: each says part of the quote.
    for edge in (cues[0], cues[-1]):
        words = re.findall(r"\w+", edge["text"].casefold())
        quoted = re.findall(r"\w+", citation["quote"].casefold())
        assert len(set(words) & set(quoted)) > len(set(words)) / 3


_CHECKS = {"page": _check_page, "region": _check_region, "time": _check_time}

"""What was recognised rather than read says by which engine and how surely, down to the proof."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.chat import exports
from api.citations.recognition import said
from pipelines.chunking import Chunker
from pipelines.embedders.embedder import BUILT_IN, model_directory
from pipelines.embedders.model_files import Tokens
from pipelines.retrieval.neighbours import merge_split_sentences
from pipelines.text.recognition import recognition
from pipelines.types import Part, RecognisedSpan, RegionLocator, Segment
from tests.parsers.pdf.test_parts import scan
from tests.search.test_neighbours import main_hit, neighbours
from tests.search.test_reranking import hit
from tests.support.client import Client
from tests.support.documents import pdf

PRESS = "The hydraulic press weighs 61 kilograms."
ASKED = "How many kilograms does the hydraulic press weigh?"
ENGINES = ("rapidocr", "tesseract")


def recognised(
    start: int, end: int, confidence: float | None, engine: str = "ocr"
) -> RecognisedSpan:
    return RecognisedSpan(start=start, end=end, engine=engine, confidence=confidence)


@pytest.mark.parametrize(
    ("ranges", "told"),
    [
        ([], None),
        ([recognised(30, 40, 0.1)], None),
        ([recognised(0, 100, 0.5)], ("ocr", 0.5)),
        # 10 characters of the quote by the first, 20 by the second.
        ([recognised(0, 10, 0.3), recognised(10, 99, 0.9)], ("ocr", 0.7)),
        ([recognised(0, 10, None), recognised(10, 30, 0.9)], ("ocr", 0.9)),
        ([recognised(0, 30, None)], ("ocr", None)),
        ([recognised(0, 10, 0.2, "speech"), recognised(10, 30, 0.9)], ("ocr", 0.9)),
    ],
)
def test_a_quote_has_the_mean_of_its_characters(
    ranges: list[RecognisedSpan], told: tuple[str, float | None] | None
) -> None:
    found = recognition(ranges, 0, 30)
    assert found == (told and {"engine": told[0], "confidence": told[1]})


def segment(text: str, **more: object) -> Segment:
    place = RegionLocator(boxes=((0, 0, 1, 1),), width=9, height=9)
    return Segment(text=text, locators=(place,), **more)


def test_fragments_know_which_of_their_characters_were_recognised() -> None:
    tokens = Tokens(model_directory(BUILT_IN))
    part = Part(
        start=0,
        stop=1,
        unit="pages",
        segments=(
            segment("Read from text."),
            segment("  Seen at once. ", engine="ocr", confidence=0.9),
            segment("Heard after it. " * 200, engine="speech", confidence=0.4),
        ),
    )
    fragments = Chunker(tokens.offsets, tokens.max_tokens).feed(part)
    assert len(fragments) > 2
    for fragment in fragments:
        for each in fragment.recognised:
            piece = fragment.text[each.start : each.end]
            if each.engine == "ocr":
                assert (piece, each.confidence) == ("Seen at once.", 0.9)
            else:
                assert set(piece.split()) == {"Heard", "after", "it."}
                assert each.confidence == 0.4
    covered = sum(each.end - each.start for f in fragments for each in f.recognised)
    read = sum(len(f.text) for f in fragments) - covered
    # The text that was read, and a newline between what stands in one Fragment.
    assert read <= len("Read from text.") + 2 * len(fragments)


def test_a_joined_hit_knows_it_of_both_halves() -> None:
    first = main_hit("Tighten the nut to", recognised=(recognised(0, 18, 0.9),))
    rest = hit("5.5 Nm with the key.").model_copy(
        update={"recognised": (recognised(0, 20, 0.5, "speech"),)}
    )
    (joined,) = merge_split_sentences([first], neighbours(after=rest))
    assert [joined.text[each.start : each.end] for each in joined.recognised] == [
        first.text,
        rest.text,
    ]


def test_it_is_shown_wherever_the_text_is(admin: Client, instrument: str, tmp_path: Path) -> None:
    source = admin.add(instrument, scan(tmp_path / "plate.pdf", [PRESS]))
    admin.add_bytes(instrument, "oil.pdf", pdf("The oil of the lathe is changed every 400 hours."))
    turn = admin.ask(instrument, ASKED)
    cited = next(each for each in turn["citations"] if each["source_id"] == source["id"])
    told = cited["recognition"]
    assert told["engine"] in ENGINES
    assert 0.5 < told["confidence"] <= 1

    (fragment,) = admin.get(f"/api/sources/{source['id']}/fragments").json()
    assert fragment["recognition"] == told
    hits = admin.get("/api/search/", params={"instrument": instrument, "q": PRESS}).json()
    assert [each["recognition"] for each in hits if each["source_id"] == source["id"]] == [told]
    assert [each["recognition"] for each in hits if each["source_id"] != source["id"]] == [None]

    turn_citations = admin.get(f"/api/citations/turn/{turn['turn_id']}").json()["items"]
    assert told in [each["recognition"] for each in turn_citations]
    address = f"/api/chat/sessions/{turn['session_id']}/export"
    assert said(told) in admin.get(address, params={"format": "md"}).text

    # The same words in a newer version that has them as text: nothing was recognised there.
    admin.add_bytes(instrument, "plate.pdf", pdf(PRESS), source_id=source["id"])
    items = admin.get(f"/api/citations/turn/{turn['turn_id']}").json()["items"]
    (moved,) = (each for each in items if each["id"] == cited["id"])
    assert (moved["state"], moved["recognition"]) == ("current", None)


def test_a_footnote_says_so() -> None:
    citation = {
        "title": "Plate", "locators": [], "quote": PRESS, "verdict": "verified",
        "state": "current", "recognition": {"engine": "pocketsphinx", "confidence": 0.62},
    }  # fmt: skip
    assert exports.proof(citation).endswith(
        "(verified, recognised by pocketsphinx, confidence 0.62)"
    )
    unsure = {**citation, "recognition": {"engine": "openai:hear", "confidence": None}}
    assert exports.proof(unsure).endswith("(verified, recognised by openai:hear)")

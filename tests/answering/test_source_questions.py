"""Questions about a source itself are told from questions about what it describes."""

from __future__ import annotations

import pytest

from pipelines.quoting.source_questions import asks_about, chapter_asked, page_asked


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How many pages does the handbook have?", "pages"),
        ("How many pages are there?", "pages"),
        ("How long is the manual?", "pages"),
        ("Who wrote the handbook?", "author"),
        ("When was this document published?", "date"),
        ("What language is the manual in?", "language"),
        ("List the chapters.", "chapters"),
        ("What are the contents of the manual?", "chapters"),
        ("What is this document about?", "subject"),
        ("Summarize the manual.", "subject"),
        ("Worum geht es in diesem Dokument?", "subject"),
        ("Which documents are there on oxygen?", "sources"),
    ],
)
def test_a_question_about_a_source(question: str, wanted: str) -> None:
    assert asks_about(question) == {wanted}


@pytest.mark.parametrize(
    "question",
    [
        "How many pages can it print in a minute?",
        "How many pages does a toner cartridge last?",
        "How long is the guide rail?",
        "List the contents of the kit.",
        "What are the contents of the box?",
        "Which sections of the pipe must be insulated?",
        "Summarize the cleaning procedure.",
        "Wer kann den Zugang autorisieren?",
        "Who is authorised to open the housing?",
        "What does the instrument cover measure?",
        "What is the sheet feeder for?",
        "Which issue does a blinking lamp show?",
        "What is the part number?",
        "Which part of the section valve is worn?",
    ],
)
def test_a_question_about_what_it_describes(question: str) -> None:
    assert asks_about(question) == frozenset()
    assert chapter_asked(question) == ""
    assert page_asked(question) is None


@pytest.mark.parametrize(
    ("question", "chapter"),
    [
        ("What does the chapter Cooling say?", "Cooling"),
        ("What does the section 'Fan and filter' describe?", "Fan and filter"),
        ("What is in chapter 4?", "4"),
        ("Summarise the chapter on cleaning.", "cleaning"),
    ],
)
def test_a_chapter_is_known_by_its_name(question: str, chapter: str) -> None:
    assert chapter_asked(question) == chapter


def test_a_page_is_known_by_its_number() -> None:
    assert page_asked("What is on page 12?") == 12
    assert page_asked("How many pages has it?") is None

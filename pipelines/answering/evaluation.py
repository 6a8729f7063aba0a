"""Evaluation: golden questions out of a CSV file, what counts as right, and figures over a run."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipelines.answering.expected_text import says, why_not
from pipelines.text.words import WORD

COLUMNS = ("question", "answer", "filename", "page", "must", "must_not", "decline")
MAX_QUESTION = 4000
MAX_ERRORS = 20
MARKS = (
    "right",
    "answered_true",
    "found",
    "cited",
    "page_found",
    "page_cited",
    "page_first",
    "answer_cited",
)
"""What a question is marked by: whether its answer says what it must, or declines where it must;
whether what it says of itself (`answered`) is true; the expected source among the hits of search,
among the citations; the expected page among the hits, among the citations, as the first citation;
the expected answer within a cited quote."""
TRUTHS = ("right", "declined rightly", "wrong", "answered wrongly", "declined wrongly", "failed")
"""How a question went whose right answer is known: `wrong` says something else than it must,
`answered wrongly` should have declined, `declined wrongly` should have answered."""
_YES = frozenset({"yes", "true", "1", "x", "ja", "oui", "si", "sí", "sim"})
_NO = frozenset({"", "no", "false", "0", "nein", "non", "não"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Places = Sequence[tuple[Iterable[str], Iterable[int]]]
"""Hits or citations in order: the names of the source (file name, title) and its pages there."""


class GoldenFileError(ValueError):
    """The file can't be used; a line for each thing that is wrong."""


@dataclass(frozen=True)
class Golden:
    """A question, what its answer holds and where that stands; None where nobody has said.

    `must` and `must_not`: what a right answer says, see pipelines/answering/expected_text.py;
    `decline`: the right answer is that the sources don't say.
    """

    question: str
    answer: str = ""
    filename: str | None = None
    page: int | None = None
    must: str = ""
    must_not: str = ""
    decline: bool = False

    @property
    def is_judged(self) -> bool:
        """Whether it is known what a right answer is."""
        return self.decline or bool(self.must or self.must_not)


@dataclass(frozen=True)
class Item:
    """How one question went. A mark is None when nothing was expected there."""

    question: str
    outcome: str
    """`answered`, `declined` or `failed`."""
    answered: str | None
    """What the turn says of itself, `yes`, `partly` or `no`; None when it failed."""
    truth: str | None
    """One of TRUTHS."""
    right: bool | None
    answered_true: bool | None
    found: bool | None
    cited: bool | None
    page_found: bool | None
    page_cited: bool | None
    page_first: bool | None
    answer_cited: bool | None
    verdicts: tuple[str, ...]
    milliseconds: int | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Change:
    """A question that went otherwise than before: marks gained and lost."""

    question: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]


def read_golden(data: bytes) -> list[Golden]:
    """The questions of a CSV file with the columns COLUMNS, in any order.

    Only `question` must be there. Raises GoldenFileError that names every wrong line.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GoldenFileError(
            "The file is not UTF-8; save it as CSV UTF-8 and import again."
        ) from error
    head = text.partition("\n")[0]
    rows = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",", strict=True
    )
    found: list[Golden] = []
    errors: list[str] = []
    lines: dict[str, int] = {}
    try:
        columns = [name.strip().lower() for name in next(rows, [])]
        _check_columns(columns)
        line = rows.line_num + 1
        for row in rows:
            at, line = line, rows.line_num + 1
            if not any(cell.strip() for cell in row):
                continue
            golden, wrong = _golden(columns, row)
            if golden is not None and (key := same_question(golden.question)) in lines:
                wrong.append(f"the question stands in line {lines[key]} already")
            elif golden is not None:
                lines[key] = at
                found.append(golden)
            errors += [f"Line {at}: {reason}." for reason in wrong]
    except csv.Error as error:
        errors.append(f"Line {rows.line_num}: this is no CSV ({error}).")
    if not errors and not found:
        errors.append("The file holds no question.")
    if errors:
        more = [f"... and {len(errors) - MAX_ERRORS} more."] if len(errors) > MAX_ERRORS else []
        raise GoldenFileError("\n".join(errors[:MAX_ERRORS] + more))
    return found


def written_golden(questions: Iterable[Golden]) -> str:
    """The questions as a CSV file that `read_golden` reads.

    What a spreadsheet would take for a formula begins with an apostrophe: readers wrote some of
    the questions.
    """
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for golden in questions:
        values = [getattr(golden, name) for name in COLUMNS]
        cells = ["" if v is None or v is False else "yes" if v is True else str(v) for v in values]
        rows.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue()


def same_question(question: str) -> str:
    """Equal for questions that differ in case and white space only."""
    return " ".join(question.casefold().split())


def judge(
    golden: Golden,
    *,
    hits: Places,
    citations: Places,
    quotes: Iterable[str],
    verdicts: Sequence[str],
    text: str,
    answered: str | None,
    milliseconds: int | None,
) -> Item:
    """Mark what was found, cited and said against what was expected.

    `answered` is what the turn says of itself, None when it failed; `text` its answer.
    """
    truth = _truth(golden, text, answered) if golden.is_judged else None
    right = truth in ("right", "declined rightly")
    is_true = (answered in ("yes", "partly")) == (truth == "right")
    page = golden.page if golden.filename else None
    cited = [_is_expected(golden, place) for place in citations]
    on_page = [_is_expected(golden, place, page) for place in citations]
    wanted = _words(golden.answer)
    return Item(
        question=golden.question,
        outcome={None: "failed", "no": "declined"}.get(answered, "answered"),
        answered=answered,
        truth=truth,
        right=right if truth else None,
        answered_true=is_true and answered is not None if truth else None,
        found=any(_is_expected(golden, hit) for hit in hits) if golden.filename else None,
        cited=any(cited) if golden.filename else None,
        page_found=any(_is_expected(golden, hit, page) for hit in hits) if page else None,
        page_cited=any(on_page) if page else None,
        page_first=bool(on_page and on_page[0]) if page else None,
        answer_cited=any(f" {wanted} " in f" {_words(quote)} " for quote in quotes)
        if wanted
        else None,
        verdicts=tuple(verdicts),
        milliseconds=milliseconds,
    )


def figures(items: Sequence[Item]) -> dict[str, Any]:
    """Over a run: for each mark how many of how many; outcomes, verdicts, milliseconds."""
    marks = {}
    for name in MARKS:
        values = [getattr(item, name) for item in items]
        expected = [value for value in values if value is not None]
        marks[name] = {"right": sum(expected), "of": len(expected)}
    times = sorted(item.milliseconds for item in items if item.milliseconds is not None)
    return {
        "questions": len(items),
        "marks": marks,
        "truths": dict(Counter(item.truth for item in items if item.truth)),
        "answered": dict(Counter(item.answered for item in items if item.answered)),
        "outcomes": dict(Counter(item.outcome for item in items)),
        "verdicts": dict(Counter(verdict for item in items for verdict in item.verdicts)),
        "milliseconds": {"p50": percentile(times, 50), "p95": percentile(times, 95)},
    }


def share(figure: Mapping[str, int]) -> float | None:
    """0..1 of a mark's figure; None when it was expected of no question."""
    return figure["right"] / figure["of"] if figure["of"] else None


def changes(before: Iterable[Mapping[str, Any]], after: Iterable[Item]) -> list[Change]:
    """The questions of both runs whose marks differ; `before`: Items as JSON."""
    earlier = {same_question(item["question"]): item for item in before}
    found = []
    for item in after:
        old = earlier.get(same_question(item.question))
        if old is None:
            continue
        gained = tuple(n for n in MARKS if getattr(item, n) is True and old.get(n) is False)
        lost = tuple(n for n in MARKS if getattr(item, n) is False and old.get(n) is True)
        if gained or lost:
            found.append(Change(item.question, gained, lost))
    return found


def percentile(sorted_values: Sequence[int], percent: int) -> int | None:
    """The nearest-rank percentile; None of nothing."""
    if not sorted_values:
        return None
    rank = -(-percent * len(sorted_values) // 100)
    return sorted_values[max(rank, 1) - 1]


def _check_columns(columns: Sequence[str]) -> None:
    if "question" not in columns:
        raise GoldenFileError(
            "Line 1: the columns must be named, question at least; others are "
            f"{', '.join(COLUMNS[1:])}."
        )
    if unknown := [name for name in columns if name not in COLUMNS]:
        raise GoldenFileError(
            f"Line 1: no column is called {', '.join(repr(name) for name in unknown)}; use "
            f"{', '.join(COLUMNS)}."
        )
    if len(set(columns)) < len(columns):
        raise GoldenFileError("Line 1: a column is there twice.")


def _golden(columns: Sequence[str], row: Sequence[str]) -> tuple[Golden | None, list[str]]:
    """The question of a row, or what is wrong with it."""
    if len(row) > len(columns):
        return None, [f"{len(row)} cells, but only {len(columns)} columns; quote cells with commas"]
    cells = {name: _cell(cell) for name, cell in zip(columns, row, strict=False)}
    wrong = []
    question, filename = cells["question"], cells.get("filename") or None
    if not question:
        wrong.append("the question is empty")
    if len(question) > MAX_QUESTION:
        wrong.append(f"the question is longer than {MAX_QUESTION} characters")
    page, written = None, cells.get("page", "")
    if written:
        page = int(written) if written.isdecimal() and len(written) < 8 else 0
        if page < 1:
            wrong.append(f"page {written!r} is no page number; count from 1")
        if filename is None:
            wrong.append("a page needs a filename")
    must, must_not = cells.get("must", ""), cells.get("must_not", "")
    for name, cell in (("must", must), ("must_not", must_not)):
        if reason := why_not(cell):
            wrong.append(f"{name}: {reason}")
    decline = cells.get("decline", "").casefold()
    if decline not in _YES | _NO:
        wrong.append(f"decline is {cells['decline']!r}; write yes or no")
    if decline in _YES and must:
        wrong.append("what is to be declined has no must")
    if wrong:
        return None, wrong
    answer = cells.get("answer", "")
    return Golden(question, answer, filename, page, must, must_not, decline in _YES), []


def _cell(text: str) -> str:
    text = text.strip()
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def _truth(golden: Golden, text: str, answered: str | None) -> str:
    if answered is None:
        return "failed"
    if golden.decline:
        return "declined rightly" if answered == "no" else "answered wrongly"
    if answered == "no":
        return "declined wrongly"
    return "right" if says(text, golden.must, golden.must_not) else "wrong"


def _is_expected(
    golden: Golden, place: tuple[Iterable[str], Iterable[int]], page: int | None = None
) -> bool:
    names, pages = place
    expected = (golden.filename or "").casefold()
    return any(name.casefold() == expected for name in names) and (page is None or page in pages)


def _words(text: str) -> str:
    return " ".join(WORD.findall(text.casefold()))

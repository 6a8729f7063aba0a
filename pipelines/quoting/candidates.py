"""What could be quoted from Hits: sentences, table rows and list items, each with its context."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.keywords import index_words
from pipelines.quoting import tables
from pipelines.quoting.attributes import Attribute, is_another, spelled
from pipelines.quoting.questions import Question
from pipelines.quoting.tables import CELL
from pipelines.sentences import sentences
from pipelines.types import Hit

MAX_LENGTH = 600
"""Characters of one quote; what is longer is cut at a word."""
LONG = 10
"""Words that make a line a sentence even without a full stop."""
LEADER = "...."
_NEEDED = frozenset(index_words("need needed require required necessary use used"))
"""Words of a question for a list that the list's name leaves out."""
_ENDS = ".!?。！？؟۔।:;"
_ITEM = re.compile(r"^(?:[-*•‣▪–]|\(?\d{1,3}[.)]|\(?[a-z][.)]|[①-⑳]|step \d+[:.]?)\s+(?=\S)", re.I)
_MARKS = str.maketrans({"[": "(", "]": ")", "【": "(", "】": ")", "`": "'"})


@dataclass(frozen=True)
class Candidate:
    """A sentence, row or list item that could be quoted, with what gives it its meaning."""

    hit: int
    start: int
    end: int
    text: str
    """As it would be said in an answer."""
    words: tuple[str, ...]
    around: frozenset[str]
    """Words of what it stands under (headings, a table's header) and of the sentence before."""
    under: str
    """The innermost of what it stands under, for its meaning."""
    is_whole: bool
    """Whether it says something by itself, as a heading or a line of a contents list does not."""
    is_item: bool = False
    label: frozenset[str] = frozenset()
    """Words of what a row is called."""
    is_named: bool = False
    """Whether it is the row of the very thing that an attribute is asked of."""
    lacks: bool = False
    """Whether it is so and no column of it is called like the attribute."""
    columns: tuple[str, ...] = ()
    """Heads of the columns that a row has a value in."""


def candidates(hits: Sequence[Hit], question: Question) -> list[Candidate]:
    """All that could be quoted, in reading order of each Hit. The question's words pick columns
    of tables; what tells of another code than it asks for is left out."""
    found = [each for index, hit in enumerate(hits) for each in _of(index, hit, question)]
    if question.attribute and any(each.is_named for each in found):
        thing = question.attribute.thing
        return [
            each
            for each in found
            if each.is_named or not each.label or thing <= {*each.words, *each.around}
        ]
    return found


def item(text: str) -> str:
    """The number or bullet that `text` begins with as an item of a list; empty if it is none."""
    match = _ITEM.match(text)
    return match[0].strip() if match else ""


def _of(index: int, hit: Hit, question: Question) -> list[Candidate]:
    wanted = question.attribute
    headings = {hit.title, *hit.heading_path}
    title = frozenset(index_words(hit.title))
    above = frozenset(index_words(" ".join(hit.heading_path)))
    under = hit.heading_path[-1] if hit.heading_path else ""
    found: list[Candidate] = []
    has_table = CELL in hit.text
    rows = {row.start: row for row in tables.rows(hit.text)} if has_table else {}
    heads = tables.headers(hit.text) if has_table else set()
    before: frozenset[str] = frozenset()
    for start, end in sentences(hit.text):
        text = hit.text[start:end]
        if rows and (row := _row_at(rows, start, end)):
            if row.start == start and (said := _of_row(index, row, question, above, under, title)):
                found.append(said)
            continue
        words = tuple(index_words(text))
        if (
            (len(words) < 2 and not _is_asked_list(question, words, above, hit.text[start:]))
            or text in headings
            or text in heads
            or is_another(question.words, words, above | before | title)
            or (wanted and not wanted.is_told_by(text, words, above | before))
        ):
            before = frozenset(words)
            continue
        found.append(
            Candidate(
                index,
                start,
                end,
                quoted(text),
                words,
                above | before,
                under,
                is_whole=_is_whole(text, in_table=has_table and hit.kind == "table"),
                is_item=bool(item(text)),
            )
        )
        before = frozenset(words)
    return found


def _is_asked_list(
    question: Question, words: Sequence[str], above: frozenset[str], text: str
) -> bool:
    """Whether `text` begins with a list's name, as "Tools:", and just that list is asked for."""
    line, _, rest = text.partition("\n")
    asked = set(question.words) - _NEEDED
    return (
        line.rstrip().endswith((":", "："))
        and bool(item(rest.lstrip()))
        and bool(asked.intersection(words))
        and asked <= {*words, *above}
    )


def _of_row(
    index: int,
    row: tables.Row,
    question: Question,
    above: frozenset[str],
    under: str,
    title: frozenset[str],
) -> Candidate | None:
    asked = spelled(question.words)
    wanted = question.attribute
    said = row.read(asked)
    words = tuple(index_words(said))
    around = above | frozenset(index_words(f"{row.head} {row.section}"))
    whole = index_words(" ".join(row.cells))
    if len(words) < 2 or is_another(question.words, whole, around | title):
        return None
    if wanted and wanted.comes_later(whole) and not wanted.thing <= around | title:
        return None
    label = frozenset(index_words(row.label(wanted.thing if wanted else frozenset())))
    is_named = wanted is not None and label == wanted.thing
    return Candidate(
        index,
        row.start,
        row.end,
        quoted(said),
        words,
        around,
        " ".join(part for part in (under, row.section) if part),
        is_whole=True,
        label=label,
        is_named=is_named,
        lacks=wanted is not None and is_named and not _has(wanted, row, said, around),
        columns=tuple(row.columns()),
    )


def _row_at(rows: dict[int, tables.Row], start: int, end: int) -> tables.Row | None:
    """The row that a range of the text lies in: a full stop in a cell parts it in sentences."""
    if start in rows:
        return rows[start]
    return next((row for row in rows.values() if row.start <= start and end <= row.end), None)


def _has(wanted: Attribute, row: tables.Row, said: str, around: frozenset[str]) -> bool:
    """Whether a row has a value for the attribute."""
    if any(wanted.named_in(index_words(text)) for text in (said, *row.columns())):
        return True
    # Without a header what the table stands under, or the value itself, may tell.
    return not row.header and (wanted.named_in(around) or wanted.valued_in(said))


def quoted(text: str) -> str:
    """As it may stand in an answer: one line, without what would be read as our marks."""
    text = " ".join(text.translate(_MARKS).split())
    if len(text) <= MAX_LENGTH:
        return text
    cut = text.rfind(" ", 0, MAX_LENGTH)
    return text[: cut if cut > 0 else MAX_LENGTH]


def _is_whole(text: str, *, in_table: bool) -> bool:
    if LEADER in text:
        return False
    if in_table and text.endswith(":"):
        return False
    # "Name: value", as on labels and in forms.
    if ": " in text:
        return True
    return text[-1] in _ENDS or len(text.split()) > LONG

"""What could be quoted from Hits: sentences, table rows and list items, each with its context."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.quoting import tables
from pipelines.retrieval.attributes import Attribute, is_another, spelled
from pipelines.retrieval.keywords import index_words
from pipelines.retrieval.questions import Question
from pipelines.text.sentences import sentences
from pipelines.text.words import SMALL_WORDS
from pipelines.types import Hit

MAX_LENGTH = 600
"""Characters of one quote; what is longer is cut at a word."""
LONG = 10
"""Words that make a line a sentence even without a full stop."""
LEADER = "...."
MOST_VALUES = 40
"""Words of one sentence that are compared with the name of an attribute."""
_WORD = re.compile(r"(?<![\w-])[^\W\d_]{3,}(?![\w-])")
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
    """Whether it is of that thing and nothing in it is called, or measured, like the attribute:
    one of its `columns` or `values` may mean it still."""
    columns: tuple[str, ...] = ()
    """Headers of the columns that a row has a value in."""
    values: tuple[str, ...] = ()
    """Words that may be a value of the attribute, where no header says what they are."""


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
    before: frozenset[str] = frozenset()
    for start, end, line in _parts(hit):
        text = hit.text[start:end]
        if line and line.is_header:
            continue
        if line and line.row:
            if read := _of_row(index, line.row, question, above, under, title):
                found.append(read)
            continue
        words = tuple(index_words(text))
        if (
            (len(words) < 2 and not _is_asked_list(question, words, above, hit.text[start:]))
            or text in headings
            or is_another(question.words, words, above | before | title)
            or (wanted and wanted.is_about(words) and wanted.comes_later(words))
        ):
            before = frozenset(words)
            continue
        lacks = bool(
            wanted and wanted.is_about(words) and not wanted.is_told_by(text, words, above | before)
        )
        found.append(
            Candidate(
                index,
                start,
                end,
                quoted(text),
                words,
                above | before,
                under,
                is_whole=_is_whole(text, in_table=line is not None),
                is_item=bool(item(text)),
                lacks=lacks,
                values=_values(text) if lacks else (),
            )
        )
        before = frozenset(words)
    return found


def _parts(hit: Hit) -> list[tuple[int, int, tables.Line | None]]:
    """The Hit's sentences, and as a whole the rows of its tables, in order; each with the row that
    it is or stands in."""
    found: list[tuple[int, int, tables.Line | None]] = []

    def add(start: int, end: int, line: tables.Line | None) -> None:
        found.extend((start + a, start + b, line) for a, b in sentences(hit.text[start:end]))

    at = 0
    for line in tables.lines(hit):
        add(at, line.start, None)
        if line.row or line.is_header:
            found.append((line.start, line.end, line))
        else:
            add(line.start, line.end, line)
        at = line.end
    add(at, len(hit.text), None)
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
    sentence = row.read(asked)
    words = tuple(index_words(sentence))
    header = row.header if row.is_headed else ""
    around = above | frozenset(index_words(f"{header} {row.section}"))
    whole = index_words(" ".join(row.cells))
    if len(words) < 2 or is_another(question.words, whole, around | title):
        return None
    if wanted and wanted.comes_later(whole) and not wanted.thing <= around | title:
        return None
    label = frozenset(index_words(row.label(wanted.thing if wanted else frozenset())))
    is_named = wanted is not None and label == wanted.thing
    lacks = wanted is not None and is_named and not _has(wanted, row, sentence, around)
    return Candidate(
        index,
        row.start,
        row.end,
        quoted(sentence),
        words,
        around,
        " ".join(part for part in (under, row.section) if part),
        is_whole=True,
        label=label,
        is_named=is_named,
        lacks=lacks,
        columns=tuple(row.columns()),
        values=_values(" ".join(row.cells[1:])) if lacks and not row.is_headed else (),
    )


def _has(wanted: Attribute, row: tables.Row, sentence: str, around: frozenset[str]) -> bool:
    """Whether a row has a value for the attribute."""
    if any(wanted.named_in(index_words(text)) for text in (sentence, *row.columns())):
        return True
    # Without a header what the table stands under, or the value itself, may tell.
    return not row.is_headed and (wanted.named_in(around) or wanted.measured_in(sentence))


def _values(text: str) -> tuple[str, ...]:
    """Words of a sentence that may be a value: no numbers and no codes."""
    words = (word.lower() for word in _WORD.findall(text))
    return tuple(dict.fromkeys(word for word in words if word not in SMALL_WORDS))[:MOST_VALUES]


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

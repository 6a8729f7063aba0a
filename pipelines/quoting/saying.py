"""A choice in words: the sources' own, a row read under its columns, an item without its bullet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.quoting.chosen import Choice, Chosen
from pipelines.quoting.things import Piece, item, without_item
from pipelines.retrieval.attributes import spelled
from pipelines.retrieval.index_words import index_words

MAX_LENGTH = 600
"""Characters of one sentence; what is longer is cut at a word."""
_MARKS = str.maketrans({"[": "(", "]": ")", "【": "(", "】": ")", "`": "'"})
_ENDS = ".!?。！？؟۔।:：;；"


@dataclass(frozen=True)
class Said:
    """A sentence, step or row of an answer; `on_line`: it begins a line of its own."""

    text: str
    on_line: bool
    chosen: Chosen


def said(choice: Choice, question: str) -> Iterator[Said]:
    """What the chosen things say, in order."""
    asked = spelled(index_words(question))
    for number, chosen in enumerate(choice.chosen):
        for at, piece in enumerate(chosen.pieces):
            first = at == 0
            text = _read(chosen, piece, asked)
            if not chosen.is_list:
                # The number of a step says nothing away from its list.
                text = without_item(text) or text
            begins = (
                number > 0 or bool(choice.lead)
                if first
                else chosen.is_list and _begins_line(chosen, piece)
            )
            yield Said(_closed(text), begins, chosen)


def _begins_line(chosen: Chosen, piece: Piece) -> bool:
    return chosen.thing.kind != "list" or piece.is_item or bool(item(piece.text))


def _read(chosen: Chosen, piece: Piece, asked: frozenset[str]) -> str:
    thing = chosen.thing
    if thing.kind == "row":
        return quoted(thing.rows[thing.pieces.index(piece)].read(asked))
    return quoted(piece.text)


def quoted(text: str) -> str:
    """As it may stand in an answer: one line, without what would be read as our marks."""
    text = " ".join(text.translate(_MARKS).split())
    if len(text) <= MAX_LENGTH:
        return text
    cut = text.rfind(" ", 0, MAX_LENGTH)
    return text[: cut if cut > 0 else MAX_LENGTH] + " …"


def _closed(text: str) -> str:
    return text if text[-1:] in _ENDS else f"{text}."

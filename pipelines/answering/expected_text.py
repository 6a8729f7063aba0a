"""What a right answer says and what it doesn't, as a person writes it in a cell of a table.

"46 W | 46 watts; three bands": each thing between the semicolons must be said, by one of the
alternatives between the bars. Plain words: they are compared without case, marks and line ends;
"millimet*" stands for all words that begin so. A number is compared whole, with its sign; "46W" is
"46 W" and "4,5" is "4.5".
"""

from __future__ import annotations

import re
import unicodedata

from pipelines.answering.unproven import without_marks
from pipelines.claims.answer_sentences import MARK

LONGEST = 1_000
"""Characters of a cell."""
MOST = 50
"""Alternatives in it, all together."""
_TOKEN = re.compile(r"(?<!\w)[-−–]\d+(?:[.,]\d+)*|\d+(?:[.,]\d+)*|[^\W\d_]+\*?|[°%]")


def why_not(cell: str) -> str:
    """What is wrong with a cell, for its writer; "" when it can be used."""
    if len(cell) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    things = _things(cell)
    if sum(map(len, things)) > MOST:
        return f"it names more than {MOST} alternatives"
    if cell.strip() and not all(_plain(each) for thing in things for each in thing):
        return "an alternative holds no word; write words, | between alternatives, ; between things"
    return ""


def says(answer: str, must: str, must_not: str) -> bool:
    """Whether an answer says all that it must and nothing that it must not."""
    text = f" {_plain(MARK.sub('', without_marks(answer))).replace('*', '')} "
    return all(any(_is_said(each, text) for each in thing) for thing in _things(must)) and not any(
        _is_said(each, text) for thing in _things(must_not) for each in thing
    )


def _things(cell: str) -> list[list[str]]:
    return [
        [each.strip() for each in thing.split("|")] for thing in cell.split(";") if thing.strip()
    ]


def _is_said(alternative: str, text: str) -> bool:
    """`text`: plain, with a space at both ends. The expression has no choice to go back on."""
    words = re.escape(_plain(alternative)).replace(r"\*", r"\w*")
    return re.search(f" {words} ", text) is not None


def _plain(text: str) -> str:
    tokens = _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())
    return " ".join(token.replace(",", ".").replace("−", "-").replace("–", "-") for token in tokens)

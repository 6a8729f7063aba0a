"""Questions that lean on earlier ones ("And for the X-200?"), made to stand alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.text.words import words

FEW = 2
"""Words of its own that a question needs to stand alone."""
CARRIED = 8
"""Words taken over from an earlier question, at most."""
_LEANING = re.compile(
    r"^\s*(?:and|but|or|also|what about|how about|und|aber|et|mais|y|pero)\b"
    r"|\b(?:it|its|they|them|their|theirs|this|those|these|he|she|his|her|him|the same|the former"
    r"|the latter|es|ihn|ihm|dessen|deren|davon|dafür|il|elle|ils|elles|cela|ça|ello|eso|esto)\b"
    r"|[它他她]|这个|那个|那么",
    re.IGNORECASE,
)


def leans(question: str) -> bool:
    """Whether a question seems to need an earlier one to be understood."""
    return bool(_LEANING.search(question)) or len(words(question)) < FEW


def carried_over(question: str, earlier: Sequence[str]) -> str:
    """The question with the words of `earlier` questions (oldest first) that say what it is about.

    Unchanged when it stands alone. The words go before its question mark: nothing that was asked
    is lost, and it stays one question.
    """
    if not earlier or not leans(question):
        return question
    subject = earlier[-1]
    for at in range(len(earlier) - 1, -1, -1):
        subject = earlier[at]
        if not leans(subject):
            break
    own = set(words(question))
    taken = [word for word in dict.fromkeys(words(subject)) if word not in own][:CARRIED]
    if not taken:
        return question
    asked = question.rstrip().rstrip("?？").rstrip()
    return f"{asked}, {' '.join(taken)}{question.rstrip()[len(asked) :] or '?'}"

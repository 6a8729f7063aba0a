"""Whether what is of a thing tells the attribute of it that is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.quoting.asked import Asked
from pipelines.quoting.meaning import Meaning
from pipelines.quoting.ranking import Ranked, Ranking
from pipelines.retrieval.index_words import index_words

ALIKE = 0.64
"""Least likeness of two names of one attribute: "supplier" and "Vendor" have .74, "weight" and
"Size" .52. Tried on 36 pairs of headers, of which none that mean something else reached it."""
VALUE = 0.6
"""Least likeness of an attribute and a value of it: "colour" and "green" have .72, "shape" and
"round" .63, "colour" and "steel" .45. Tried on 200 pairs, of which none that don't belong together
was above .53."""
MOST_VALUES = 40
"""Words of one sentence that are compared with the name of an attribute."""
_WORD = re.compile(r"(?<![\w-])[^\W\d_]{3,}(?![\w-])")


def telling(
    ranked: Sequence[Ranked], asked: Asked, ranking: Ranking, meaning: Meaning
) -> list[Ranked]:
    """Where one attribute of one thing is asked for, as in "What colour is PN-1079?": without what
    is of that thing and tells nothing of the attribute, or of that code's kind and not of it."""
    wanted = asked.question.attribute
    if wanted is None:
        return list(ranked)
    kept: list[Ranked] = []
    of_thing: list[Ranked] = []
    doubtful: list[tuple[Ranked, list[str]]] = []
    for each in ranked:
        words = each.piece.words
        row = each.thing.rows[each.at] if each.thing.rows else None
        over = ranking.over(each.thing)
        if wanted.comes_later(index_words(each.piece.text)) and not wanted.thing <= over:
            continue
        is_named = (
            row is not None and frozenset(index_words(row.label(wanted.thing))) == wanted.thing
        )
        if not is_named and not (row is None and wanted.is_about(words)):
            if not wanted.is_code or wanted.thing <= words | over:
                kept.append(each)
            continue
        of_thing.append(each)
        headers = row.filled if row else []
        if wanted.is_told_by(
            each.piece.text,
            (*words, *index_words(" ".join(headers))),
            frozenset() if headers else over,
        ):
            kept.append(each)
        else:
            names = headers or list(dict.fromkeys(_WORD.findall(each.piece.text.lower())))
            doubtful.append((each, names[:MOST_VALUES]))
    names = list(dict.fromkeys(name for _, some in doubtful for name in some))
    if names:
        alike = dict(zip(names, meaning.similar(wanted.name, names, foreign=False), strict=True))
        for each, some in doubtful:
            least = ALIKE if each.thing.rows and any(each.thing.rows[each.at].filled) else VALUE
            if any(alike[name] >= least for name in some):
                kept.append(each)
    if of_thing:
        # Another row is of another thing, however like it is.
        kept = [
            e for e in kept if not e.thing.rows or e in of_thing or wanted.thing <= e.piece.words
        ]
    return sorted(kept, key=lambda each: -each.score)

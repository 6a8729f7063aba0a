"""What is left of an answer when sources of it are deleted.

A sentence stays when what is left of its proofs still carries it, by a new check; a sentence
proven by nothing else gives way to a placeholder that keeps its marks. So does one that copies
what was deleted and that nothing left verifies. When no proof is left, nothing of the answer is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pipelines.answering.unproven import MARKED, without_marks
from pipelines.claims.answer_sentences import MARK
from pipelines.claims.check import claims as checked
from pipelines.claims.quotes import Quote
from pipelines.text.words import WORD

WITHDRAWN = "(withdrawn with its source)"
RUN = 4
"""Words in a row that nobody writes twice by chance."""


def withdraw(
    answer: str,
    claims: Sequence[Mapping[str, Any]],
    *,
    left: Mapping[int, Quote],
    gone: Collection[int],
    texts: Iterable[str],
    sources: Collection[str] = (),
) -> tuple[str, list[dict[str, Any]]]:
    """The answer without what only deleted sources say, and its claims with their new offsets.

    `left`: number of a citation that stays -> its quote; `gone`: numbers of those that don't;
    `texts`: what was deleted, of the sources with the ids `sources`. A claim that gave way says
    `"state": "withdrawn"`.
    """
    if gone and not left:
        whole = _placeholder(sorted(gone))
        return whole, [_withdrawn(whole, 0, sorted(gone))]
    copied = {run for text in texts for run in _runs(text)}
    said, kept, at = "", [], 0
    for claim in sorted(claims, key=lambda claim: claim["start"]):
        said += _between(answer[at : claim["start"]], copied, gone)
        sentence = answer[claim["start"] : claim["end"]]
        copy = not copied.isdisjoint(_runs(sentence)) or not frozenset(sources).isdisjoint(
            claim.get("repeats", ())
        )
        stays = _stays(claim, sentence, left, copy=copy)
        if stays is None:
            sentence = _placeholder(claim["citations"])
            kept.append(_withdrawn(sentence, len(said), claim["citations"]))
        else:
            place = {"start": len(said), "end": len(said) + len(sentence)}
            kept.append({**stays, **place})
        said += sentence
        at = claim["end"]
        if stays is None and answer.startswith(MARKED, at):
            at += len(MARKED)
    return said + _between(answer[at:], copied, gone), kept


def copies(some: Sequence[str], given: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """For each of `some` the keys of `given` of whose texts it has RUN words in a row."""
    runs_of = {key: {run for text in texts for run in _runs(text)} for key, texts in given.items()}
    found = []
    for text in some:
        runs = _runs(text)
        found.append(tuple(key for key, others in runs_of.items() if not runs.isdisjoint(others)))
    return found


def _stays(
    claim: Mapping[str, Any],
    sentence: str,
    left: Mapping[int, Quote],
    *,
    copy: bool,
) -> dict[str, Any] | None:
    """The claim as it stands by what is left; None when it is to go. `copy`: what was deleted
    says it in the same words."""
    if claim.get("state") == "withdrawn":
        return dict(claim)
    numbers = claim["citations"]
    proofs = {number: left[number] for number in numbers if number in left}
    if not numbers:
        return None if copy else dict(claim)
    if set(numbers) <= set(proofs):
        again, named = claim["verdict"], {}
    else:
        checks = checked(without_marks(sentence), proofs) if proofs else []
        again = checks[0].verdict if checks else "unsupported"
        if again == "unsupported":
            return None
        # What is named of the proofs is of those that are left.
        named = {"missing": list(checks[0].missing), "changed": list(checks[0].changed)}
    # What was deleted says this, and what is left does not.
    if copy and again != "verified":
        return None
    return {**claim, "verdict": again, **named}


def _between(text: str, copied: set[tuple[str, ...]], gone: Collection[int]) -> str:
    """Headings, code and the like, line by line; lines that copy what was deleted, or cite
    nothing else, go."""
    if not text.strip():
        return text
    kept = []
    for line in text.splitlines(keepends=True):
        marks = {int(number) for number in MARK.findall(line)}
        if _runs(line).isdisjoint(copied) and not (marks and marks <= set(gone)):
            kept.append(line)
    return "".join(kept)


def _withdrawn(text: str, start: int, citations: Sequence[int]) -> dict[str, Any]:
    return {
        "text": WITHDRAWN,
        "start": start,
        "end": start + len(text),
        "verdict": "unsupported",
        "citations": list(citations),
        "missing": [],
        "changed": [],
        "state": "withdrawn",
    }


def _placeholder(numbers: Iterable[int]) -> str:
    return WITHDRAWN + "".join(f"[{number}]" for number in numbers)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = WORD.findall(text.lower())
    return {tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}

"""A sentence as the check compares it: its words, names, quantities and what it denies."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from pipelines.claims.negation import OPPOSITES, denied_forms, denies, spelt_out
from pipelines.claims.quantities import CODE, Quantity, quantities, scale_named, units_named
from pipelines.text.words import SMALL_WORDS

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*|[,;:.!?()\[\]{}|—–。、，；：！？]", re.UNICODE)
_PAIRED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff]+"
)
"""Scripts that write no spaces between words: pairs of characters stand for words."""
_MARKDOWN = re.compile(r"[*`]+|(?<!\w)_+|_+(?!\w)|^\s*(?:#{1,6}\s+|>\s*|[-+•]\s+)")
_LITTLE = """approximately approx circa roughly around nearly almost however moreover furthermore
    additionally therefore thus hence overall specifically also finally consequently according
respectively while whereas"""
_SAYS_LITTLE = frozenset(_LITTLE.split())
_BOUNDARIES = frozenset(",;:.!?()[]{}|—。、，；：！？") | {
    "but",
    "although",
    "sondern",
    "aber",
    "mais",
}
_NOT_ONLY = frozenset({"only", "just", "merely", "simply", "nur", "seulement", "solo", "sólo"})
_BACKWARDS = """it its they them their this these those that he she his her such both es sie er ihr
    seine diese dieser dieses il elle ils elles ce cette ces su sus este esta estos"""
_BACK = frozenset(_BACKWARDS.split())
_POSSESSIVE = re.compile(r"['’]s?$")
_AFTER_VERB = frozenset({"pas", "jamais", "rien", "nicht", "nie", "niemals"})
"""Denials that follow their verb."""
LONGEST = 2000
"""Characters of a sentence that are read."""
_JOINING = frozenset({"and", "or", "und", "oder", "et", "ou", "y", "e", "o", "u", ",", "、"})
_SCOPE = 4
NOT_ONLY = "only"


@dataclass(frozen=True)
class Term:
    """A word that says something. `before` and `after` are the tokens around it, or around the
    run of names that it is part of; "" at the edge of a clause."""

    word: str
    stem: str
    shown: str
    is_name: bool
    before: str
    after: str


@dataclass(frozen=True)
class Reading:
    terms: tuple[Term, ...]
    stems: frozenset[str]
    words: frozenset[str]
    quantities: tuple[Quantity, ...]
    places: tuple[tuple[str, str], ...]
    """For each quantity the tokens before and after it."""
    denied: tuple[tuple[str, ...], ...]
    """For each denial the stems that it reaches, the nearest first."""
    bridges: frozenset[str]
    """Pairs of characters that would stand there without a denying character between them."""
    runs: tuple[tuple[str, ...], ...]
    """Stems of words with capital letters that stand together: "Karen Gillan"."""
    refers_back: bool
    units: frozenset[tuple[str, float]]
    scale: float
    is_cut: bool
    """Whether the text was too long to be read to its end."""
    key: str
    """The text without case, space and closing punctuation."""


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A lower-case word without its commonest endings: "stopped", "stopping", "stops" are one."""
    if len(word) <= 3 or not word[-1].isalpha():
        return word
    for ending, instead in (
        ("ies", "y"),
        ("ied", "y"),
        ("ing", ""),
        ("ed", ""),
        ("es", ""),
        ("s", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + instead
            break
    if word.endswith("ly") and len(word) > 5:
        word = word[:-2]
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == "e" else word


_OPPOSITE_STEMS: dict[str, frozenset[str]] = {}
for _word, _others in OPPOSITES.items():
    _known = _OPPOSITE_STEMS.get(stem(_word), frozenset())
    _OPPOSITE_STEMS[stem(_word)] = _known | {stem(other) for other in _others}


def opposite(term: Term, proof: Reading, claim: Reading) -> bool:
    """Whether the proof has, in place of a term it lacks, the term's opposite."""
    if any(
        other in proof.stems and other not in claim.stems
        for other in _OPPOSITE_STEMS.get(term.stem, ())
    ):
        return True
    return any(form in proof.words and form not in claim.words for form in denied_forms(term.word))


@lru_cache(maxsize=8192)
def read(text: str) -> Reading:
    """What `text`, a sentence or a row, says. Linear in its length."""
    whole = text
    text = spelt_out(_MARKDOWN.sub("", text[:LONGEST].replace("\u00ad", "")))
    found = quantities(text)
    covered = _covered(text, found)
    tokens = [(m[0], m.start(), m.end()) for m in _TOKEN.finditer(text)]
    raw = [unicodedata.normalize("NFKC", token).casefold() for token, _, _ in tokens]
    names = _names([token for token, _, _ in tokens], raw, covered, tokens)
    capitals = _capitals(tokens, raw, names, covered)
    runs = _runs(raw, capitals)
    terms: list[Term] = []
    term_at: list[int] = []
    denials: list[int] = []
    for i, (token, start, _) in enumerate(tokens):
        if covered[start] or not token[0].isalnum():
            continue
        if denies(raw[i]) or (raw[i] == "non" and i + 1 < len(raw)):
            denials.append(i)
            continue
        if _PAIRED.search(token):
            pairs = _pairs(raw[i])
            terms += [Term(p, p, p, False, "", "") for p in pairs]
            term_at += [i] * len(pairs)
            continue
        word = _POSSESSIVE.sub("", raw[i])
        if (word in SMALL_WORDS and not names[i]) or word in _SAYS_LITTLE or not word:
            continue
        before, after = _around(raw, capitals, i)
        terms.append(Term(word, stem(word), token, names[i], before, after))
        term_at.append(i)
    denied = tuple(_scope(i, raw, terms, term_at) for i in denials)
    denied += tuple((pair,) for token in raw for pair in _denied_pairs(token))
    return Reading(
        terms=tuple(terms),
        stems=frozenset(term.stem for term in terms),
        words=frozenset(term.word for term in terms),
        quantities=tuple(found),
        places=tuple(_place(quantity, tokens, raw) for quantity in found),
        denied=denied,
        bridges=frozenset(pair for token in raw for pair in _bridges(token)),
        runs=runs,
        refers_back=any(word in _BACK for word in raw[:6]),
        units=units_named(text),
        scale=scale_named(text),
        is_cut=len(whole) > LONGEST,
        key=re.sub(r"[\s\u00ad]+", "", whole).casefold().rstrip(".!?。;:,"),
    )


def _covered(text: str, found: list[Quantity]) -> bytearray:
    covered = bytearray(len(text) + 1)
    for quantity in found:
        if quantity.is_needed:
            covered[quantity.start : quantity.end] = b"\1" * (quantity.end - quantity.start)
    return covered


def _names(
    shown: list[str], raw: list[str], covered: bytearray, tokens: list[tuple[str, int, int]]
) -> list[bool]:
    """Which tokens are names: capital letters where no sentence begins."""
    names = []
    for i, token in enumerate(shown):
        begins = i == 0 or shown[i - 1] in ".!?:。|" or (i == 1 and not shown[0][0].isalnum())
        capital = token[0].isupper() and not covered[tokens[i][1]]
        if len(token) > 1 and token.isupper():
            names.append(capital)
        elif raw[i] in SMALL_WORDS:
            # "May" and "Who" are names within a sentence, "A" and "I" are not.
            follows = i > 0 and shown[i - 1][0].isalnum()
            names.append(capital and follows and len(token) > 1)
        else:
            names.append(capital and not begins)
    return names


def _capitals(
    tokens: list[tuple[str, int, int]], raw: list[str], names: list[bool], covered: bytearray
) -> list[bool]:
    """Which tokens are names or could be: also those that a sentence begins with."""
    return [
        names[i] or (token[0].isupper() and raw[i] not in SMALL_WORDS and not covered[start])
        for i, (token, start, _) in enumerate(tokens)
    ]


def _runs(raw: list[str], capitals: list[bool]) -> tuple[tuple[str, ...], ...]:
    runs: list[tuple[str, ...]] = []
    run: tuple[str, ...] = ()
    for word, is_capital in zip(raw, capitals, strict=True):
        if is_capital:
            run = (*run, stem(_POSSESSIVE.sub("", word)))
        elif run:
            runs.append(run)
            run = ()
    return (*runs, run) if run else tuple(runs)


def _around(raw: list[str], capitals: list[bool], i: int) -> tuple[str, str]:
    """What stands around a word; around the whole list for a name of "Jones, Hill and Smith"."""
    left, right = i - 1, i + 1
    if capitals[i]:
        while left >= 0 and (capitals[left] or _joins(raw, capitals, left)):
            left -= 1
        while right < len(raw) and (capitals[right] or _joins(raw, capitals, right)):
            right += 1
    return _edge(raw, left), _edge(raw, right)


def _joins(raw: list[str], capitals: list[bool], i: int) -> bool:
    """Whether token `i` joins two names of a list."""
    return raw[i] in _JOINING and 0 < i < len(raw) - 1 and capitals[i - 1] and capitals[i + 1]


def _place(
    quantity: Quantity, tokens: list[tuple[str, int, int]], raw: list[str]
) -> tuple[str, str]:
    left = max((i for i, t in enumerate(tokens) if t[2] <= quantity.start), default=-1)
    right = min((i for i, t in enumerate(tokens) if t[1] >= quantity.end), default=len(raw))
    return _edge(raw, left), _edge(raw, right)


def _edge(raw: list[str], i: int) -> str:
    """A token's stem, or "" outside the sentence and at the edge of a clause."""
    if not 0 <= i < len(raw) or not raw[i][0].isalnum():
        return ""
    return stem(raw[i])


def _scope(i: int, raw: list[str], terms: list[Term], term_at: list[int]) -> tuple[str, ...]:
    """Stems that the denial at token `i` reaches: what follows within the clause, else before."""
    end = next((j for j in range(i + 1, len(raw)) if raw[j] in _BOUNDARIES), len(raw))
    if raw[i + 1 : i + 2] and raw[i + 1] in _NOT_ONLY:
        # "Not only" denies nothing by itself, but who adds it changes what is said.
        return (NOT_ONLY,)
    following = [t.stem for t, at in zip(terms, term_at, strict=True) if i < at < end]
    earlier = [t.stem for t, at in zip(terms, term_at, strict=True) if at < i]
    if raw[i] in _AFTER_VERB and earlier:
        return (earlier[-1], *following[: _SCOPE - 1])
    if following:
        return tuple(following[:_SCOPE])
    return tuple(reversed(earlier[-2:]))


def _pairs(run: str) -> list[str]:
    found: list[str] = []
    for match in _PAIRED.finditer(run):
        part = match[0]
        found += [part[i : i + 2] for i in range(max(1, len(part) - 1))]
    rest = _PAIRED.sub(" ", run).split()
    return found + rest


def _denied_pairs(token: str) -> list[str]:
    if not _PAIRED.search(token):
        return []
    return [token[i + 1 : i + 3] for i, character in enumerate(token) if denies(character)]


def _bridges(token: str) -> list[str]:
    if not _PAIRED.search(token):
        return []
    return [
        token[i - 1] + token[i + 1]
        for i, character in enumerate(token)
        if 0 < i < len(token) - 1 and denies(character)
    ]


def is_code(quantity: Quantity) -> bool:
    return quantity.dimension == CODE

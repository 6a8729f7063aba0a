"""A sentence as the check compares it: its content in order, and what decides whether it holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from pipelines.claims.languages import UNKNOWN, Language, key, language
from pipelines.claims.quantities import CODE, Quantity, quantities, scale_named, units_named
from pipelines.claims.spelling import spelt_out
from pipelines.claims.unspaced import JOINT, UNSPACED, korean_operators, pieces, without_particle
from pipelines.claims.wordlists.operators import AFTER_VERB, KIND, NOT_ONLY, PARTED_BY

Kind = Literal["word", "name", "number"]
HALF = 0.5
"""Of a claim's content a proof must have as much, or it is about other things: `unsupported`. So
much of a claim must stand in a part of the source's sentence for the claim to repeat that part."""
LONGEST = 2000
"""Characters of a sentence that are read."""
REACH = 4
"""Content words that a denial, modal word or restriction reaches."""
_TOKEN = re.compile(
    r"[^\W_]+(?:_+[^\W_]+)*(?:['’][^\W\d_]+)*|[,;:.!?()\[\]{}|—–。、，；：！？\n]", re.UNICODE
)
_ELIDED = re.compile(r"[^\W_]+(?:_+[^\W_]+)*|[,;:.!?()\[\]{}|—–。、，；：！？\n]", re.UNICODE)
_ENDS_PART = frozenset(";:.!?|—。；：！？\n")
_ENDS_CLAUSE = _ENDS_PART | frozenset(",()[]{}–、，")
_POSSESSIVE = re.compile(r"['’]s?$")
_BACKWARDS = """it its they them their this these those that he she his her such both es sie er ihr
    seine diese dieser dieses il elle ils elles ce cette ces su sus este esta estos esto ello
    essa esse isso questo questa dit deze die 它 其 该 これ それ 이 그"""
_BACK = frozenset(_BACKWARDS.split())
SOON = 6
"""Words at a sentence's begin, among which one that refers back refers to another sentence."""


@dataclass(frozen=True)
class Item:
    """A word, name or number that says something.

    `key`: equal for the same however it is written; `part`: which part of the sentence it stands
    in, counted from 0; `could_be_name`: begins the sentence, so that its capital tells nothing.
    """

    kind: Kind
    key: str
    shown: str
    word: str
    place: float
    """Where in the sentence: the number of its token, with a fraction within one."""
    part: int
    could_be_name: bool = False
    quantity: Quantity | None = None


@dataclass(frozen=True)
class Operator:
    """What decides whether, when or how far something holds: "not", "must", "if", "only".

    `scope`: keys of what it decides on, the nearest first; of a condition its whole clause.
    """

    kind: str
    name: str
    shown: str
    scope: tuple[str, ...]
    part: int
    goes_before: bool
    """Whether it begins its part, so that what it decides on follows: "if A, B"."""


@dataclass(frozen=True)
class Reading:
    items: tuple[Item, ...]
    keys: frozenset[str]
    joints: frozenset[str]
    """Pairs of characters that would stand there without a function character between."""
    words: frozenset[str]
    """All its words in lower case, function words too."""
    operators: tuple[Operator, ...]
    quantities: tuple[Quantity, ...]
    units: frozenset[tuple[str, float]]
    scale: float
    refers_back: bool
    is_cut: bool
    """Whether the text was too long to be read to its end."""
    literal: str
    """The text without case, space and closing punctuation."""
    language: Language


@dataclass
class _Found:
    """An operator before its scope is known: where it stands, and the token behind it."""

    name: str
    shown: str
    place: float
    end: int


@lru_cache(maxsize=16384)
def read(text: str, code: str = UNKNOWN) -> Reading:
    """What `text`, a sentence or a row in the language `code`, says. Linear in its length."""
    speech = language(code)
    whole = text
    text = spelt_out(text[:LONGEST])
    found = quantities(text)
    covered = _covered(text, found)
    pattern = _ELIDED if speech.elides else _TOKEN
    tokens = [(m[0], m.start()) for m in pattern.finditer(text)]
    raw = [unicodedata.normalize("NFKC", token).casefold() for token, _ in tokens]
    parts = _parts(raw)
    operators = list(_phrases(raw, tokens, covered, speech))
    taken = {i for each in operators for i in range(int(each.place), each.end)}
    items = [_number(quantity, tokens, parts) for quantity in found if quantity.is_needed]
    joints: set[str] = set()
    for i, (token, start) in enumerate(tokens):
        if covered[start] or i in taken or not token[0].isalnum():
            continue
        if UNSPACED.search(token):
            for n, (piece, name) in enumerate(pieces(raw[i], code)):
                place = i + n / (2 * LONGEST)
                if name == JOINT:
                    joints.add(piece)
                elif name:
                    operators.append(_Found(name, piece, place, i + 1))
                else:
                    items.append(Item("word", piece, piece, piece, place, parts[i]))
            continue
        word = raw[i] if raw[i].isalnum() else _POSSESSIVE.sub("", raw[i])
        if code == "ko":
            cues = list(korean_operators(word))
            operators += [_Found(name, token, i, i + 1) for name in cues]
            word = without_particle(word)
            if cues:
                continue
        is_name = _is_name(token, i, tokens, speech)
        if not word or (word in speech.function_words and not is_name):
            continue
        starts = token[0].isupper() and not is_name
        items.append(
            Item("name" if is_name else "word", key(word, code), token, word, i, parts[i], starts)
        )
    items.sort(key=lambda item: item.place)
    return Reading(
        items=tuple(items),
        keys=frozenset(item.key for item in items),
        joints=frozenset(joints),
        words=frozenset(raw),
        operators=tuple(_scoped(operators, items, raw, parts)),
        quantities=tuple(found),
        units=units_named(text),
        scale=scale_named(text),
        refers_back=any(word in _BACK for word in raw[:SOON]),
        is_cut=len(whole) > LONGEST,
        literal=re.sub(r"[\s\u00ad]+", "", whole).casefold().rstrip(".!?。;:,"),
        language=speech,
    )


def _covered(text: str, found: list[Quantity]) -> bytearray:
    covered = bytearray(len(text) + 1)
    for quantity in found:
        if quantity.is_needed:
            covered[quantity.start : quantity.end] = b"\1" * (quantity.end - quantity.start)
    return covered


def _parts(raw: list[str]) -> list[int]:
    """For each token the part of the sentence it stands in: one that holds by itself."""
    found, part = [], 0
    for i, word in enumerate(raw):
        if word in _ENDS_PART or (word in PARTED_BY and i and raw[i - 1] in ",，"):
            part += 1
        found.append(part)
    return found


def _phrases(
    raw: list[str], tokens: list[tuple[str, int]], covered: bytearray, speech: Language
) -> Iterator[_Found]:
    at = 0
    while at < len(raw):
        matched = None
        for words, name in speech.phrases.get(raw[at], ()):
            end = at + len(words)
            if tuple(raw[at:end]) == words and not covered[tokens[at][1]]:
                matched = _Found(name, " ".join(t for t, _ in tokens[at:end]), at, end)
                break
        if matched and not (at and tokens[at][0][0].isupper() and tokens[at - 1][0].isalnum()):
            yield matched
            at = matched.end
        else:
            # A capital letter within the sentence makes a name of it: May, Will.
            at += 1


def _number(quantity: Quantity, tokens: list[tuple[str, int]], parts: list[int]) -> Item:
    token = max((i for i, (_, start) in enumerate(tokens) if start <= quantity.start), default=0)
    return Item(
        "name" if quantity.dimension == CODE else "number",
        _quantity_key(quantity),
        quantity.text,
        quantity.code or quantity.text.casefold(),
        token,
        parts[token] if parts else 0,
        quantity=quantity,
    )


def _quantity_key(quantity: Quantity) -> str:
    if quantity.code:
        return quantity.code
    value = f"{quantity.values[0]:.9g}" if quantity.values else quantity.text.casefold()
    return f"{value} {quantity.dimension}"


def _is_name(token: str, i: int, tokens: list[tuple[str, int]], speech: Language) -> bool:
    """A capital letter where no sentence begins, or a word in capitals."""
    if len(token) > 1 and token.isupper():
        return True
    before = tokens[i - 1][0] if i else "."
    begins = before in ".!?:。|" or (i == 1 and not before[0].isalnum())
    if not token[0].isupper() or begins or not speech.has_names:
        return False
    # "Who" is a name within a sentence, "A" and "I" are not.
    return token.lower() not in speech.function_words or (before[0].isalnum() and len(token) > 1)


def _scoped(
    operators: list[_Found], items: list[Item], raw: list[str], parts: list[int]
) -> Iterator[Operator]:
    conditions = {int(each.place) for each in operators if KIND[each.name] == "condition"}
    not_only = {e.end for e in operators if KIND[e.name] == "negation"} & {
        i for i, word in enumerate(raw) if word in NOT_ONLY
    }
    for each in operators:
        kind, part = KIND[each.name], parts[int(each.place)]
        if kind == "restriction" and int(each.place) in not_only:
            continue
        if kind == "negation" and each.end in not_only:
            # "Not only" denies nothing by itself, but who adds it changes what is said.
            yield Operator(kind, "not only", each.shown, (), part, False)
            continue
        # "Only if": what is restricted is the condition.
        begin = each.end + (each.end in conditions)
        ends = (j for j in range(begin, len(raw)) if raw[j] in _ENDS_CLAUSE or j in conditions)
        end = next(ends, len(raw))
        following = [item.key for item in items if each.place < item.place < end]
        earlier = [item.key for item in items if item.part == part and item.place < each.place]
        if kind != "condition":
            if each.shown.casefold() in AFTER_VERB and earlier:
                following.insert(0, earlier[-1])
            following = following[:REACH] or earlier[-2:][::-1]
        first = next(i for i, number in enumerate(parts) if number == part)
        front = next(i for i in range(first, len(raw)) if raw[i] not in PARTED_BY | _ENDS_CLAUSE)
        fronted = int(each.place) <= front or raw[int(each.place) - 1] in ",，"
        yield Operator(kind, each.name, each.shown, tuple(following), part, fronted)

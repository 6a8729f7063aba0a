"""How much a prompt may hold, counted in the model's tokens, and what goes when it is too much."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipelines.llms.catalogue import Facts
from pipelines.llms.contract import Prompt
from pipelines.llms.prompts import EARLIER_LENGTH, chat_messages, passage

MARGIN = 0.9
"""Share of the context that is planned with: counts are bounds for usual text, not for all."""
MOST_WRITTEN = 0.25
"""Share of the context that is kept for the answer, at most."""
FOR_HISTORY = 0.25
"""Share of what may be read that earlier turns may take."""
LEAST_ROOM = 400
LEAST_PART = 100
"""Tokens of a passage that are still worth telling."""
PER_MESSAGE = 8
RELEVANT = 0.5
"""A passage with this share of the best one's score is missed when it is left out."""

_PIECE = re.compile(r"[A-Za-z0-9]+|[ \n\t]+|[\x21-\x7e]|[^\x00-\x7f]+")


def count_tokens(text: str) -> int:
    """At least as many tokens as any of today's models is likely to make of `text`.

    The vendors' tokenizers must be fetched from the network or differ from model to model. They
    are byte-pair encodings that take common words whole or in two and long ones in pieces of two
    to four letters; codes, digits and signs one by one at worst; other scripts at 1.5 bytes or
    more.
    """
    return sum(_tokens(match[0]) for match in _PIECE.finditer(text))


def _tokens(piece: str) -> int:
    if not piece[0].isascii():
        return math.ceil(len(piece.encode()) / 1.5)
    if piece.isspace():
        # A single space belongs to the word after it.
        return 0 if piece == " " else math.ceil(len(piece) / 4)
    if not piece.isalpha():
        return len(piece)
    if piece.islower() or piece.istitle():
        if len(piece) <= 8:
            return 1 + (len(piece) > 5)
        return math.ceil(len(piece) / 2.2)
    return math.ceil(len(piece) / 1.5)


def room_of(facts: Facts, output_tokens: int, context_tokens: int = 0) -> int:
    """Tokens that a prompt for a model may have; `context_tokens` overrides what is known of it."""
    context = context_tokens or facts.context
    written = min(output_tokens, facts.max_output, int(MOST_WRITTEN * context))
    return max(LEAST_ROOM, int(MARGIN * context) - written)


def fitted(prompt: Prompt, room: int) -> tuple[Prompt, str]:
    """The prompt in at most `room` tokens, and a notice where something was left out that an
    answer might miss ("" otherwise).

    Earlier turns go first, oldest first, then the least relevant passages: Hits are the best
    first. The best passage is shortened rather than left out.
    """
    if not prompt.instructions or _size(prompt.messages) <= room:
        return prompt, ""
    bare = chat_messages(prompt.question, prompt.hits, (), prompt.instructions, {})
    left = room - _size(bare)
    history: list[tuple[str, str]] = []
    spent = 0
    for turn in reversed(prompt.history):
        cost = sum(count_tokens(part[:EARLIER_LENGTH]) + PER_MESSAGE for part in turn)
        if spent + cost > FOR_HISTORY * left:
            break
        history.insert(0, turn)
        spent += cost
    texts = _texts(prompt, left - spent)
    messages = chat_messages(prompt.question, prompt.hits, history, prompt.instructions, texts)
    return replace(prompt, messages=messages, history=history), _notice(prompt, texts)


def _texts(prompt: Prompt, left: int) -> dict[int, str]:
    texts: dict[int, str] = {}
    for number, hit in enumerate(prompt.hits, start=1):
        # Its fence, and where it stands.
        left -= count_tokens(passage(number, hit, "")) + 2
        cost = count_tokens(hit.text)
        if cost <= left:
            texts[number] = hit.text
            left -= cost
            continue
        if left >= LEAST_PART or not texts:
            texts[number] = _beginning(hit.text, max(left, LEAST_PART))
        break
    return texts


def _beginning(text: str, room: int) -> str:
    """As much of `text` as `room` tokens hold, cut after a word."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count_tokens(text[:middle]) <= room else (low, middle - 1)
    cut = text[:low]
    return (cut[: cut.rfind(" ")] if " " in cut else cut) + " …"


def _notice(prompt: Prompt, texts: Mapping[int, str]) -> str:
    best = max((hit.score for hit in prompt.hits), default=0.0)
    missed = [
        number
        for number, hit in enumerate(prompt.hits, start=1)
        if texts.get(number) != hit.text and hit.score >= RELEVANT * best
    ]
    if not missed:
        return ""
    return (
        f"{len(missed)} of {len(prompt.hits)} passages did not fit into the model's context or "
        "were shortened; a model with a larger context may say more."
    )


def _size(messages: Sequence[Mapping[str, str]]) -> int:
    return sum(count_tokens(message["content"]) + PER_MESSAGE for message in messages)

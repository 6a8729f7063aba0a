"""What decides whether, when and how far a sentence holds, compared: what a claim adds to its proof
and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.claims.reading import HALF, Operator, Reading
from pipelines.claims.wordlists.operators import CONTRARY

LEFT_OUT = "(left out)"


def unmatched(claim: Reading, proof: Reading) -> tuple[list[Operator], list[Operator]]:
    """Operators that only the claim has, and those of the proof that decide on what the claim
    repeats and that it leaves out."""
    open_ = list(proof.operators)
    extra = []
    for mine in claim.operators:
        same = [other for other in open_ if other.name == mine.name]
        same = [other for other in same if _overlap(mine, other)]
        if same:
            open_.remove(max(same, key=lambda other: len(set(mine.scope) & set(other.scope))))
        else:
            extra.append(mine)
    return extra, [
        each for each in open_ if each.name != "not only" and _left_out(each, claim, proof)
    ]


def _overlap(one: Operator, other: Operator) -> bool:
    """Whether two operators decide on the same."""
    if not one.scope or not other.scope:
        return one.scope == other.scope or one.kind != "negation"
    shared = len(set(one.scope) & set(other.scope))
    return one.scope[0] == other.scope[0] or shared >= min(2, len(one.scope), len(other.scope))


def _left_out(operator: Operator, claim: Reading, proof: Reading) -> bool:
    """Whether the claim repeats what an operator of the proof decides on."""
    if operator.kind == "condition":
        region = [
            item.key
            for item in proof.items
            if item.part == operator.part or (operator.goes_before and item.part > operator.part)
        ]
        main = [key for key in region if key not in operator.scope]
        return any(
            some and sum(key in others for key in some) >= HALF * len(some)
            for some, others in (
                (operator.scope, claim.keys),
                (main, claim.keys),
                ([item.key for item in claim.items], set(region)),
            )
        )
    if not operator.scope:
        return False
    said = sum(key in claim.keys for key in operator.scope)
    return operator.scope[0] in claim.keys or said >= max(1, HALF * len(operator.scope))


def is_told(operator: Operator, proof: Reading) -> bool:
    """Whether the proof speaks of what the claim denies."""
    return not operator.scope or any(key in proof.keys for key in operator.scope)


def exchanged(
    proof: Reading, extra: Sequence[Operator], dropped: Sequence[Operator]
) -> Iterator[str]:
    """Operators of the proof with what the claim has for them."""
    left = list(extra)
    for theirs in dropped:
        mine = next((each for each in left if each.kind == theirs.kind), None)
        if mine:
            left.remove(mine)
        yield f"{shown(theirs, proof)} -> {mine.shown if mine else LEFT_OUT}"


def shown(operator: Operator, reading: Reading) -> str:
    """An operator with what it decides on: "not start", "if lid closed"."""
    known = {item.key: item.shown for item in reversed(reading.items)}
    return " ".join((operator.shown, *(known[key] for key in operator.scope[:3] if key in known)))


def contradict(extra: Sequence[Operator], dropped: Sequence[Operator], proof: Reading) -> bool:
    """Whether what a claim adds and leaves out makes it say the opposite: a denial of what the
    proof speaks of, a denial left out, "at least" for "at most"."""
    return (
        any(each.kind == "negation" and is_told(each, proof) for each in extra)
        or any(each.kind == "negation" for each in dropped)
        or any((mine.name, theirs.name) in CONTRARY for mine in extra for theirs in dropped)
    )

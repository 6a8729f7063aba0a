"""What a sentence denies, and words that mean the opposite of each other."""

from __future__ import annotations

import re

_CUES = """
not no never none nor neither cannot without nobody nothing nowhere hardly barely scarcely rarely
seldom lack lacks lacked lacking fail fails failed failing unable refuse refuses refused ain't
nicht kein keine keinen keinem keiner keines nie niemals ohne weder nichts niemand
pas jamais sans aucun aucune rien
nunca sin ningún ninguna ninguno jamás tampoco nada
не нет без никогда ни никто ничего
لا لم لن ليس ليست غير بدون
नहीं बिना मत
"""
CUES = frozenset(_CUES.split())
_CHARACTERS = frozenset("不没沒无無未非别勿")
"""In scripts without spaces between words a character denies what follows."""
_SHORT_NOT = re.compile(
    r"\b(ca|wo|sha|do|does|did|is|are|was|were|has|have|had|would|could|should|"
    r"might|must|need|dare|may)n['’]?t\b",
    re.IGNORECASE,
)
_FULL = {"ca": "can", "wo": "will", "sha": "shall"}
_ABBREVIATED = re.compile(r"\b([Nn]o)s?\.(?=\s?\w*\d)")

_OPPOSITES = """
increase decrease|increase reduce|rise fall|grow shrink|raise lower|high low|higher lower
highest lowest|more less|more fewer|most least|most fewest|maximum minimum|max min|above below
over under|before after|open close|open closed|opened closed|on off|left right|up down
upper lower|top bottom|first last|start stop|begin end|enable disable|allow forbid
allow prohibit|include exclude|with without|hot cold|warm cold|fast slow|faster slower
long short|longer shorter|large small|larger smaller|big small|heavy light|early late
earlier later|inside outside|internal external|positive negative|true false|always never
all none|gain loss|profit loss|win lose|won lost|income expense|buy sell|bought sold
accept reject|accepted rejected|clockwise counterclockwise|tighten loosen|push pull|lock unlock
connect disconnect|attach detach|add remove|upstream downstream|north south|east west
northern southern|eastern western|male female|men women|better worse|best worst|strong weak
stronger weaker|promote inhibit|activate inhibit|upregulate downregulate
upregulated downregulated|present absent|mandatory optional|required optional|wet dry|old new
"""
OPPOSITES: dict[str, frozenset[str]] = {}
for _pair in re.split(r"[|\n]", _OPPOSITES.strip()):
    _one, _two = _pair.split()
    OPPOSITES[_one] = OPPOSITES.get(_one, frozenset()) | {_two}
    OPPOSITES[_two] = OPPOSITES.get(_two, frozenset()) | {_one}

_PREFIXES = ("non", "un", "in", "im", "ir", "dis", "il", "mis")


def spelt_out(text: str) -> str:
    """`text` with "n't" as "not", and "No. 5" no longer looking like a denial.

    Offsets are not kept.
    """
    text = _SHORT_NOT.sub(lambda m: f"{_FULL.get(m[1].lower(), m[1])} not", text)
    text = re.sub(r"\bcannot\b", "can not", text, flags=re.IGNORECASE)
    return _ABBREVIATED.sub("number", text)


def denies(word: str) -> bool:
    """Whether a lower-case word turns what it stands with into its opposite."""
    return word in CUES or word in _CHARACTERS


def denied_forms(word: str) -> tuple[str, ...]:
    """What a lower-case word would be with its denying prefix put on or taken off."""
    forms = [prefix + word for prefix in _PREFIXES]
    for prefix in _PREFIXES:
        rest = word.removeprefix(prefix).lstrip("-")
        if rest != word and len(rest) >= 4:
            forms.append(rest)
    return tuple(forms)

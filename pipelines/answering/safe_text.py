"""Takes links, pictures and HTML out of text that arrives in pieces.

A model repeats what sources smuggle in, so what it writes is shown as text and nothing else:
`[text](address)` and `![text](address)` keep their text, a tag's "<" becomes "‹", an address is
wrapped in backticks so that nobody's browser makes a link of it, and no line defines a link. An
address that stands in the question may stay. Words are held back until they end, so nothing of
a link is ever shown before it is known for one. Bare domains without a path ("example.com") are
left: only a few readers make links of them, and file names look the same.
"""

from __future__ import annotations

import html
import re

LONGEST_WORD = 2048
LONGEST_TARGET = 512
PLAIN_WORD = 256
TAIL = 40
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]{1,30}://|(?<![\w:/])//[\w-]+\.\w|www\.\w"
    r"|\b(?:javascript|vbscript|data|file|mailto|tel|xmpp):\S"
    r"|[\w.+-]@[\w-]+\.\w|[\w-]\.[a-z]{2,}(?::\d+)?[/?#]\S",
    re.IGNORECASE,
)
_TARGET = re.compile(r"[/:.#?\\%&<@]")
_LEAD = "([{\"'“”‘«‹*_"
_TRAIL = ".,;:!?)]}\"'”’»›*_"
_UNSPACED = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
_LINE_LEAD = frozenset(" \t>-*+0123456789.)")


def addresses(text: str) -> frozenset[str]:
    """The addresses that stand in `text`, without the punctuation around them."""
    return frozenset(_parts(word)[1] for word in text.split() if _ADDRESS.search(word))


class SafeText:
    """Feed text outside of code, code, and marks in order; get what may be shown.

    `removed` counts links, pictures and tags that are text afterwards.
    """

    def __init__(self, allowed: frozenset[str] = frozenset()) -> None:
        """`allowed`: addresses that may stay as they are."""
        self.removed = 0
        self._allowed = allowed
        self._word: list[str] = []
        self._target: list[str] | None = None
        self._depth = 0
        self._last = "\n"
        """What was given out last."""
        self._may_define = True
        """Whether the line so far could begin the definition of a link."""
        self._is_definition = False
        self._is_fenced = False
        """Whether a block of code was given out last: it may go on."""

    def feed(self, text: str) -> str:
        out: list[str] = []
        self._is_fenced = self._is_fenced and not text
        for character in text:
            if self._target is not None:
                self._in_target(character, out)
            else:
                self._outside(character, out)
        return self._given("".join(out))

    def code(self, text: str) -> str:
        """Code stays as it is, parted from what would change where it begins."""
        if self._target is not None:
            return self.feed(text.replace("`", "'"))
        out = self.flush()
        self._is_fenced = self._is_fenced or (self._last == "\n" and text[:3] in ("```", "~~~"))
        gap = " " if self._last in ("`", "\\") and not self._is_fenced else ""
        self._may_define = text.endswith("\n")
        return out + self._given(gap + text)

    def mark(self, text: str) -> str:
        """A citation's mark; a bracket behind it doesn't make it a link."""
        out = self.flush()
        self._is_definition = self._is_definition or self._may_define
        self._may_define = self._is_fenced = False
        return out + self._given(text)

    def flush(self) -> str:
        """What was held back; nothing that follows belongs to it."""
        out: list[str] = []
        if self._target is not None:
            self._give_up(out)
        self._end_word(out)
        return self._given("".join(out))

    def _given(self, text: str) -> str:
        if text:
            self._last = text[-1]
        return text

    def _outside(self, character: str, out: list[str]) -> None:
        before = self._word[-1] if self._word else (out[-1][-1:] if out else self._last)
        if character == "(" and before == "]":
            self._target, self._depth = [], 0
            return
        if character == ":" and before == "]" and self._is_definition:
            self._word.append(" ")
        if character.isspace() or _UNSPACED.match(character):
            self._end_word(out)
            out.append(character)
            if character == "\n":
                self._may_define, self._is_definition = True, False
            elif not character.isspace():
                self._may_define = False
            return
        if self._may_define and character not in _LINE_LEAD:
            self._is_definition = character == "["
            self._may_define = False
        self._word.append(character)
        if len(self._word) % PLAIN_WORD == 0:
            self._shorten(out)

    def _in_target(self, character: str, out: list[str]) -> None:
        target = self._target
        assert target is not None
        if character == ")" and self._depth == 0:
            content = "".join(target)
            if _TARGET.search(html.unescape(content)):
                self._target = None
                self.removed += 1
                self._drop_picture_sign()
                return
            self._give_up(out)
            self._outside(character, out)
        elif character in "[]\n" or len(target) >= LONGEST_TARGET:
            self._give_up(out)
            self._outside(character, out)
        else:
            self._depth += {"(": 1, ")": -1}.get(character, 0)
            target.append(character)

    def _give_up(self, out: list[str]) -> None:
        """What stood in brackets behind a bracket is no address, or none that ends: as text."""
        content, self._target = "".join(self._target or ()), None
        self._end_word(out)
        out.append(" ")
        for character in f"({content}":
            self._outside(character, out)

    def _drop_picture_sign(self) -> None:
        word = "".join(self._word)
        at = word.rfind("![")
        if at >= 0 and (at == 0 or not word[at - 1].isalnum()):
            del self._word[at]

    def _shorten(self, out: list[str]) -> None:
        """Let go the beginning of a long word that holds nothing to take out."""
        word = "".join(self._word)
        if not _ADDRESS.search(word) and "<" not in word and "&" not in word and "\\" not in word:
            out.append(word[:-TAIL])
            self._word = list(word[-TAIL:])
        elif len(word) >= LONGEST_WORD:
            self._end_word(out)
            out.append(" ")

    def _end_word(self, out: list[str]) -> None:
        word, self._word = "".join(self._word), []
        if not word:
            return
        word, tags = _TAG.subn("‹", word)
        if tags:
            word = word.replace(">", "›")
            self.removed += tags
        if _ADDRESS.search(html.unescape(word).replace("\\", "")):
            lead, core, trail = _parts(word)
            if core and core not in self._allowed:
                self.removed += 1
                before = out[-1][-1:] if out else self._last
                gap = " " if not lead and before in ("`", "\\") else ""
                word = f"{lead}{gap}`{core}`{trail}"
        out.append(word)


def _parts(word: str) -> tuple[str, str, str]:
    """Punctuation before, the address, punctuation behind."""
    bare = word.lstrip(_LEAD)
    lead = word[: len(word) - len(bare)]
    core = bare.rstrip(_TRAIL)
    return lead, core, bare[len(core) :]

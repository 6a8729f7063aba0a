"""Tasks that chat clients set beside a conversation: its title, its tags, what could be asked next,
what to search for.

They arrive as ordinary requests. What gives them away is their form, not their words: a message
that holds a chat (lines that begin with who speaks, or messages as JSON), instructions around it,
and the form that the reply must have. Nobody's question about an instrument looks like that: one
without a chat in it is always a question, whatever it asks for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

Message = tuple[str, str]
"""Role and text."""

LONGEST = 100_000
"""Characters of all messages of a task."""
_FEW_WORDS = 4
"""Of a sentence such as "Only the title", which needs no verb."""
_LEAST_LETTERS = 8
"""Of what is said around a chat for it to be instructions."""

_ASKERS = (
    r"users?|humans?|questions?|q|benutzer(?:in)?|nutzer(?:in)?|anwender(?:in)?|mensch|frage"
    r"|utilisat(?:eur|rice)|humain|usuari[oa]|human[oa]|utente|umano|usuári[oa]|utilizador(?:a)?"
    r"|gebruiker|użytkownik|пользователь|человек|用户|用戶|使用者|ユーザー?|사용자"
)
_ANSWERERS = (
    r"(?:ai |ki-|ki )?assistants?|ai|bots?|chat ?bot|chatgpt|gpt|claude|gemini|models?|responses?"
    r"|answers?|assistent(?:in|e)?|ki|antwort|assistante|ia|réponse|asistente|respuesta|risposta"
    r"|resposta|antwoord|asystent|ассистент|помощник|ии|助手|助理|机器人|アシスタント|어시스턴트|도우미"
)
# "User:", "||>Response:", "**AI**:", "### Assistant", "<user>".
_SPEAKS = (
    r"^(?:[^\w\n]{{0,8}}(?:{0})[^\w\n]{{0,4}}[:：]|#{{1,6}}[ \t]*(?:{0})[ \t]*$|[ \t]*<(?:{0})>)"
)
_ASKED = re.compile(_SPEAKS.format(_ASKERS), re.IGNORECASE | re.MULTILINE)
_ANSWERED = re.compile(_SPEAKS.format(_ANSWERERS), re.IGNORECASE | re.MULTILINE)
_MESSAGE_OBJECT = re.compile(r"[\"']?\brole[\"']?\s*[:=]\s*[\"'](?:user|human|assistant|ai)[\"']")
_TAG = re.compile(r"<([^\W\d][\w-]{0,40})>")
_MOST_TAGS = 50

_SAMPLE = re.compile(r"[{\[]\s*[\"“'«][^\"”'»\n]{1,60}[\"”'»]\s*[:,\]]")
"""An object or a list of JSON to be filled in."""
_LABEL = re.compile(r"\W{0,8}[^\W\d][\w '’-]{0,40}\W{0,4}[:：]\W{0,4}")
"""A line that waits to be completed, as "Title:"."""
_LENGTH = re.compile(
    r"(?:\d+|two|three|four|five|six|ten|zwei|drei|vier|fünf|trois|quatre|cinq|tres|cuatro|cinco"
    r"|três|quatro|tre|quattro|cinque|drie|vijf|пяти|трёх|трех)\W{0,3}(?:or (?:less|fewer)\W)?"
    r"(?:words?|wörtern?|worten?|mots?|palabras?|parole|palavras?|woorden|słów|слов\w*|个?字|个?词"
    r"|語|文字|단어|characters?|zeichen|caract[eè]res|caratteri|tekens|символ\w*)",
    re.IGNORECASE,
)
_ONLY = re.compile(
    r"\b(?:only|solely|exclusively|alone|nothing (?:else|but)|without any|no (?:other|extra)|nur"
    r"|ausschließlich|lediglich|nichts anderes|uniquement|seulement|exclusivement|rien d['’]autre"
    r"|solo|sólo|solamente|únicamente|exclusivamente|nada más|soltanto|solamente|esclusivamente"
    r"|nient['’]altro|apenas|somente|alleen|uitsluitend|tylko|wyłącznie|только|исключительно)\b"
    r"|[只仅僅]|だけ|のみ|만\b|오직",
    re.IGNORECASE,
)
_REPLY = re.compile(
    r"\b(?:reply|return|respond|response|answer|output|write|give|provide|antwort\w*|gib|gebt|geben"
    r"|ausgabe|liefer\w*|schreib\w*|répond\w*|renvo\w*|retourn\w*|réponse|donne\w*|respond\w*"
    r"|responde\w*|devuelv\w*|escrib\w*|rispond\w*|restitui\w*|scriv\w*|devolv\w*|retorn\w*"
    r"|antwoord\w*|geef|odpowied\w*|zwró\w*|верни\w*|ответ\w*|напиши\w*)\b"
    r"|返回|输出|輸出|回复|回覆|回答|給出|给出|出力|返して|答えて|書いて|출력|응답|답변|반환",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"\n]*\"|“[^”\n]*”|«[^»\n]*»|`[^`\n]*`|「[^」\n]*」")
_QUESTION = re.compile(r"[?？؟]")
_SENTENCE = re.compile(r"[^.!?。！？\n]+")


@dataclass(frozen=True)
class _Around:
    """What stands before and behind the chat that a text holds."""

    before: str
    behind: str
    is_fenced: bool
    """Whether it is clear where the chat ends: then all of what is behind is not of the chat."""


def is_client_task(messages: Sequence[Message], *, wants_form: bool = False) -> bool:
    """Whether `messages` are a client's task rather than a question.

    `wants_form`: the request itself demands a form, such as a JSON schema. Who has been answered
    already is in a conversation, where a pasted chat is what is asked about.
    """
    if not messages or any(role == "assistant" for role, _ in messages):
        return False
    *earlier, (_, text) = messages
    around = _around(text)
    if around is None:
        return False
    before = around.before
    if not _letters(before) and not _letters(around.behind):
        # All that the message holds is the chat: what is to be done with it stands in another one.
        before = "\n".join(told for _, told in earlier)
    behind = around.behind
    instructions = f"{before}\n{behind}" if around.is_fenced else before
    if not _letters(before) and not _QUESTION.search(behind):
        instructions = behind
    if _letters(instructions) < _LEAST_LETTERS:
        return False
    told = f"{instructions}\n{behind}"
    if _SAMPLE.search(told):
        return True
    if _QUESTION.search(_QUOTED.sub("", instructions)):
        return False
    if _QUESTION.search(behind) and not _is_label(behind):
        told = instructions
    return wants_form or _is_label(behind) or _demands(told)


def _around(text: str) -> _Around | None:
    """What stands around the chat in `text`; None where there is none."""
    for tag in islice(_TAG.finditer(text), _MOST_TAGS):
        end = text.find(f"</{tag[1]}>", tag.end())
        inner = text[tag.end() : end] if end >= 0 else ""
        if _begins_as_chat(inner):
            return _Around(text[: tag.start()], text[end + len(tag[1]) + 3 :], True)
    asked, answered = _ASKED.search(text), _ANSWERED.search(text)
    objects = _MESSAGE_OBJECT.search(text)
    if objects is not None:
        end = max(text.rfind("}"), text.rfind("]"), objects.end()) + 1
        start = min(at for at in (text.find("{"), text.find("["), objects.start()) if at >= 0)
        return _Around(text[:start], text[end:], True)
    if asked is None:
        return None
    before = text[: asked.start()]
    if answered is not None and answered.start() < asked.start():
        before = text[: answered.start()]
    return _Around(before, _last_paragraph(text[asked.end() :]), False)


def _begins_as_chat(text: str) -> bool:
    begin = text.strip()[:200]
    speaks = _ASKED.match(begin) or _ANSWERED.match(begin)
    return speaks is not None or _MESSAGE_OBJECT.search(begin) is not None


def _last_paragraph(text: str) -> str:
    """What follows the last empty line, or the last line where that waits to be completed, unless
    somebody speaks there."""
    line = text.rstrip().rpartition("\n")[2]
    last = line if _is_label(line) else text.rstrip().rpartition("\n\n")[2]
    is_said = _ASKED.match(last) or _ANSWERED.match(last) or last == text.rstrip()
    return "" if is_said and not _is_label(last) else last


def _is_label(text: str) -> bool:
    last = text.strip().rpartition("\n")[2]
    return _LABEL.fullmatch(last) is not None


def _demands(text: str) -> bool:
    """Whether it says how long the reply may be, or that it must be nothing else."""
    return _LENGTH.search(text) is not None or any(
        _ONLY.search(sentence[0])
        and (_REPLY.search(sentence[0]) or len(sentence[0].split()) <= _FEW_WORDS)
        for sentence in _SENTENCE.finditer(text)
    )


def _letters(text: str) -> int:
    return sum(character.isalnum() for character in text)

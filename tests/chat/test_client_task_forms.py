"""Tasks of chat clients are told from questions by their form, whatever their words."""

from __future__ import annotations

import pytest

from api.chat.client_tasks import is_client_task

CHAT = "USER: How is the rotor removed?\nASSISTANT: Loosen the nut [^1]. Is that all?\n"
TASKS = {
    "title": f"""### Job:
Invent a name for this talk in three to six words, with a pictogram.
### Rules:
- Use the talk's own language.
### Reply form:
JSON: {{ "title": "the name" }}
### Samples:
- {{ "title": "Bread at home" }}
### The talk:
<chat_history>
{CHAT}</chat_history>""",
    "tags": f"""Sort the dialogue into one to three broad subjects.
Reply form: {{ "tags": ["one", "two"] }}

<dialogue>
{CHAT}</dialogue>""",
    "follow-up": f"""What would the person ask next? Think of three.
Form: {{"follow_ups": ["First?", "Second?"]}}
<history>
{CHAT}</history>""",
    "queries": """Decide what to search for, given the talk. Today is 2026-01-01.
<talk>
USER: How is the rotor removed?
</talk>
Answer with nothing but { "queries": ["..."] }.""",
    "completion title": """Name the conversation in 5 words or less. Return only the name.

Conversation:
User: How is the rotor removed?

AI: Loosen the nut.

Then lift it. Do you want more?""",
    "old title": """Find the language and write a very short title in it. No quotes.

||>User:
"How is the rotor removed?"
||>Response:
"Loosen the nut."

||>Title:""",
    "condense": """Given the talk and a new input, put the input so that it stands alone.

Chat:
Human: How is the rotor removed?
Assistant: Loosen the nut.
New input: And the lid?
Standalone question:""",
    "json messages": """Summarise the talk as a title of at most 10 words.
[{"role": "user", "content": "How is the rotor removed?"},
 {"role": "assistant", "content": "Loosen the nut."}]""",
    "de": """Aufgabe: Erfinde einen kurzen Titel für den Verlauf.
Antworte ausschließlich mit dem Titel.

Gespräch:
Benutzer: Wie wird der Rotor entfernt?
Assistent: Mutter lösen.""",
    "fr": """Tâche : proposer trois étiquettes pour la conversation.
Format : { "tags": ["étiquette"] }
<historique>
Utilisateur : Comment retirer le rotor ?
Assistant : Desserrer l'écrou.
</historique>""",
    "es": """Escribe un título de 5 palabras para la conversación.

Usuario: ¿Cómo se quita el rotor?
Asistente: Afloje la tuerca.""",
    "zh": """请为下面的对话生成一个标题，只返回标题。

用户：如何拆下转子？
助手：松开螺母。""",
    "ja": """次の会話に題名を付け、題名だけを出力してください。
ユーザー: ローターの外し方は?
アシスタント: ナットを緩めます。""",
    "ru": """Придумай короткое название для беседы. Ответь только названием.

Пользователь: Как снять ротор?
Ассистент: Ослабьте гайку.""",
}  # fmt: skip
QUESTIONS = [
    "Give me a title for the chapter on cooling",
    "Give me a title for the chapter on cooling, 5 words or less. Return only the title.",
    'List the fault codes as JSON: {"code": "E1", "text": "..."}',
    "Suggest tags for the manual and answer only with them.",
    "What does the section User: Settings say?",
    "The display shows\nUser: admin\nMode: on\nWhat does that mean? Answer in 5 words.",
    "User: admin\nAI: on\n\nWhat do these two settings do? Reply only with the page.",
    "Summarise the chat history of the support case.",
    "<settings>\nfan: on\n</settings>\nWhich value is wrong? Answer only with its name.",
    "What is the difference between the user manual and the assistant manual?",
    "Does the manual agree with this?\nUser: the lid opens at 5 bar\nAssistant: no, at 3 bar\n"
    "Answer only yes or no.",
    "How do I write a title?\n\nTitle:",
    "Hello",
    "",
]


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_known_by_its_form(name: str) -> None:
    assert is_client_task([("user", TASKS[name])])
    assert is_client_task([("system", "You are kind."), ("user", TASKS[name])])


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_no_task(question: str) -> None:
    assert not is_client_task([("user", question)])
    assert not is_client_task([("system", "Answer only in German."), ("user", question)])


def test_instructions_may_stand_in_a_message_of_their_own() -> None:
    asked = [("system", "Name this chat in five words."), ("user", CHAT)]
    assert is_client_task(asked)
    assert not is_client_task(asked[1:])
    schema = [("system", "Analyse this conversation: its language and its name."), ("user", CHAT)]
    assert not is_client_task(schema)
    assert is_client_task(schema, wants_form=True)


def test_in_a_conversation_a_pasted_chat_is_what_is_asked_about() -> None:
    before = [("user", "Hello"), ("assistant", "Hello. What would you like to know?")]
    assert not is_client_task([*before, ("user", TASKS["title"])])


def test_long_texts_are_looked_at_in_no_time() -> None:
    for text in ("<a>" * 30_000, "user: \n" * 15_000, '{"' * 50_000, "x " * 50_000, "-" * 100_000):
        is_client_task([("user", text[:100_000])])

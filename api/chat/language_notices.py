"""What a reader should know of how a question in another language was understood."""

from __future__ import annotations

from pipelines.embedders.embedder import Embedder
from pipelines.embedders.model_facts import BUILT_IN, MULTILINGUAL
from pipelines.text.function_words import unknown_language


def language_notices(
    question: str, sources_language: str, translated: str, embedder: Embedder
) -> list[str]:
    """`sources_language`: the English name of the sources' language where the question is in
    another one, else ""; `translated`: the question in it, if a model could be asked."""
    found: list[str] = []
    if code := unknown_language(question):
        found.append(
            f"The question's language ({code}) is not known here: its words were looked for "
            "exactly as they are written."
        )
    if sources_language and not translated and embedder.name.startswith(BUILT_IN):
        found.append(
            f"The sources are in {sources_language} and the question is not; {BUILT_IN} "
            f"compares languages poorly. A manager may choose {MULTILINGUAL} and reindex."
        )
    return found

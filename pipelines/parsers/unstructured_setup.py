"""Makes `unstructured` work without a network, and quietly.

It looks at words and sentences through spaCy's `en_core_web_sm`, which it downloads from GitHub
when it is missing; without a network that fails, for some formats by silently returning nothing.
All it needs of the model is where words and sentences end. A blank English pipeline knows that;
the part-of-speech tags it lacks only tell narrative text from other text, which we don't use.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any


def prepare_unstructured() -> None:
    """Call before the first import of a partitioner; more calls do nothing."""
    for name in ("DO_NOT_TRACK", "SCARF_NO_ANALYTICS", "UNSTRUCTURED_DISABLE_NOTICE"):
        os.environ.setdefault(name, "1")

    import spacy
    from unstructured.nlp import tokenize

    if tokenize._get_nlp is not _blank_english and not spacy.util.is_package(
        tokenize._SPACY_MODEL_NAME
    ):
        tokenize._get_nlp = _blank_english


@lru_cache(maxsize=1)
def _blank_english() -> Any:
    import spacy

    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer")
    return pipeline

"""What is found for an answerer: near enough or not at all, ranked by the model that is set, with
what stands around it."""

from __future__ import annotations

import dataclasses
import random
import uuid
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from flask import Flask

from api import llm_settings
from api.chat.side_prompts import Alone
from api.config import Config
from api.search.fragments import Filters
from api.secret_url import SecretUrl
from deploy.stack import Stack
from pipelines.retrieval.index_words import index_words
from pipelines.retrieval.keywords import K1, bm25, pack
from pipelines.retrieval.retrieve import (
    LEAST_SHARE,
    LEAST_SIMILARITY,
    RERANKED,
    Candidate,
    Indexes,
    retrieve,
    search,
)
from pipelines.types import Hit
from tests.search.test_reranking import hit, model  # noqa: F401 - a fixture
from tests.support.client import Client
from tests.support.documents import NOTES, pdf

QUESTION = "Which pump delivers litres?"


def test_a_reranker_that_is_set_ranks_what_is_found(
    admin: Client,
    instrument: str,
    stack: Stack,
    model: Path,  # noqa: F811
) -> None:
    from sentence_transformers import CrossEncoder

    from api.app import create_app
    from api.extensions import db
    from api.search.retrieval import indexes_of, reading

    makers = ["Delft", "Ghent", "Turin", "Malmö", "Graz", "Porto"]
    for n, maker in enumerate(makers):
        text = f"# {maker}\n\nThe {maker} pump delivers {n * 7 + 3} litres {'an hour ' * n}.\n"
        admin.add_bytes(instrument, f"{maker}.md", text.encode())
    found = {}
    for name in ("", str(model)):
        config = dataclasses.replace(Config.from_environment(stack.env), reranker=name)
        app = create_app(config)
        with app.app_context():
            with reading() as connection:
                services = app.extensions["services"]
                indexes = indexes_of(services, connection, instrument, Filters())
                assert indexes is not None
                found[name] = search(QUESTION, indexes, count=4 if name else RERANKED)
            db.engine.dispose()
    everything, ranked = found[""], found[str(model)]
    assert len(everything) == 6
    scores = CrossEncoder(str(model)).predict([(QUESTION, each.text) for each in everything])
    best = [everything[at].fragment_id for at in np.argsort(-np.asarray(scores), kind="stable")]
    assert best != [each.fragment_id for each in everything]
    assert [each.fragment_id for each in ranked] == best[:4]


def indexes(texts: Mapping[str, str], cosines: Mapping[str, float]) -> Indexes:
    """Two-dimensional vectors: the question lies on the first axis."""
    ids = {uuid.uuid5(uuid.NAMESPACE_OID, name).bytes: name for name in texts}
    packed, words = pack((raw, index_words(texts[name])) for raw, name in ids.items())
    names = {str(uuid.UUID(bytes=raw)): name for raw, name in ids.items()}
    return Indexes(
        embed=lambda some: np.array([[1.0, 0.0]] * len(some), np.float32),
        nearest=lambda _vector, _count: [(id_, cosines[name]) for id_, name in names.items()],
        keywords=lambda asked: bm25(
            {word: packed.get(word, b"") for word in index_words(asked)}, len(texts), words
        ),
        candidates=lambda some: {
            id_: Candidate.of(id_, 0, "text", np.array([cosines[names[id_]], 0.0], np.float32))
            for id_ in some
        },
        load=lambda some: {
            id_: hit(texts[names[id_]]).model_copy(update={"fragment_id": names[id_]})
            for id_ in some
        },
        neighbours=lambda hits: ({}, {}),
    )


def found_of(texts: Mapping[str, str], cosines: Mapping[str, float], asked: str) -> set[str]:
    return {each.fragment_id for each in retrieve(asked, indexes(texts, cosines))}


def test_what_is_far_in_meaning_and_words_is_left_out() -> None:
    texts = {
        "nearer": "turbine housing",
        "farther": "copper wiring",
        "said": "lathe spindle",
    }
    cosines = {"nearer": LEAST_SIMILARITY + 0.001, "farther": LEAST_SIMILARITY - 0.001, "said": 0.0}
    assert found_of(texts, cosines, "lathe") == {"nearer", "said"}
    assert found_of(texts, cosines, "quasar") == {"nearer"}
    assert found_of(texts, dict.fromkeys(texts, -0.1), "quasar") == set()


def test_a_share_of_the_questions_words_is_enough() -> None:
    words = ["lathe", "spindle", "gasket", "turbine", "magnet", "copper", "kiln", "prism"]
    # As long and each of their words as rare as the others': alone the number of words counts.
    chance = random.Random(3)

    def padded(*own: str) -> str:
        others = ("".join(chance.choices("bcdfghklmnprtvw", k=9)) for _ in range(10 - len(own)))
        return " ".join([*own, *others])

    texts = {str(n): padded(*words[:n]) for n in range(1, 9)}
    holding = {word: sum(word in text.split() for text in texts.values()) for word in words}
    for word, count in holding.items():
        for n in range(8 - count):
            texts[f"{word} {n}"] = padded(word)
    found = found_of(texts, dict.fromkeys(texts, 0.0), " ".join(words))
    enough = {str(n) for n in range(1, 9) if n / len(words) / (K1 + 1) >= LEAST_SHARE}
    assert enough == {"6", "7", "8"}
    assert found == enough


def test_what_stands_around_a_hit_is_of_the_same_version_and_next_to_it(
    admin: Client, instrument: str, app: Flask
) -> None:
    from sqlalchemy import select

    from api.extensions import db
    from api.models import FragmentRow
    from api.search.fragments import load, neighbours

    pages = [f"Page {n} tells of the valve with number {n * 11}." for n in range(1, 5)]
    source = admin.add_bytes(instrument, "valves.pdf", pdf(*pages))
    admin.add_bytes(instrument, "mixer.md", NOTES)
    with app.app_context():
        session = db.session()
        ids: Sequence[str] = session.scalars(
            select(FragmentRow.id)
            .where(FragmentRow.source_id == source["id"])
            .order_by(FragmentRow.ordinal)
        ).all()
        assert len(ids) == 4
        there = load(session, instrument, ids)
        hits: list[Hit] = [there[id_] for id_ in ids]
        before, after = neighbours(session, instrument, hits)
        # Of another instrument nothing is seen.
        assert neighbours(session, str(uuid.uuid4()), hits) == ({}, {})
    assert {id_: near.fragment_id for id_, near in before.items()} == {
        second: first for first, second in pairwise(ids)
    }
    assert {id_: near.fragment_id for id_, near in after.items()} == dict(pairwise(ids))


@pytest.mark.parametrize(
    ("settings", "model_name", "is_priced"),
    [
        ({}, "openai:gpt-5", True),
        ({"openai_base_url": "http://localhost:11434/v1"}, "openai:gpt-5", False),
        ({}, "anthropic:claude-sonnet-4-5", True),
        ({"anthropic_base_url": "http://gateway.example"}, "anthropic:claude-sonnet-4-5", False),
        ({}, "nobody:m", False),
    ],
)
def test_prices_hold_only_at_the_vendor_itself(
    settings: dict[str, str], model_name: str, is_priced: bool
) -> None:
    urls = {name: SecretUrl(url) for name, url in settings.items()}
    config = dataclasses.replace(Config.from_environment({}), **urls)
    assert llm_settings.is_at_its_vendor(config, model_name) is is_priced


def test_the_rewriting_of_a_question_counts_in_the_cost_of_its_answer() -> None:
    counts = {"prompt_tokens": 900, "cost_usd": 0.0021}
    rewritten = Alone("Where?", {"prompt_tokens": 80, "cost_usd": 0.0003})
    assert rewritten.added_to(counts) == {
        **counts,
        "rewrite": rewritten.counts,
        "cost_usd": 0.0024,
    }
    assert Alone("Where?", {"prompt_tokens": 80}).added_to({}) == {"rewrite": {"prompt_tokens": 80}}
    assert Alone("Where?").added_to(counts) == counts

"""The product's reading, chunking, words, vectors and ranking in one process, without its stores:
for questions of quality, which take a stack minutes."""

from __future__ import annotations

import tempfile
import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.chunking import Chunker
from pipelines.embedders.embedder import Embedder, embed_whole, fitting, fragment_tokens
from pipelines.parsers.contract import ParseOptions
from pipelines.retrieval.index_words import fragment_words, is_foreign, question_words
from pipelines.retrieval.keywords import Ranking, bm25, pack
from pipelines.retrieval.retrieve import Candidate, Indexes, search
from pipelines.types import Fragment, Hit

BATCH = 64


class Library:
    """Documents, each of Markdown or plain text, as one instrument's sources."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self._hits: dict[str, Hit] = {}
        self._vectors: dict[str, Any] = {}
        self._postings: dict[str, bytes] = {}
        self._words = 0
        self._languages: Counter[str] = Counter()

    def add(self, documents: Mapping[str, str], suffix: str = ".txt") -> None:
        """Read the documents, by name; once."""
        fragments = [
            (name, fragment)
            for name, text in documents.items()
            for fragment in self._read(text, suffix)
        ]
        texts = [fragment.embedding_text for _, fragment in fragments]
        ids = [str(uuid.uuid5(uuid.NAMESPACE_OID, f"{n} {f.ordinal}")) for n, f in fragments]
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        for at in range(0, len(order), BATCH):
            some = order[at : at + BATCH]
            made = embed_whole(self.embedder, [texts[each] for each in some])
            self._vectors.update(zip((ids[each] for each in some), made, strict=True))
        self._matrix = np.stack([self._vectors[id_] for id_ in ids])
        self._ids = ids
        for id_, (name, fragment) in zip(ids, fragments, strict=True):
            self._hits[id_] = _hit(id_, name, fragment)
        found = [fragment_words(text) for text in texts]
        keys = [uuid.UUID(id_).bytes for id_ in ids]
        self._postings, self._words = pack(
            ((key, each.words) for key, each in zip(keys, found, strict=True)),
            {key: each.parts for key, each in zip(keys, found, strict=True)},
        )
        self._languages = Counter(each.language for each in found if each.language)

    def search(self, question: str, count: int) -> list[str]:
        """Names of the documents, best first, each where its first Fragment is."""
        hits = search(question, self._indexes(), count=count)
        return list(dict.fromkeys(hit.title for hit in hits))

    def rank_of(self, question: str, name: str, among: int) -> int | None:
        """Where a document is found, from 1; None when it is not among the first."""
        found = self.search(question, 3 * among)[:among]
        return found.index(name) + 1 if name in found else None

    def _read(self, text: str, suffix: str) -> Sequence[Fragment]:
        embedder = self.embedder
        chunker = Chunker(embedder.offsets, fragment_tokens(embedder), additive=embedder.additive)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"document{suffix}"
            path.write_text(text, "utf-8")
            parts = list(_parser(suffix).parse(path, ParseOptions()))
        return [fragment for part in parts for fragment in chunker.feed(part)]

    def _indexes(self) -> Indexes:
        def embed(texts: Sequence[str]) -> Any:
            fitted = [fitting(self.embedder, text) for text in texts]
            return self.embedder.embed(fitted, asked=True)

        return Indexes(
            embed=embed,
            nearest=self._nearest,
            keywords=self._ranking,
            candidates=self._candidates,
            load=lambda ids: {id_: self._hits[id_] for id_ in ids},
            neighbours=lambda _hits: ({}, {}),
            facts=self.embedder.facts,
        )

    def _nearest(self, vector: Any, count: int) -> list[tuple[str, float]]:
        cosines = self._matrix @ vector
        best = np.argsort(-cosines)[:count]
        return [(self._ids[at], float(cosines[at])) for at in best]

    def _ranking(self, question: str) -> Ranking:
        wanted = question_words(question, self._languages)
        postings = {
            word: b"".join(self._postings.get(form, b"") for form in forms)
            for word, forms in wanted.items()
        }
        most = self._languages.most_common(1)
        foreign = is_foreign(question, most[0][0] if most else None)
        return bm25(postings, len(self._hits), self._words, is_foreign=foreign)

    def _candidates(self, ids: Collection[str]) -> dict[str, Candidate]:
        return {
            id_: Candidate.of(hit.version_id, hit.ordinal, hit.kind, self._vectors[id_])
            for id_, hit in ((id_, self._hits[id_]) for id_ in ids)
        }


def _parser(suffix: str) -> Any:
    from pipelines.parsers import PARSERS

    kind = {".txt": "text/plain", ".md": "text/markdown"}[suffix]
    return next(parser for parser in PARSERS if kind in parser.media_types)


def _hit(id_: str, name: str, fragment: Fragment) -> Hit:
    return Hit(
        fragment_id=id_,
        version_id=str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
        source_id=str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
        title=name,
        filename=name,
        source_type="document",
        score=0.0,
        ordinal=fragment.ordinal,
        text=fragment.text,
        kind=fragment.kind,
        heading_path=tuple(fragment.heading_path),
        locators=tuple(fragment.locators),
        spans=tuple(fragment.spans),
    )

"""Which vector index answers an instrument's questions, and which one is in the making.

An instrument's index is one Chroma collection of one model's vectors. It can be made anew, by
the same model or another one, beside the one in use: what is read meanwhile goes into both, and
the new one takes its place when it holds everything.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import bindparam, delete, exists, select, update
from sqlalchemy.orm import Session

from api.models import Instrument, Shard
from api.models.base import Reader
from pipelines.embedders.embedder import Embedder
from pipelines.embedders.model_facts import BUILT_INS, ModelFacts
from pipelines.errors import ModelUnavailable
from pipelines.retrieval.vector_index import collection_name


@dataclass(frozen=True)
class VectorIndex:
    model: str
    """The setting that names the model (`EMBEDDING_MODEL`)."""
    name: str
    """The model with the hash of its weights, which identifies its vectors."""
    collection: str
    job_id: str | None = None
    """The reindex job that fills it, while it is in the making."""
    dimension: int | None = None
    """Numbers of a vector; None in an index of an earlier release."""
    floor: float | None = None
    """The model's `ModelFacts.floor` when the index was made, for a model that is not built in:
    what a server says of it may change a little from start to start."""

    @classmethod
    def made_by(
        cls, embedder: Embedder, model: str, collection: str, job_id: str | None = None
    ) -> VectorIndex:
        """One that `embedder`, of the setting `model`, fills."""
        floor = None if model in BUILT_INS else embedder.facts.floor
        return cls(model, embedder.name, collection, job_id, embedder.dimension, floor)

    @classmethod
    def of(cls, row: dict[str, Any] | None) -> VectorIndex | None:
        return cls(**row) if row else None

    @property
    def row(self) -> dict[str, Any]:
        return asdict(self)

    def checked(self, embedder: Embedder) -> Embedder:
        """`embedder`, if its vectors are the ones that this index holds.

        Raises ModelUnavailable: others would find nothing, and nobody would know why.
        """
        if embedder.name != self.name:
            raise ModelUnavailable(
                f"The embedding model {self.model} has changed since this instrument was indexed: "
                "reindex the instrument."
            )
        return embedder

    def facts(self, embedder: Embedder) -> ModelFacts:
        """What `embedder`'s cosines in this index mean."""
        return embedder.facts if self.floor is None else replace(embedder.facts, floor=self.floor)


_IN_USE = select(Instrument.index).where(Instrument.id == bindparam("instrument"))


def in_use(session: Reader, instrument_id: str) -> VectorIndex | None:
    """The index that questions are looked up in; None until something was read."""
    return VectorIndex.of(session.scalar(_IN_USE, {"instrument": instrument_id}))


def is_outdated(instrument: Instrument, model: str) -> bool:
    """Whether another model than `model`, the one it is to have, answers its questions."""
    return instrument.index is not None and instrument.index["model"] != model


def for_writing(
    session: Session, instrument_id: str, model: str, embedder: Embedder
) -> list[VectorIndex]:
    """Every index that what is read now must go into; the one in use first.

    The first to read anything chooses `model`, which `embedder` is. Holds off a change of index
    until the end of the caller's transaction. [] when the instrument is gone.
    """
    rows = select(Instrument.index, Instrument.shadow_index).where(
        Instrument.id == instrument_id, Instrument.deleted_at.is_(None)
    )
    # Many may read at once under a shared lock. Who chooses takes its own from the start: two
    # that share one and then both write would wait for each other for ever.
    chooses = in_use(session, instrument_id) is None
    rows = rows.with_for_update(key_share=chooses, read=not chooses)
    found = session.execute(rows).one_or_none()
    if found is None:
        return []
    serving, shadow = found
    if serving is None:
        collection = collection_name(instrument_id, embedder.name)
        serving = VectorIndex.made_by(embedder, model, collection).row
        session.execute(
            update(Instrument).where(Instrument.id == instrument_id).values(index=serving)
        )
    return [VectorIndex(**row) for row in (serving, shadow) if row]


def begin(session: Session, instrument_id: str, shadow: VectorIndex) -> None:
    """From the end of the caller's transaction on, what is read goes into `shadow` too."""
    session.execute(
        update(Instrument).where(Instrument.id == instrument_id).values(shadow_index=shadow.row)
    )


def switch(session: Session, instrument_id: str, shadow: VectorIndex) -> bool:
    """Let `shadow` answer from now on, if it holds everything. Within the caller's transaction.

    What was still to be written to the old index is dropped: the new one has it.
    """
    row = session.execute(
        select(Instrument.index, Instrument.shadow_index)
        .where(Instrument.id == instrument_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        return False
    serves, fills = row
    if serves is not None and serves["collection"] == shadow.collection:
        # A run of the same job that was broken off later saw to it.
        return True
    if VectorIndex.of(fills) != shadow:
        return False
    missing = exists().where(Shard.job_id == shadow.job_id, Shard.done_at.is_(None))
    if session.scalar(select(missing)):
        return False
    serving = replace(shadow, job_id=None)
    session.execute(
        update(Instrument)
        .where(Instrument.id == instrument_id)
        .values(index=serving.row, shadow_index=None)
    )
    session.execute(
        delete(Shard).where(
            Shard.instrument_id == instrument_id,
            Shard.done_at.is_(None),
            Shard.index["collection"].astext != shadow.collection,
        )
    )
    return True


def give_up(session: Session, job_id: str) -> list[str]:
    """Forget the index that a reindex job was filling, within the caller's transaction.

    Returns the collections that are then nobody's.
    """
    filled = Instrument.shadow_index["job_id"].astext == job_id
    names = session.scalars(
        select(Instrument.shadow_index["collection"].astext).where(filled).with_for_update()
    ).all()
    session.execute(update(Instrument).where(filled).values(shadow_index=None))
    session.execute(delete(Shard).where(Shard.job_id == job_id))
    return list(names)


def collections(session: Session, instrument_id: str) -> set[str]:
    """The collections that count; any other of the instrument may be dropped."""
    row = session.execute(
        select(Instrument.index, Instrument.shadow_index).where(Instrument.id == instrument_id)
    ).one_or_none()
    return {index["collection"] for index in row or () if index}

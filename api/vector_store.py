"""Fragments' vectors beside their text, for those whose ids are known: Chroma finds what is near,
and takes ten times as long as Postgres to say where the rest lies. Gone with their Fragments."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, LargeBinary, any_, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api.models import FragmentRow, FragmentVector
from api.models.base import Id, Reader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def keep(session: Session, ids: Sequence[str], vectors: NDArray[np.float32], model: str) -> None:
    """Store vectors, float32 [n, d]. What is being deleted is left out. Commits."""
    rows = (
        func.unnest(
            literal(list(ids), ARRAY(Id)),
            literal([vector.tobytes() for vector in vectors], ARRAY(LargeBinary)),
        )
        .table_valued("id", "vector")
        .render_derived()
    )
    there = (
        select(FragmentRow.id, literal(model), rows.c.vector)
        .join(rows, rows.c.id == FragmentRow.id)
        .with_for_update(of=FragmentRow, key_share=True, read=True, skip_locked=True)
    )
    stored = insert(FragmentVector).from_select(["fragment_id", "model", "vector"], there)
    session.execute(
        stored.on_conflict_do_update(
            index_elements=["fragment_id", "model"], set_={"vector": stored.excluded.vector}
        )
    )
    session.commit()


def read(session: Reader, ids: Collection[str], model: str) -> dict[str, NDArray[np.float32]]:
    """Those of the Fragments `ids` that `model` gave one."""
    return _arrays(
        session,
        select(FragmentVector.fragment_id, FragmentVector.vector).where(
            FragmentVector.fragment_id == any_(literal(list(ids), ARRAY(Id))),
            FragmentVector.model == model,
        ),
    )


def known(
    session: Reader, content_hashes: Collection[bytes], model: str
) -> dict[bytes, NDArray[np.float32]]:
    """Vectors that `model` gave a text before, wherever it stands, by the text's hash."""
    hashes = literal(list(content_hashes), ARRAY(LargeBinary))
    return _arrays(
        session,
        select(FragmentRow.content_hash, FragmentVector.vector)
        .join(FragmentVector, FragmentVector.fragment_id == FragmentRow.id)
        .where(FragmentRow.content_hash == any_(hashes), FragmentVector.model == model)
        .distinct(FragmentRow.content_hash),
    )


def forget_others(session: Session, instrument_id: str, model: str) -> None:
    """Drop what another model than `model` made of an instrument's Fragments."""
    session.execute(
        delete(FragmentVector).where(
            FragmentVector.fragment_id == FragmentRow.id,
            FragmentRow.instrument_id == instrument_id,
            FragmentVector.model != model,
        )
    )


def _arrays(session: Reader, rows: Any) -> dict[Any, NDArray[np.float32]]:
    import numpy as np

    return {key: np.frombuffer(raw, dtype=np.float32) for key, raw in session.execute(rows).all()}

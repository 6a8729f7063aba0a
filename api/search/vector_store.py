"""Fragments' vectors beside their text, for those whose ids are known: Chroma finds what is near,
and takes several times as long as Postgres to give a vector by id. Gone with their Fragments."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, LargeBinary, delete, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api.models import FragmentRow, FragmentVector, Instrument
from api.models.base import Id, Reader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def keep(
    session: Session,
    ids: Sequence[str],
    hashes: Sequence[bytes],
    vectors: NDArray[np.float32],
    model: str,
) -> None:
    """Store vectors, float32 [n, d], of texts with these content hashes. Commits.

    What is being deleted is left out, and what was read anew meanwhile has another text.
    """
    rows = (
        func.unnest(
            literal(list(ids), ARRAY(Id)),
            literal(list(hashes), ARRAY(LargeBinary)),
            literal([vector.tobytes() for vector in vectors], ARRAY(LargeBinary)),
        )
        .table_valued("id", "hash", "vector")
        .render_derived()
    )
    there = (
        select(FragmentRow.id, literal(model), rows.c.vector)
        .join(
            rows,
            (rows.c.id == FragmentRow.id)
            & (rows.c.hash == func.coalesce(FragmentRow.content_hash, literal(b""))),
        )
        .order_by(FragmentRow.id)
        .with_for_update(of=FragmentRow, key_share=True, read=True, skip_locked=True)
    )
    stored = insert(FragmentVector).from_select(["fragment_id", "model", "vector"], there)
    session.execute(
        stored.on_conflict_do_update(
            index_elements=["fragment_id", "model"],
            set_={"vector": stored.excluded.vector},
            where=FragmentVector.vector != stored.excluded.vector,
        )
    )
    session.commit()


def known(
    session: Reader, content_hashes: Collection[bytes], model: str
) -> dict[bytes, NDArray[np.float32]]:
    """Vectors that `model` gave a text before, wherever it stands, by the text's hash."""
    wanted = (
        func.unnest(literal(list(content_hashes), ARRAY(LargeBinary)))
        .table_valued("hash")
        .render_derived("wanted")
    )
    # The same text may stand in thousands of sources: one of them is enough.
    first = (
        select(FragmentVector.vector)
        .join(FragmentRow, FragmentRow.id == FragmentVector.fragment_id)
        .where(FragmentRow.content_hash == wanted.c.hash, FragmentVector.model == model)
        .limit(1)
        .lateral("first")
    )
    rows = session.execute(select(wanted.c.hash, first.c.vector).join(first, literal(True)))
    return {key: array(raw) for key, raw in rows}


def any_of(session: Reader, instrument_id: str, model: str) -> bool:
    """Whether any Fragment of the instrument has a vector by `model`."""
    first = (
        select(FragmentVector.fragment_id)
        .join(FragmentRow, FragmentRow.id == FragmentVector.fragment_id)
        .where(FragmentRow.instrument_id == instrument_id, FragmentVector.model == model)
        .limit(1)
    )
    return session.scalar(first) is not None


def array(raw: bytes) -> NDArray[np.float32]:
    """A vector as it is stored, float32 [d]."""
    import numpy as np

    return np.frombuffer(raw, dtype=np.float32)


def forget_unused(session: Session, instrument_id: str) -> None:
    """Drop the vectors of an instrument's Fragments by models that no index of it uses. Commits.

    Those that are being deleted are left to whoever deletes them.
    """
    used = select(Instrument.id).where(
        Instrument.id == instrument_id,
        or_(
            Instrument.index["name"].astext == FragmentVector.model,
            Instrument.shadow_index["name"].astext == FragmentVector.model,
        ),
    )
    unused = (
        select(FragmentVector.fragment_id, FragmentVector.model)
        .join(FragmentRow, FragmentRow.id == FragmentVector.fragment_id)
        .where(FragmentRow.instrument_id == instrument_id, ~used.exists())
        .with_for_update(of=FragmentVector, skip_locked=True)
    )
    session.execute(
        delete(FragmentVector).where(
            tuple_(FragmentVector.fragment_id, FragmentVector.model).in_(unused)
        )
    )
    session.commit()

"""Fragments as retrieval hands them on: of current versions only, with their source."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, bindparam, cast, func, or_, select
from sqlalchemy.orm import aliased

from api.models import FragmentRow, FragmentVector, Job, Source
from api.models.base import Reader, among, is_uuid
from api.models.jobs import URL
from api.search import vector_store
from pipelines.retrieval.retrieve import Candidate
from pipelines.types import Hit

NAMED = 20


def _visible(*columns: Any) -> Select[Any]:
    """`columns` of what may be seen of the Fragments `ids` of `instrument`."""
    return (
        select(*columns)
        .join(Source, Source.id == FragmentRow.source_id)
        .where(
            among(FragmentRow.id, "ids"),
            FragmentRow.instrument_id == bindparam("instrument"),
            FragmentRow.version_id == Source.current_version_id,
        )
    )


# Made once: making a statement takes longer than Postgres does.
_RANKED_BY = (FragmentRow.id, FragmentRow.version_id, FragmentRow.ordinal, FragmentRow.kind)
_CANDIDATES = _visible(*_RANKED_BY, FragmentVector.vector).outerjoin(
    FragmentVector,
    (FragmentVector.fragment_id == FragmentRow.id) & (FragmentVector.model == bindparam("model")),
)
_HITS = _visible(
    *_RANKED_BY,
    *(FragmentRow.text, FragmentRow.heading_path, FragmentRow.locators, FragmentRow.spans),
    *(FragmentRow.recognised, FragmentRow.tables),
    *(FragmentRow.source_id, Source.title, Source.filename, Source.type),
)


@dataclass(frozen=True)
class Filters:
    """Where to look; None means everywhere."""

    source_ids: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    version_ids: tuple[str, ...] | None = None
    heading: str | None = None
    """Words that a heading above the Fragment, or its source's title, holds."""

    @property
    def limits_versions(self) -> bool:
        return not (self.source_ids is None and self.types is None and self.version_ids is None)


def versions(session: Reader, instrument_id: str, filters: Filters) -> list[str] | None:
    """The current versions that `filters` leave; None for all of the instrument."""
    if not filters.limits_versions:
        return None
    current = select(Source.current_version_id).where(
        Source.instrument_id == instrument_id, Source.current_version_id.is_not(None)
    )
    if filters.source_ids is not None:
        current = current.where(Source.id.in_(filters.source_ids))
    if filters.types is not None:
        current = current.where(Source.type.in_(filters.types))
    if filters.version_ids is not None:
        current = current.where(Source.current_version_id.in_(filters.version_ids))
    return [str(version_id) for version_id in session.scalars(current)]


def candidates(
    session: Reader, instrument_id: str, ids: Collection[str], model: str
) -> dict[str, Candidate]:
    """What ranks those of `ids` that may be seen, with the vectors that `model` gave them."""
    given = {"instrument": instrument_id, "ids": ids, "model": model}
    rows = session.execute(_CANDIDATES, given).all()
    return {
        id_: Candidate.of(
            version_id, ordinal, kind, None if vector is None else vector_store.array(vector)
        )
        for id_, version_id, ordinal, kind, vector in rows
    }


def load(session: Reader, instrument_id: str, ids: Collection[str]) -> Mapping[str, Hit]:
    """Those of `ids` that may be seen: of current versions of this instrument."""
    rows = session.execute(_HITS, {"instrument": instrument_id, "ids": ids})
    return {row.id: _hit(row) for row in rows.all()}


def neighbours(
    session: Reader, instrument_id: str, hits: Sequence[Hit]
) -> tuple[dict[str, Hit], dict[str, Hit]]:
    """The Fragments right before and right after each Hit, by the Hit's fragment id."""
    here, other = FragmentRow, aliased(FragmentRow)
    ids = [hit.fragment_id for hit in hits]
    found: list[dict[str, Hit]] = []
    for nearest in (
        select(other.id)
        .where(other.version_id == here.version_id, other.ordinal < here.ordinal)
        .order_by(other.ordinal.desc())
        .limit(1),
        select(other.id)
        .where(other.version_id == here.version_id, other.ordinal > here.ordinal)
        .order_by(other.ordinal)
        .limit(1),
    ):
        pairs = session.execute(
            select(here.id, nearest.correlate(here).scalar_subquery()).where(here.id.in_(ids))
        )
        neighbour = {id_: near for id_, near in pairs if near is not None}
        there = load(session, instrument_id, set(neighbour.values()))
        found.append({id_: there[near] for id_, near in neighbour.items() if near in there})
    return found[0], found[1]


def named(session: Reader, instrument_id: str, name: str, filters: Filters) -> list[Hit]:
    """What is called exactly `name`: the Fragment of that id, and the first Fragment of each
    source of that id, title, file name or web address."""
    name = name.strip()
    statement = _first_of_named(fetched="://" in name, is_id=is_uuid(name))
    ids = session.scalars(statement, {"instrument": instrument_id, "name": name}).all()
    wanted_ids = [*([name] if is_uuid(name) else []), *(id_ for id_ in ids if id_ is not None)]
    if not wanted_ids:
        return []
    there = load(session, instrument_id, wanted_ids)
    allowed = versions(session, instrument_id, filters)
    return [
        there[id_]
        for id_ in dict.fromkeys(wanted_ids)
        if id_ in there and (allowed is None or there[id_].version_id in allowed)
    ]


@cache
def _first_of_named(*, fetched: bool, is_id: bool) -> Select[Any]:
    """The first Fragment of each source of `instrument` that `name` names, the newest first."""
    name = bindparam("name", type_=String())
    called = [_folded(column) == _folded(name) for column in (Source.title, Source.filename)]
    if fetched:
        of_address = select(Job.subject_id).where(
            Job.subject_type == "source",
            Job.instrument_id == bindparam("instrument"),
            name == URL,
        )
        called.append(Source.id.in_(of_address))
    if is_id:
        called.append(Source.id == cast(name, Source.id.type))
    # By the indexes on names, whatever the planner thinks that an order or a limit would spare.
    found = (
        select(Source.id, Source.created_at, Source.current_version_id)
        .where(Source.instrument_id == bindparam("instrument"), or_(*called))
        .cte("called")
        .prefix_with("MATERIALIZED")
    )
    first = (
        select(FragmentRow.id)
        .where(FragmentRow.version_id == found.c.current_version_id)
        .order_by(FragmentRow.ordinal)
        .limit(1)
        .correlate(found)
        .scalar_subquery()
    )
    newest = (found.c.created_at.desc(), found.c.id)
    return select(first).select_from(found).order_by(*newest).limit(NAMED)


def _folded(name: Any) -> ColumnElement[str]:
    """As the indexes on names hold it."""
    return func.md5(func.lower(name))


def _hit(row: Row[Any]) -> Hit:
    return Hit(
        fragment_id=row.id,
        version_id=row.version_id,
        source_id=row.source_id,
        title=row.title,
        filename=row.filename,
        source_type=row.type,
        score=0.0,
        ordinal=row.ordinal,
        text=row.text,
        kind=row.kind,
        heading_path=tuple(row.heading_path),
        locators=row.locators,
        spans=tuple(tuple(span) for span in row.spans),  # type: ignore[misc]
        recognised=row.recognised,
        tables=row.tables,
    )

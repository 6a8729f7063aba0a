"""What a question about the sources themselves is answered from: their properties, the pages that
they begin with, a page or a chapter by its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, func, select

from api.models import FragmentRow, Source, SourceVersion
from api.search import fragments as stored
from api.search.fragments import Filters
from pipelines.chunking import ORDINALS_PER_UNIT
from pipelines.quoting.about import properties
from pipelines.quoting.source_questions import asks_about, chapter_asked, page_asked
from pipelines.types import Hit

SOURCES = 8
"""Sources that one answer tells of."""
OPENING = 8
"""Fragments that a source begins with."""


def filters_for(question: str, filters: Filters) -> Filters:
    """`filters`, and the heading that the question asks for by name."""
    chapter = chapter_asked(question)
    return replace(filters, heading=chapter) if chapter else filters


def with_sources(
    connection: Connection,
    instrument_id: str,
    filters: Filters,
    question: str,
    found: Sequence[Hit],
) -> list[Hit]:
    """What was found, behind what tells of the sources themselves, where they are asked about."""
    wanted, page = asks_about(question), page_asked(question)
    if not wanted and page is None:
        return list(found)
    versions = _versions(connection, instrument_id, filters, question, found)
    if page is not None:
        start = (page - 1) * ORDINALS_PER_UNIT
        ids = _ids(connection, versions, start, start + ORDINALS_PER_UNIT)
        return [*_loaded(connection, instrument_id, ids), *found]
    ids = _ids(connection, versions, 0, None)
    opening = _loaded(connection, instrument_id, ids)
    first = {hit.version_id: hit for hit in reversed(opening)}
    known = _facts(connection, versions)
    described = [
        properties(first[version], known.get(version, {}), _chapters(connection, version))
        for version in versions
        if version in first
    ]
    return [*described, *(opening if "subject" in wanted else ()), *found]


def _versions(
    connection: Connection,
    instrument_id: str,
    filters: Filters,
    question: str,
    found: Sequence[Hit],
) -> list[str]:
    """The current versions asked about: those that the question names, else those that hold what
    was found, else the newest."""
    current = (
        select(Source.current_version_id, Source.title, Source.filename)
        .where(Source.instrument_id == instrument_id, Source.current_version_id.is_not(None))
        .order_by(Source.created_at.desc())
    )
    if filters.source_ids is not None:
        current = current.where(Source.id.in_(filters.source_ids))
    rows = connection.execute(current.limit(1000)).all()
    asked = question.casefold()
    named = [
        str(row[0]) for row in rows if row[1].casefold() in asked or row[2].casefold() in asked
    ]
    every = [str(row[0]) for row in rows]
    near = [each for each in dict.fromkeys(hit.version_id for hit in found) if each in every]
    if named or len(every) <= SOURCES:
        return (named or every)[:SOURCES]
    return (near or every)[:SOURCES]


def _ids(connection: Connection, versions: Sequence[str], start: int, end: int | None) -> list[str]:
    """The ids of the first OPENING Fragments of each version within those ordinals."""
    found: list[str] = []
    for version in versions:
        some = select(FragmentRow.id).where(
            FragmentRow.version_id == version, FragmentRow.ordinal >= start
        )
        if end is not None:
            some = some.where(FragmentRow.ordinal < end)
        some = some.order_by(FragmentRow.ordinal).limit(OPENING)
        found += map(str, connection.scalars(some))
    return found


def _loaded(connection: Connection, instrument_id: str, ids: Sequence[str]) -> list[Hit]:
    there = stored.load(connection, instrument_id, ids)
    return [there[id_] for id_ in ids if id_ in there]


def _facts(connection: Connection, versions: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = connection.execute(
        select(SourceVersion.id, SourceVersion.report).where(SourceVersion.id.in_(versions))
    )
    return {str(id_): (report or {}).get("facts", {}) for id_, report in rows}


def _chapters(connection: Connection, version: str) -> list[str]:
    """The outermost headings of a version that are more than its title, in order."""
    paths = connection.execute(
        select(FragmentRow.heading_path, func.min(FragmentRow.ordinal))
        .where(FragmentRow.version_id == version)
        .group_by(FragmentRow.heading_path)
        .order_by(func.min(FragmentRow.ordinal))
        .limit(1000)
    )
    known = [tuple(path) for path, _ in paths if path]
    for level in range(max(map(len, known), default=0)):
        names = list(dict.fromkeys(path[level] for path in known if len(path) > level))
        if len(names) > 1:
            return names
    return []

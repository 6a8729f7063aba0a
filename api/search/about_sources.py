"""What a question about the sources themselves is answered from: their properties, the pages that
they begin with, a page or a chapter by its name."""

from __future__ import annotations

import re
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
"""Sources that one answer tells of, but for a list of them."""
LISTED = 200
"""Of those, in a list of them."""
NAMED = 1000
"""The newest sources, among which those that a question names are looked for."""
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
    most = LISTED if "sources" in wanted else SOURCES
    versions = _versions(connection, instrument_id, filters, question, found)[:most]
    if page is not None:
        start = (page - 1) * ORDINALS_PER_UNIT
        ids = _ids(connection, versions, OPENING, start, start + ORDINALS_PER_UNIT)
        return [*_loaded(connection, instrument_id, ids), *found]
    count = OPENING if "subject" in wanted else 1
    opening = _loaded(connection, instrument_id, _ids(connection, versions, count))
    first = {hit.version_id: hit for hit in reversed(opening)}
    known = _facts(connection, versions)
    described = [
        properties(
            first[version],
            known.get(version, {}),
            _chapters(connection, version) if "chapters" in wanted else (),
        )
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
    rows = connection.execute(current.limit(NAMED)).all()
    asked = f" {question.casefold()} "
    named = [str(id_) for id_, *names in rows if any(_is_said(name, asked) for name in names)]
    every = [str(id_) for id_, *_ in rows]
    if named or len(every) <= SOURCES or not found or "sources" in asks_about(question):
        return named or every
    near = dict.fromkeys(hit.version_id for hit in found)
    return [each for each in near if each in every]


def _is_said(name: str, asked: str) -> bool:
    """Whether a title or file name stands in a question, both case-folded, as words of their
    own."""
    return (
        bool(name) and re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", asked) is not None
    )


def _ids(
    connection: Connection,
    versions: Sequence[str],
    count: int,
    start: int = 0,
    end: int | None = None,
) -> list[str]:
    """The ids of the first `count` Fragments of each version within those ordinals, in order."""
    place = func.row_number().over(
        partition_by=FragmentRow.version_id, order_by=FragmentRow.ordinal
    )
    there = select(FragmentRow.id, FragmentRow.version_id, place.label("place")).where(
        FragmentRow.version_id.in_(versions), FragmentRow.ordinal >= start
    )
    if end is not None:
        there = there.where(FragmentRow.ordinal < end)
    first = there.subquery("there")
    rows = connection.execute(
        select(first.c.id, first.c.version_id).where(first.c.place <= count).order_by(first.c.place)
    ).all()
    return [str(id_) for version in versions for id_, of in rows if str(of) == version]


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

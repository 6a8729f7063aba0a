"""What answering reads and writes: the history, what may be seen, the finished turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api.models import ChatTurn, Citation, FragmentRow, Source
from api.models.base import new_id
from pipelines.answer import Answer, Proof
from pipelines.types import Hit

HISTORY = 4


class AnswerStore:
    def __init__(self, session: Session, turn: ChatTurn, hold: Callable[[], None]) -> None:
        """`hold` locks the job within the transaction, or raises LeaseLost."""
        self._hold = hold
        self._session = session
        self._turn = turn
        self._ids: dict[int, str] = {}

    def history(self) -> list[tuple[str, str]]:
        """(question, answer) of the last turns of the session, oldest first."""
        earlier = self._session.execute(
            select(ChatTurn.question, ChatTurn.answer)
            .where(
                ChatTurn.session_id == self._turn.session_id,
                ChatTurn.created_at < self._turn.created_at,
                ChatTurn.id != self._turn.regenerated_from,
                ChatTurn.status == "done",
            )
            .order_by(ChatTurn.created_at.desc())
            .limit(HISTORY)
        ).all()
        return [(question, answer) for question, answer in reversed(earlier)]

    def visible_versions(self) -> list[str]:
        """Current versions of the sources that the question is limited to."""
        current = select(Source.current_version_id).where(
            Source.instrument_id == self._turn.instrument_id,
            Source.id.in_(self._turn.source_ids or []),
            Source.current_version_id.is_not(None),
        )
        return [str(version_id) for version_id in self._session.scalars(current)]

    def load(self, ids: Sequence[str]) -> Mapping[str, Hit]:
        """The fragments that may be seen now: of current versions of this instrument."""
        rows = self._session.execute(
            select(FragmentRow, Source)
            .join(Source, Source.id == FragmentRow.source_id)
            .where(
                FragmentRow.id.in_(ids),
                FragmentRow.instrument_id == self._turn.instrument_id,
                FragmentRow.version_id == Source.current_version_id,
            )
        ).tuples()
        return {row.id: _hit(row, source) for row, source in rows}

    def citation(self, proof: Proof) -> dict[str, Any]:
        """A Proof as its event shows it; the same id as its row will have."""
        self._ids.setdefault(proof.number, new_id())
        return _citation(self._ids[proof.number], proof)

    def keep(self, said: Answer, timings: dict[str, int]) -> None:
        """Write what was said, in place of what an earlier try wrote, and commit.

        Raises LeaseLost: a worker that lost the job has nothing to say any more.
        """
        session = self._session
        session.rollback()
        self._hold()
        session.execute(delete(Citation).where(Citation.turn_id == self._turn.id))
        for proof in said.proofs:
            shown = self.citation(proof)
            shown.pop("locator")
            session.add(Citation(turn_id=self._turn.id, **shown))
        notices = []
        if said.invented_marks:
            notices.append(
                f"{said.invented_marks} citation marks of the model named no passage and were "
                "removed."
            )
        session.execute(
            update(ChatTurn)
            .where(ChatTurn.id == self._turn.id)
            .values(
                answer=said.text,
                claims=[
                    {
                        "text": claim.text,
                        "start": claim.start,
                        "end": claim.end,
                        "verdict": claim.verdict,
                        "citations": list(claim.citations),
                    }
                    for claim in said.claims
                ],
                usage=said.usage.counts,
                timings=timings,
                notices=notices,
            )
        )
        session.commit()


def _hit(row: FragmentRow, source: Source) -> Hit:
    return Hit(
        fragment_id=row.id,
        version_id=row.version_id,
        source_id=source.id,
        title=source.title,
        filename=source.filename,
        source_type=source.type,  # type: ignore[arg-type]
        score=0.0,
        ordinal=row.ordinal,
        text=row.text,
        kind=row.kind,  # type: ignore[arg-type]
        heading_path=tuple(row.heading_path),
        locators=row.locators,  # type: ignore[arg-type]
        spans=tuple(tuple(span) for span in row.spans),  # type: ignore[misc]
    )


def _citation(id_: str, proof: Proof) -> dict[str, Any]:
    locators = [locator.model_dump(mode="json") for locator in proof.locators]
    return {
        "id": id_,
        "number": proof.number,
        "source_id": proof.hit.source_id,
        "version_id": proof.hit.version_id,
        "fragment_id": proof.hit.fragment_id,
        "title": proof.hit.title,
        "filename": proof.hit.filename,
        "type": proof.hit.source_type,
        "score": proof.hit.score,
        "quote": proof.quote,
        "locator": locators[0] if locators else None,
        "locators": locators,
        "verdict": proof.verdict,
        "state": "current",
    }

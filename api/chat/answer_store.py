"""What answering reads and writes: the history, what may be seen, the finished turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, aliased, selectinload

from api.citations import reanchoring
from api.citations.withdrawal import as_shown, withdraw_turn
from api.jobs.purge_job import PURGE, PurgePayload
from api.models import ChatTurn, Citation
from api.models.base import new_id
from pipelines.answering.answer import Answer, Proof
from pipelines.claims.check import Claim

HISTORY = 4
RELATED = (
    "source_id", "version_id", "fragment_id", "title", "filename", "type", "score", "quote",
    "locator", "locators", "focus",
)  # fmt: skip
KEPT_SECONDS = 1.0
"""What was said so far is written this often, for those who come back after Redis was lost."""


class AnswerStore:
    def __init__(self, session: Session, turn: ChatTurn, lock: Callable[[], None]) -> None:
        """`lock` locks the job within the transaction, or raises LeaseLost."""
        self._lock = lock
        self._session = session
        self._turn = turn
        self._ids: dict[int, str] = {}
        self._kept = time.monotonic()

    def history(self) -> list[tuple[str, str]]:
        """(question, answer) of the last turns before this one, oldest first.

        Of answers to the same question only the chosen one counts. A question asked anew sees
        what came before it was first asked.
        """
        if self._turn.history is not None:
            return [(question, answer) for question, answer in self._turn.history[-HISTORY:]]
        first = aliased(ChatTurn)
        began = (
            select(ChatTurn.created_at)
            .where(ChatTurn.id == (self._turn.regenerated_from or self._turn.id))
            .scalar_subquery()
        )
        earlier = self._session.scalars(
            select(ChatTurn)
            .join(first, first.id == func.coalesce(ChatTurn.regenerated_from, ChatTurn.id))
            .where(
                ChatTurn.session_id == self._turn.session_id,
                ChatTurn.is_chosen,
                ChatTurn.status.in_(("done", "cancelled")),
                ChatTurn.answer != "",
                first.created_at < began,
            )
            .order_by(first.created_at.desc())
            .limit(HISTORY)
            .options(selectinload(ChatTurn.citations))
        ).all()
        return [(turn.question, turn.answer) for turn in as_shown(self._session, earlier[::-1])]

    def citation(self, proof: Proof) -> dict[str, Any]:
        """A Proof as its event shows it; the same id as its row will have."""
        self._ids.setdefault(proof.number, new_id())
        return _citation(self._ids[proof.number], proof)

    def keep_partial(self, text: str) -> None:
        """Write what was said so far, and commit, unless that was done within the last second.
        Raises LeaseLost."""
        if time.monotonic() - self._kept < KEPT_SECONDS:
            return
        self._kept = time.monotonic()
        self._lock()
        self._session.execute(
            update(ChatTurn).where(ChatTurn.id == self._turn.id).values(answer=text)
        )
        self._session.commit()

    def keep(self, said: Answer, timings: dict[str, int], understood_as: str | None = None) -> None:
        """Write what was said, in place of what an earlier try wrote, and commit. `understood_as`:
        the question as it was looked for, where that is another one.

        Raises LeaseLost: a worker that lost the job has nothing to say any more.
        """
        session = self._session
        session.rollback()
        told = {proof.hit.source_id for proof in said.proofs}
        told.update(proof.hit.source_id for proof in said.related)
        told.update(said.reasoning_repeats, *(claim.repeats for claim in said.claims))
        there = reanchoring.hold_sources(session, told)
        self._lock()
        session.execute(delete(Citation).where(Citation.turn_id == self._turn.id))
        for proof in said.proofs:
            shown = self.citation(proof)
            shown.pop("locator")
            session.add(Citation(turn_id=self._turn.id, **shown))
        session.execute(
            update(ChatTurn)
            .where(ChatTurn.id == self._turn.id)
            .values(
                answer=said.text,
                claims=[_claim(claim) for claim in said.claims],
                answered=said.answered if said.text else None,
                understood_as=understood_as,
                related=[_related(proof) for proof in said.related],
                reasoning=said.usage.reasoning,
                reasoning_repeats=list(said.reasoning_repeats),
                usage=said.usage.counts,
                model=said.usage.model or self._turn.model,
                timings=timings,
                notices=_notices(said),
            )
        )
        reanchoring.catch_up(session, self._turn.id)
        if deleted := told - there:
            withdraw_turn(session, self._turn.id, deleted)
            # What it streamed goes too; the job's message is sent by the sweep.
            PURGE.create(
                session,
                subject=("turn", self._turn.id),
                payload=PurgePayload(logs=[self._turn.job_id] if self._turn.job_id else []),
            )
        session.commit()


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "text": claim.text,
        "start": claim.start,
        "end": claim.end,
        "verdict": claim.verdict,
        "citations": list(claim.citations),
        "missing": list(claim.missing),
        "changed": list(claim.changed),
        "repeats": list(claim.repeats),
    }


def _notices(said: Answer) -> list[str]:
    """What a reader of the answer should know of how it came about."""
    notices = list(said.usage.notices)
    if said.invented_marks:
        notices.append(
            f"{said.invented_marks} citation marks of the model named no passage and were removed."
        )
    if said.removed_links:
        notices.append(
            f"{said.removed_links} links, pictures or HTML tags of the model were made plain text."
        )
    return notices


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
        "recognition": proof.recognition,
        "verdict": proof.verdict,
        "focus": {
            "start": proof.focus[0],
            "end": proof.focus[1],
            "locators": [each.model_dump(mode="json") for each in proof.focus_locators],
        },
        "state": "current",
    }


def _related(proof: Proof) -> dict[str, Any]:
    """A passage that is near and proves nothing: what a citation has, but number and verdict."""
    shown = _citation(new_id(), proof)
    return {key: shown[key] for key in RELATED}

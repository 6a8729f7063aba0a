"""Which model answers which kind of prompt, with which instructions: what an administrator set,
else the settings and the built-in ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from api.config import Config
from api.models import LLMDefault, LLMPrompt
from api.models.base import now
from pipelines.llms.catalogue import is_outside
from pipelines.llms.prompts import BUILT_IN

KINDS = tuple(BUILT_IN)
EXTRACTIVE = "extractive"


@dataclass(frozen=True)
class Default:
    """The model of a kind of prompt and those to fall back on, in order. `is_set`: by an
    administrator; otherwise it follows from the settings."""

    type: str
    model: str
    fallbacks: tuple[str, ...] = ()
    is_set: bool = False
    updated_at: datetime | None = None

    @property
    def models(self) -> list[str]:
        return [self.model, *self.fallbacks]


def default_of(session: Session, config: Config, type_: str) -> Default:
    """The default of a kind; kinds that nobody set follow `answer`, and that the setting LLM, with
    the sources' own sentences to fall back on."""
    for kind in dict.fromkeys((type_, "answer")):
        row = session.get(LLMDefault, kind, populate_existing=True)
        if row is not None:
            return Default(type_, row.model, tuple(row.fallbacks), kind == type_, row.updated_at)
    return Default(type_, config.llm, fallbacks_of(config.llm))


def fallbacks_of(model: str) -> tuple[str, ...]:
    """Who answers when `model` can't and nobody has said who does: the sources' own sentences."""
    return () if model == EXTRACTIVE else (EXTRACTIVE,)


def set_default(
    session: Session, type_: str, model: str, fallbacks: Sequence[str], user_id: str
) -> None:
    """Within the caller's transaction."""
    values = {
        "model": model,
        "fallbacks": list(fallbacks),
        "updated_by": user_id,
        "updated_at": now(),
    }
    session.execute(
        insert(LLMDefault)
        .values(type=type_, **values)
        .on_conflict_do_update(index_elements=[LLMDefault.type], set_=values)
    )


def unset_default(session: Session, type_: str) -> None:
    """What follows from the settings holds again; within the caller's transaction."""
    session.execute(delete(LLMDefault).where(LLMDefault.type == type_))


def allowed_models(session: Session, config: Config) -> list[str]:
    """The models that a question may name, the default first."""
    default = default_of(session, config, "answer")
    return list(dict.fromkeys([*default.models, config.llm, EXTRACTIVE]))


def chain_of(session: Session, config: Config, model: str) -> list[str]:
    """`model` and those that answer in its place: what follows it in the default."""
    models = default_of(session, config, "answer").models
    return models[models.index(model) :] if model in models else [model, *fallbacks_of(model)]


def side_models(session: Session, config: Config, type_: str, answering: str) -> list[str]:
    """The models for a prompt beside an answer (`rewrite`, `title`), none when there is no real
    one. Nor when the answer itself needs none: then nothing leaves the house."""
    if not is_outside(answering):
        return []
    return [model for model in default_of(session, config, type_).models if is_outside(model)]


def instructions_of(session: Session, type_: str) -> str:
    """The active instructions of a kind; the built-in ones when nobody wrote others."""
    prompt = active_prompt(session, type_)
    return prompt.text if prompt else BUILT_IN[type_]


def active_prompt(session: Session, type_: str) -> LLMPrompt | None:
    return session.scalar(select(LLMPrompt).where(LLMPrompt.type == type_, LLMPrompt.is_active))


def add_prompt(session: Session, type_: str, text: str, user_id: str) -> LLMPrompt:
    """A new version, active from now on, within the caller's transaction."""
    _alone(session, type_)
    last = session.scalar(select(func.max(LLMPrompt.version)).where(LLMPrompt.type == type_))
    revert_prompt(session, type_)
    prompt = LLMPrompt(type=type_, version=(last or 0) + 1, text=text, created_by=user_id)
    session.add(prompt)
    session.flush()
    return prompt


def revert_prompt(session: Session, type_: str) -> None:
    """Back to the built-in instructions, within the caller's transaction; the versions stay."""
    session.execute(
        update(LLMPrompt)
        .where(LLMPrompt.type == type_, LLMPrompt.is_active)
        .values(is_active=False)
    )


def _alone(session: Session, type_: str) -> None:
    """Two versions at once would get the same number."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"llm_prompts {type_}"))))

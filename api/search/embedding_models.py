"""Which embedding models an instrument may have, and which one it is to have."""

from __future__ import annotations

from sqlalchemy import select

from api.config import Config
from api.models import Instrument
from api.models.base import Reader
from api.search.indexes import VectorIndex
from pipelines.embedders.model_facts import BUILT_INS


def further_models(config: Config) -> list[str]:
    """What EMBEDDING_MODELS lists."""
    return [name.strip() for name in config.embedding_models.split(",") if name.strip()]


def offered(config: Config) -> list[str]:
    """What a manager may choose from, the default first. What runs elsewhere, costs money or lies
    on the server's disk is there only if the operator has listed it."""
    return list(dict.fromkeys([config.embedding_model, *BUILT_INS, *further_models(config)]))


def model_of(instrument: Instrument, config: Config) -> str:
    """The model that the instrument is to be indexed by: the one chosen for it, else the one that
    is set for all."""
    return instrument.embedding_model or config.embedding_model


def model_in_use(session: Reader, instrument_id: str, config: Config) -> str:
    """The model that answers an instrument's questions and embeds what is read; while nothing was
    read, the one that it is to have."""
    found = session.execute(
        select(Instrument.index, Instrument.embedding_model).where(Instrument.id == instrument_id)
    ).one_or_none()
    if found is None:
        return config.embedding_model
    row, chosen = found
    index = VectorIndex.of(row)
    return index.model if index else chosen or config.embedding_model
